# state.sh - where one installation of ./dev up keeps its things, and as whom it runs
#
#	STATE           the folder the user named: run/, log/, secret/
#	DATA            what the service user must reach: database, programs, settings
#	SOCKETS         unix sockets; a short path, for the kernel's 108 bytes
#	SERVICE_USER    who runs the programs; AS is the command prefix that becomes it
#
# PostgreSQL refuses to run as root.  So root's programs run as postgres, who may not be able to
# enter the checkout: DATA then lies in /var/tmp under a name made from the state's path.

SERVICE_USER=
AS=()

state_user() {
	if ((EUID == 0)); then
		SERVICE_USER=postgres
		AS=(setpriv --reuid=postgres --regid=postgres --init-groups --)
	else
		SERVICE_USER=$(id -un)
		AS=()
	fi
}

# own_folder DIR MODE: make it, or make sure nobody else made it.
own_folder() {
	if ! mkdir -m "$2" "$1" 2>/dev/null; then
		[ -d "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %u "$1")" = "$EUID" ] ||
			die "$1 exists and is not a folder of yours"
	fi
}

# service_folder DIR: for the service user alone.
service_folder() {
	mkdir -p "$1"
	chmod 700 "$1"
	chown "$SERVICE_USER" "$1"
}

# state_name DIR: the paths of a state; makes nothing.
state_name() {
	local hash
	STATE=$(realpath -m "$1")
	hash=$(printf %s "$STATE" | sha256sum | cut -c1-12)
	RUN=$STATE/run
	SECRETS=$STATE/secret
	if ((EUID == 0)); then
		DATA=/var/tmp/vals.$hash
		SOCKETS=$DATA/s
	else
		DATA=$STATE/data
		SOCKETS=/tmp/vals.$hash
	fi
	LOGS=$DATA/log
	PGSOCKET=$SOCKETS/pg
	API_SOCKET_PATH=$SOCKETS/api.sock
	WAITING_SOCKET_PATH=$SOCKETS/waiting.sock
	WS_SOCKET_PATH=$SOCKETS/ws.sock
	DATABASE_URL_PATH="postgresql:///vals?host=$PGSOCKET"
}

# ws_socket N: the socket of the Nth realtime daemon, from 1.
ws_socket() {
	if (($1 == 1)); then
		echo "$WS_SOCKET_PATH"
	else
		echo "$SOCKETS/ws-$1.sock"
	fi
}

# Whoever deletes the state's folder deletes its secrets, and no program can open the database that is left in DATA
# without them: it goes too, unless its server still runs.
state_drop_orphan() {
	[ ! -d "$SECRETS" ] && [ -d "$DATA/pg" ] || return 0
	local server
	server=$(head -n 1 "$DATA/pg/postmaster.pid" 2>/dev/null) || server=
	[ -z "$server" ] || [ ! -e "/proc/$server" ] ||
		die "$STATE was deleted while its programs run; stop the process $server and those beside it first"
	say "$STATE was deleted: starting with a new database"
	rm -rf "${DATA:?}"/*
}

# Make the folders of the state named last.  Needs the service user to exist.
state_make() {
	state_user
	mkdir -p "$RUN/programs"
	if ((EUID == 0)); then
		own_folder "$DATA" 711
		state_drop_orphan
	else
		mkdir -p "$DATA"
		own_folder "$SOCKETS" 700
	fi
	service_folder "$SOCKETS"
	service_folder "$PGSOCKET"
	service_folder "$LOGS"
	service_folder "$DATA/recordings"
	mkdir -p "$SECRETS"
	chmod 700 "$SECRETS"
	ln -sfn "$LOGS" "$STATE/log"
}

# Remove everything of a stopped state.
state_destroy() {
	rm -rf "$SOCKETS" "$DATA" "$STATE"
}

# free_port: a TCP port of loopback nobody listens on now.
free_port() {
	node -e 'const s = require("net").createServer();
		s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

# port_taken PORT: 0 if somebody listens there.
port_taken() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
