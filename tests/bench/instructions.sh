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

. "$(dirname "${BASH_SOURCE[0]}")/own/programs.sh"

REQUESTS=${VALS_BENCH_REQUESTS:-2000}

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
	own_nginx
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

LEAD=$(psql -X -At "$VALS_DATABASE_URL" -c 'select id from vals.leads limit 1')
if [ -z "$LEAD" ]; then
	LEAD=$(psql -X -qAt "$VALS_DATABASE_URL" -c "insert into vals.leads (first_name, last_name, phone)
		values ('Bench', 'Mark', '+16465550100') returning id")
fi
ASKED=${VALS_BENCH_PATH:-/api/leads/$LEAD}
worker_start
nginx_start
answers /readyz
ask "$REQUESTS"
stop_all
printf '%-8s %-14s %8s\n' process library per_request
report worker
report nginx
