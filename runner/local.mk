sbin_PROGRAMS += vals-runner

vals_runner_SOURCES = \
	runner/commands.c runner/commands.h \
	runner/main.c \
	runner/ending.c runner/ending.h \
	runner/recording_file.c runner/recording_file.h \
	runner/recordings.c runner/recordings.h \
	runner/stmts.c runner/stmts.h runner/stmts.def \
	runner/telnyx.c runner/telnyx.h \
	runner/telnyx_body.c runner/telnyx_body.h \
	runner/telnyx_find.c runner/telnyx_find.h \
	runner/upkeep.c runner/upkeep.h \
	runner/verdict.c runner/verdict.h
vals_runner_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(LIBPQ_CFLAGS)
vals_runner_LDADD = libcommon.a $(CURL_LIBS) $(COMMON_LIBS)
