sbin_PROGRAMS += vals-ws

# What speaks the protocol; the conformance program in tests/ is made of it too.
ws_protocol_sources = \
	ws/client.c ws/client.h \
	ws/conn.h \
	ws/engineio.c ws/engineio.h \
	ws/frame.c ws/frame.h \
	ws/guests.c ws/guests.h \
	ws/listener.c ws/listener.h \
	ws/loop.c ws/loop.h \
	ws/message.c ws/message.h \
	ws/metrics.c ws/metrics.h \
	ws/origin.c ws/origin.h \
	ws/queue.c ws/queue.h \
	ws/room.c ws/room.h \
	ws/server.c ws/server.h \
	ws/session.c ws/session.h \
	ws/socketio.c ws/socketio.h

vals_ws_SOURCES = $(ws_protocol_sources) \
	ws/auth.c ws/auth.h \
	ws/clientevents.c ws/clientevents.h \
	ws/events.c ws/events.h \
	ws/feed.c ws/feed.h \
	ws/main.c \
	ws/pgasync.c ws/pgasync.h \
	ws/presence.c ws/presence.h \
	ws/recovery.c ws/recovery.h \
	ws/replay.c ws/replay.h \
	ws/shapes.c ws/shapes.h \
	ws/status.c ws/status.h \
	ws/stmts.c ws/stmts.h ws/stmts.def
vals_ws_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(EV_CFLAGS) $(LIBPQ_CFLAGS)
vals_ws_LDADD = libcommon.a $(LWS_LIBS) $(EV_LIBS) $(LIBPQ_LIBS) $(COMMON_LIBS)
