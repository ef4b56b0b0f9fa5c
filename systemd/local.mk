# Units are made from templates, for they name installed paths.

systemd_units = systemd/vals-api.service systemd/vals-api.socket systemd/vals-waiting.socket \
	systemd/vals-ws.service systemd/vals-runner.service
nodist_systemdsystemunit_DATA = $(systemd_units)
EXTRA_DIST += $(systemd_units:=.in)
CLEANFILES += $(systemd_units)

$(systemd_units): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@docdir[@]|$(docdir)|g' \
		-e 's|@runstatedir[@]|$(runstatedir)|g' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
