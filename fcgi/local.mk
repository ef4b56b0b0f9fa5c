sbin_PROGRAMS += vals-api
vals_api_SOURCES = fcgi/main.c
vals_api_CPPFLAGS = $(libvalsapi_a_CPPFLAGS)
vals_api_LDADD = libvalsapi.a libcommon.a $(FCGI_LIBS) $(COMMON_LIBS)

# All but main; a library so that the unit tests are made of the same objects.
noinst_LIBRARIES += libvalsapi.a
libvalsapi_a_SOURCES = \
	fcgi/access.c fcgi/access.h \
	fcgi/agent.c fcgi/analytics.c fcgi/audit.c fcgi/auth.c fcgi/calls.c fcgi/export.c fcgi/health.c fcgi/imports.c fcgi/kevin.c fcgi/keys.c fcgi/leads.c fcgi/recordings.c fcgi/transfers.c \
	fcgi/users.c fcgi/webhooks.c fcgi/handlers.h fcgi/paging.h \
	fcgi/dispatch.c fcgi/dispatch.h \
	fcgi/fcgx.c fcgi/fcgx.h \
	fcgi/form.c fcgi/form.h \
	fcgi/http.h \
	fcgi/limiter.c fcgi/limiter.h \
	fcgi/listener.c fcgi/listener.h \
	fcgi/master.c fcgi/master.h \
	fcgi/metrics.c fcgi/metrics.h \
	fcgi/passwords.c fcgi/passwords.h \
	fcgi/recording_link.c fcgi/recording_link.h \
	fcgi/reply.c fcgi/reply.h \
	fcgi/request.c fcgi/request.h \
	fcgi/routes.c fcgi/routes.h \
	fcgi/shared.c fcgi/shared.h \
	fcgi/stmts.c fcgi/stmts.h fcgi/stmts.def \
	fcgi/waiting.c fcgi/waiting.h \
	fcgi/worker.c fcgi/worker.h
libvalsapi_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/fcgi $(FCGI_CFLAGS)
