noinst_LIBRARIES += libcommon.a
libcommon_a_SOURCES = \
	common/arena.c \
	common/arena.h \
	common/buf.c \
	common/buf.h \
	common/calendar.c \
	common/calendar.h \
	common/clock.c \
	common/clock.h \
	common/conf.c \
	common/conf.h \
	common/conf_args.c \
	common/conf_args.h \
	common/crypto.c \
	common/crypto.h \
	common/csv.c \
	common/csv.h \
	common/db.c \
	common/db.h \
	common/db_call.c \
	common/db_cancel.c \
	common/db_connect.c \
	common/db_error.c \
	common/db_exchange.c \
	common/db_notify.c \
	common/db_private.h \
	common/db_result.c \
	common/db_script.c \
	common/db_status.c \
	common/db_transaction.c \
	common/failpoint.c \
	common/failpoint.h \
	common/fields.c \
	common/fields.h \
	common/http_client.c \
	common/http_client.h \
	common/json.c \
	common/json.h \
	common/json_scan.c \
	common/lead_columns.c \
	common/lead_columns.h \
	common/lead_fields.c \
	common/lead_fields.h \
	common/lead_import.c \
	common/lead_import.h \
	common/log.c \
	common/log.h \
	common/name_set.c \
	common/name_set.h \
	common/net_address.c \
	common/net_address.h \
	common/password.c \
	common/password.h \
	common/provider_conf.c \
	common/provider_conf.h \
	common/recording_name.c \
	common/recording_name.h \
	common/sched_nice.c \
	common/sched_nice.h \
	common/settings.def \
	common/standard_fds.c \
	common/standard_fds.h \
	common/statement.h \
	common/token.c \
	common/token.h \
	common/token_memory.c \
	common/token_memory.h \
	common/unix_socket.c \
	common/unix_socket.h \
	common/webhook_keys.c \
	common/webhook_keys.h \
	common/xalloc.c \
	common/xalloc.h
libcommon_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPQ_CFLAGS) $(JSONC_CFLAGS) $(CURL_CFLAGS) \
	$(CRYPTO_CFLAGS) $(SODIUM_CFLAGS) $(INIH_CFLAGS)

COMMON_LIBS = $(LIBPQ_LIBS) $(JSONC_LIBS) $(SODIUM_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS)
