sbin_PROGRAMS += valsctl
valsctl_SOURCES = ctl/main.c ctl/ctl.h ctl/doctor.c ctl/import.c ctl/keys.c ctl/migrate.c ctl/progress.c ctl/progress.h ctl/users.c ctl/webhooks.c ctl/stmts.c ctl/stmts.h ctl/stmts.def
valsctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
valsctl_LDADD = libcommon.a $(CURL_LIBS) $(COMMON_LIBS)
