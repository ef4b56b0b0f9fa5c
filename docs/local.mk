EXTRA_DIST += docs/api.md docs/architecture.md docs/database.md docs/operations.md docs/performance.md docs/realtime.md docs/scaling.md

dist_man_MANS = docs/man/vals-api.8 docs/man/vals-runner.8 docs/man/vals-ws.8 docs/man/valsctl.8

# The description of the API, and the page nginx serves beside it.
apidocsdir = $(pkgdatadir)/docs
dist_apidocs_DATA = docs/openapi.json
EXTRA_DIST += docs/reference.css docs/reference.mjs

if HAVE_NODE
nodist_apidocs_DATA = docs/reference.html
CLEANFILES += docs/reference.html
docs/reference.html: docs/openapi.json docs/reference.css docs/reference.mjs
	$(AM_V_GEN)$(MKDIR_P) docs && \
		$(NODE) $(srcdir)/docs/reference.mjs $(srcdir)/docs/openapi.json >$@.tmp && mv $@.tmp $@
endif
