# Units, and the user and the folders they need, are made from templates, for they name installed paths.

systemd_units = systemd/vals-api.service systemd/vals-api.socket systemd/vals-waiting.socket \
	systemd/vals-ws.service systemd/vals-runner.service
systemd_made = $(systemd_units) systemd/sysusers/vals.conf systemd/tmpfiles/vals.conf
nodist_systemdsystemunit_DATA = $(systemd_units)
# Where systemd looks for them whether the prefix is /usr or /usr/local.
sysusersdir = $(prefix)/lib/sysusers.d
nodist_sysusers_DATA = systemd/sysusers/vals.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
nodist_tmpfiles_DATA = systemd/tmpfiles/vals.conf
EXTRA_DIST += $(systemd_made:=.in)
CLEANFILES += $(systemd_made)

$(systemd_made): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@docdir[@]|$(docdir)|g' \
		-e 's|@sysconfdir[@]|$(sysconfdir)|g' -e 's|@localstatedir[@]|$(localstatedir)|g' \
		-e 's|@runstatedir[@]|$(runstatedir)|g' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
