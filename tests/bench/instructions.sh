#!/usr/bin/env bash
# instructions.sh - where the instructions of a lead get go: one worker and one nginx under callgrind
#
# Counts hardly change from run to run, whatever else the machine does. A vals-api and an nginx of their own
# are started beside the stack's, on its database; what they do between requests is not counted.
# Run by ./dev bench instructions.
#
#	VALS_BENCH_REQUESTS	requests to count (2000)
#	VALS_BENCH_PATH		what is asked for, instead of a lead
set -euo pipefail

: "${VALS_BIN:?run by ./dev bench}" "${VALS_DATABASE_URL:?}" "${VALS_ADMIN_TOKEN:?}" "${VALS_WS_SOCKET:?}"
REQUESTS=${VALS_BENCH_REQUESTS:-2000}
DATA=$(dirname "$VALS_BIN")
PATH=$PATH:/usr/sbin
TEMP=$(mktemp -d /tmp/vals-instr.XXXXXX)
PIDS=()
trap 'stop_all; rm -rf "$TEMP"' EXIT

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

# counted NAME FUNCTION...: valgrind's words for counting inside these functions only.
counted() {
	local name=$1 function
	shift
	CALLGRIND=(valgrind -q --tool=callgrind --collect-atstart=no --callgrind-out-file="$TEMP/$name.%p")
	for function in "$@"; do
		CALLGRIND+=(--toggle-collect="$function")
	done
}

worker_start() {
	counted worker fcgx_accept dispatch arena_reset
	export VALS_CONF=$DATA/conf/vals.conf JWT_KEYS_DIR=$DATA/jwt DATABASE_URL=${VALS_DATABASE_URL%&user=*}
	export API_SOCKET=$TEMP/api.sock WAITING_SOCKET=$TEMP/waiting.sock
	export API_WORKERS=1 WAITING_WORKERS=1 WORKER_MAX_REQUESTS=0 RATE_LIMIT_MAX=0
	as_service "${CALLGRIND[@]}" "$VALS_BIN/vals-api" 2>"$TEMP/worker.log"
}

nginx_start() {
	local port
	port=$(node -e 'const s = require("net").createServer();
		s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
	URL=http://127.0.0.1:$port
	"$DATA/share/nginx/render.sh" "$TEMP/nginx" API_SOCKET="$TEMP/api.sock" WAITING_SOCKET="$TEMP/waiting.sock" \
		WS_SOCKETS="$VALS_WS_SOCKET" DASHBOARD="$DATA/dashboard" DOCS="$DATA/share/docs" LISTEN="127.0.0.1:$port" \
		LOGDIR="$TEMP" PIDFILE="$TEMP/nginx.pid" TEMPDIR="$TEMP/nginx-temp"
	sed -i 's/^worker_processes.*/worker_processes 1; master_process off;/' "$TEMP/nginx/nginx.conf"
	counted nginx ngx_process_events_and_timers
	as_service "${CALLGRIND[@]}" nginx -e "$TEMP/error.log" -c "$TEMP/nginx/nginx.conf" 2>"$TEMP/nginx.log"
}

# ask COUNT: so many times over one connection.
ask() {
	curl -sS -f -o /dev/null -H "Authorization: Bearer $VALS_ADMIN_TOKEN" "$URL$ASKED?n=[1-$1]"
}

# The newest profile of NAME, summed up by the library the instructions lie in, for one request.
report() {
	local file
	file=$(grep -l '^totals: [0-9]\{6,\}' "$TEMP/$1".* | head -n 1)
	callgrind_annotate --threshold=100 "$file" 2>/dev/null | awk -v name="$1" -v requests="$REQUESTS" '
		/^ *[0-9,]+ .*\[.*\]$/ {
			count = $1; gsub(",", "", count)
			object = $NF; gsub(/[][]/, "", object); sub(".*/", "", object); sub(/\.so.*/, "", object)
			sums[object] += count
			total += count
		}
		END {
			printf "%-8s %-14s %8d\n", name, "all", total / requests
			for (object in sums)
				if (sums[object] > total / 100)
					printf "%-8s %-14s %8d\n", name, object, sums[object] / requests | "sort -k3,3nr"
		}'
}

chmod 777 "$TEMP"
mkdir -m 777 "$TEMP/nginx-temp"
LEAD=$(psql -X -At "$VALS_DATABASE_URL" -c 'select id from vals.leads limit 1')
if [ -z "$LEAD" ]; then
	LEAD=$(psql -X -qAt "$VALS_DATABASE_URL" -c "insert into vals.leads (first_name, last_name, phone)
		values ('Bench', 'Mark', '+16465550100') returning id")
fi
ASKED=${VALS_BENCH_PATH:-/api/leads/$LEAD}
worker_start
nginx_start
tries=120
until curl -s -f -o /dev/null "$URL/readyz"; do
	((--tries > 0)) || { cat "$TEMP"/*.log >&2; exit 1; }
	sleep 0.5
done
ask "$REQUESTS"
stop_all
printf '%-8s %-14s %8s\n' process library per_request
report worker
report nginx
