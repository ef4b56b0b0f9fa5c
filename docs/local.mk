EXTRA_DIST += docs/operations.md
