sbin_PROGRAMS += vals-api
vals_api_SOURCES = \
	fcgi/main.c \
	fcgi/access.c fcgi/access.h \
	fcgi/agent.c fcgi/auth.c fcgi/calls.c fcgi/health.c fcgi/kevin.c fcgi/leads.c fcgi/webhooks.c fcgi/handlers.h \
	fcgi/dispatch.c fcgi/dispatch.h \
	fcgi/fcgx.c fcgi/fcgx.h \
	fcgi/fields.c fcgi/fields.h \
	fcgi/form.c fcgi/form.h \
	fcgi/http.h \
	fcgi/limiter.c fcgi/limiter.h \
	fcgi/listener.c fcgi/listener.h \
	fcgi/master.c fcgi/master.h \
	fcgi/reply.c fcgi/reply.h \
	fcgi/request.c fcgi/request.h \
	fcgi/routes.c fcgi/routes.h \
	fcgi/shared.c fcgi/shared.h \
	fcgi/stmts.c fcgi/stmts.h fcgi/stmts.def \
	fcgi/worker.c fcgi/worker.h
vals_api_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/fcgi $(FCGI_CFLAGS)
vals_api_LDADD = libcommon.a $(FCGI_LIBS) $(COMMON_LIBS)
