EXTRA_DIST += docs/api.md docs/architecture.md docs/database.md docs/operations.md docs/performance.md docs/realtime.md
