# programs.sh - programs of a benchmark's own, beside the stack's and on its database
#
# Sourced; ./dev bench has set the names of `./dev env`. Makes the folder TEMP, and at the end stops what
# was started and removes it.

: "${VALS_BIN:?run by ./dev bench}" "${VALS_DATABASE_URL:?}" "${VALS_ADMIN_TOKEN:?}" "${VALS_WS_SOCKET:?}"
DATA=$(dirname "$VALS_BIN")
PATH=$PATH:/usr/sbin
TEMP=$(mktemp -d /tmp/vals-bench.XXXXXX)
PIDS=()
trap 'stop_all; rm -rf "$TEMP"' EXIT
chmod 777 "$TEMP"

stop_all() {
	((${#PIDS[@]} == 0)) || kill "${PIDS[@]}" 2>/dev/null || true
	wait
	PIDS=()
}

# as_service COMMAND...: in the background, as the user the stack runs as.
as_service() {
	local user
	user=$(stat -c %U "$DATA/conf/vals.conf")
	if [ "$user" = "$(id -un)" ]; then
		"$@" &
	else
		setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups -- "$@" &
	fi
	PIDS+=($!)
}

# own_nginx: render nginx's configuration in front of TEMP/api.sock, to TEMP/nginx/nginx.conf; sets URL.
own_nginx() {
	local port
	port=$(node -e 'const s = require("net").createServer();
		s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
	URL=http://127.0.0.1:$port
	mkdir -m 777 "$TEMP/nginx-temp"
	"$DATA/share/nginx/render.sh" "$TEMP/nginx" API_SOCKET="$TEMP/api.sock" WAITING_SOCKET="$TEMP/waiting.sock" \
		WS_SOCKETS="$VALS_WS_SOCKET" DASHBOARD="$DATA/dashboard" DOCS="$DATA/share/docs" LISTEN="127.0.0.1:$port" \
		FLOOD_RATE=1000000 FLOOD_BURST=1000000 LOGDIR="$TEMP" PIDFILE="$TEMP/nginx.pid" TEMPDIR="$TEMP/nginx-temp"
}

# answers PATH: wait until it does, a minute at most.
answers() {
	local tries=120
	until curl -s -f -o /dev/null "$URL$1"; do
		((--tries > 0)) || { cat "$TEMP"/*.log >&2; exit 1; }
		sleep 0.5
	done
}
