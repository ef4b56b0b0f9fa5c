# Unit tests: one program per file of C, in TAP; without cmocka they are left out.

if HAVE_CMOCKA
# What the tests of ws and runner are made of; those of fcgi use the library of vals-api.
check_LIBRARIES = tests/libws.a tests/librunner.a
tests_libws_a_SOURCES = $(ws_protocol_sources) ws/events.c ws/shapes.c
tests_libws_a_CPPFLAGS = $(vals_ws_CPPFLAGS)
tests_librunner_a_SOURCES = runner/recording_file.c runner/telnyx.c runner/telnyx_body.c runner/telnyx_find.c runner/verdict.c
tests_librunner_a_CPPFLAGS = $(vals_runner_CPPFLAGS)

test_libs = libcommon.a $(CMOCKA_LIBS) $(CURL_LIBS) $(COMMON_LIBS)
test_fcgi_libs = libvalsapi.a $(test_libs) $(FCGI_LIBS)
test_ws_libs = tests/libws.a $(test_libs) $(LWS_LIBS) $(EV_LIBS)

# A program without lines of its own below is its one file and these.
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
LDADD = $(test_libs)

unit_tests = \
	tests/unit/test_arena \
	tests/unit/test_buf \
	tests/unit/test_clock \
	tests/unit/test_conf \
	tests/unit/test_crypto \
	tests/unit/test_db \
	tests/unit/test_db_status \
	tests/unit/test_engineio \
	tests/unit/test_events \
	tests/unit/test_events_shapes \
	tests/unit/test_failpoint \
	tests/unit/test_fields \
	tests/unit/test_form \
	tests/unit/test_guests \
	tests/unit/test_http_client \
	tests/unit/test_json \
	tests/unit/test_lead_import \
	tests/unit/test_limiter \
	tests/unit/test_listener \
	tests/unit/test_log \
	tests/unit/test_loop \
	tests/unit/test_name_set \
	tests/unit/test_net_address \
	tests/unit/test_recording_file \
	tests/unit/test_recording_name \
	tests/unit/test_room \
	tests/unit/test_routes \
	tests/unit/test_sched_nice \
	tests/unit/test_session \
	tests/unit/test_session_client \
	tests/unit/test_session_origin \
	tests/unit/test_session_queue \
	tests/unit/test_shared \
	tests/unit/test_socketio \
	tests/unit/test_standard_fds \
	tests/unit/test_stmts \
	tests/unit/test_stmts_ctl \
	tests/unit/test_telnyx \
	tests/unit/test_token \
	tests/unit/test_token_memory \
	tests/unit/test_webhook_keys \
	tests/unit/test_xalloc

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

tests_unit_test_db_SOURCES = tests/unit/test_db.c tests/unit/cluster.c tests/unit/cluster.h

tests_unit_test_form_LDADD = $(test_fcgi_libs)
tests_unit_test_listener_LDADD = $(test_fcgi_libs)
tests_unit_test_limiter_LDADD = $(test_fcgi_libs)
tests_unit_test_routes_LDADD = $(test_fcgi_libs)
tests_unit_test_shared_LDADD = $(test_fcgi_libs)
tests_unit_test_stmts_SOURCES = tests/unit/test_stmts.c tests/unit/stmts_check.h
tests_unit_test_stmts_LDADD = $(test_fcgi_libs)
tests_unit_test_stmts_ctl_SOURCES = tests/unit/test_stmts_ctl.c tests/unit/stmts_check.h ctl/stmts.c

tests_unit_test_engineio_LDADD = $(test_ws_libs)
tests_unit_test_events_LDADD = $(test_ws_libs)
tests_unit_test_events_shapes_LDADD = $(test_ws_libs)
tests_unit_test_guests_LDADD = $(test_ws_libs)
tests_unit_test_loop_LDADD = $(test_ws_libs)
tests_unit_test_room_LDADD = $(test_ws_libs)
tests_unit_test_session_LDADD = $(test_ws_libs)
tests_unit_test_session_client_LDADD = $(test_ws_libs)
tests_unit_test_session_origin_LDADD = $(test_ws_libs)
tests_unit_test_session_queue_LDADD = $(test_ws_libs)
tests_unit_test_socketio_LDADD = $(test_ws_libs)

tests_unit_test_recording_file_LDADD = tests/librunner.a $(test_libs)
tests_unit_test_recording_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync
tests_unit_test_telnyx_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runner
tests_unit_test_telnyx_LDADD = tests/librunner.a $(test_libs)
endif

# What the official protocol suites talk to: built with the tests, run by nobody here.
check_PROGRAMS += tests/socketio-echo
tests_socketio_echo_SOURCES = tests/realtime/socketio_echo.c $(ws_protocol_sources)
tests_socketio_echo_CPPFLAGS = $(vals_ws_CPPFLAGS)
tests_socketio_echo_LDADD = $(vals_ws_LDADD)

# The clients of ./dev bench realtime, and what ./dev bench floor measures.
EXTRA_PROGRAMS = tests/bench/realtime/wsload tests/bench/floor/floor
tests_bench_realtime_wsload_LDADD =
tests_bench_floor_floor_SOURCES = tests/bench/floor/floor.c
tests_bench_floor_floor_CPPFLAGS = $(AM_CPPFLAGS) $(FCGI_CFLAGS) $(LIBPQ_CFLAGS)
tests_bench_floor_floor_LDADD = $(FCGI_LIBS) $(LIBPQ_LIBS)
CLEANFILES += $(EXTRA_PROGRAMS)

# Everything else that is tested needs a running VALS: ./dev test.
EXTRA_DIST += \
	tests/.npmrc tests/package.json tests/package-lock.json \
	tests/api tests/bench tests/data tests/demo tests/fuzz tests/harness tests/lint tests/ops \
	tests/realtime tests/sql tests/telephony tests/telnyx-sim tests/web

# The dashboard is built by ./dev or by npm, not by make.
EXTRA_DIST += \
	web/.npmrc web/index.html web/package.json web/package-lock.json \
	web/tailwind.config.js web/tsconfig.json web/vite.config.js \
	web/public web/src
