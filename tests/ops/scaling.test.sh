#!/usr/bin/env bash
# scaling.test.sh - two of each program against one database
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

CALLS=10
new_state scaling
start --ws 2 --runners 2
DATA=$(dirname "$(readlink -f "$STATE/log")")
AUTH="Authorization: Bearer $VALS_ADMIN_TOKEN"
JSON='Content-Type: application/json'

# --- a second vals-api, as on another host -----------------------------------------

second_socket() {
	echo "${1%.sock}-2.sock"
}

sed "s|^export API_SOCKET=.*|export API_SOCKET=$(second_socket "$VALS_API_SOCKET")|
	s|^export WAITING_SOCKET=.*|export WAITING_SOCKET=$(second_socket "$VALS_WAITING_SOCKET")|" \
	"$RUN/programs/vals-api" >"$RUN/programs/vals-api-2.new"
chmod 700 "$RUN/programs/vals-api-2.new"
mv "$RUN/programs/vals-api-2.new" "$RUN/programs/vals-api-2"
ok "a_second_api_starts" wait_for 60 test -S "$(second_socket "$VALS_API_SOCKET")"
# As docs/scaling.md has it; all of nginx's workers know which one is down.
for socket in "$VALS_API_SOCKET" "$VALS_WAITING_SOCKET"; do
	second=$(second_socket "$socket")
	sed -i "s|server unix:$socket;|zone $(basename "$socket") 64k;\n\tserver unix:$socket fail_timeout=60s;\n\tserver unix:$second fail_timeout=60s;|" "$DATA/nginx/upstreams.conf"
done
kill -HUP "$(program_pid nginx)"

requests_of() {
	grep -c 'at=request' "$STATE/log/$1.log"
}

both_serve() {
	request /api/kevin/availability -H "$AUTH"
	[ "$STATUS" = 200 ] && [ "$(requests_of vals-api-2)" -gt 0 ] && [ "$(requests_of vals-api)" -gt 0 ]
}
ok "both_serve" wait_for 60 both_serve

# --- calls ---------------------------------------------------------------------------

start_call() {
	local lead
	lead=$(curl -s -H "$AUTH" -H "$JSON" "$VALS_URL/api/leads" -d "{\"firstName\":\"Two\",\"lastName\":\"Each\",\"phone\":\"+131255501$1\"}" |
		node -p 'JSON.parse(require("fs").readFileSync(0)).data.id')
	curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $VALS_AGENT_KEY" -H "$JSON" "$VALS_URL/api/agent/start-call" -d "{\"leadId\":\"$lead\"}"
}

for ((i = 0; i < CALLS; i++)); do
	start_call "$((20 + i))" >>"$TEMP/started" &
done
wait $(jobs -p)
is "calls_start_through_either" "$(sort "$TEMP/started" | uniq -c | tr -s ' ')" " $CALLS 201"
dials() {
	curl -s "$VALS_SIM_URL/_sim/requests" |
		node -p 'JSON.parse(require("fs").readFileSync(0)).requests.filter(({ method, path }) => method === "POST" && path.endsWith("/calls")).length'
}
all_dialled() {
	[ "$(dials)" -ge "$CALLS" ]
}
wait_for 60 all_dialled
is "and_each_is_dialled_once_whichever_runner_took_it" "$(dials)" "$CALLS"

# --- what is seen of them ---------------------------------------------------------------

# metric NAME: its values, one a line.
metric() {
	request /metrics
	grep -F "$1" <<<"$BODY" | grep -v '^#' | sed 's/.* //'
}

two_of_each() {
	[ "$(metric 'vals_program_instances{program="vals-runner"}')" = 2 ] && [ "$(metric 'vals_program_instances{program="vals-ws"}')" = 2 ]
}
ok "each_daemon_is_seen_for_itself" wait_for 60 two_of_each
done_by_both() {
	[ "$(metric 'vals_program_done{program="vals-runner"' | awk '{ sum += $1 } END { print sum }')" -ge "$CALLS" ]
}
ok "and_what_they_did_adds_up" wait_for 60 done_by_both
one_relay() {
	[ "$(metric 'vals_program_is_relay{program="vals-ws"' | sort | tr '\n' ' ')" = '0 1 ' ]
}
ok "one_of_the_daemons_is_the_relay" wait_for 60 one_relay

# --- one of each goes -------------------------------------------------------------------

gone="vals-api-2 vals-runner-2 vals-ws-2"
for name in $gone; do
	pid=$(program_pid "$name")
	mv "$RUN/programs/$name" "$TEMP/$name"
	wait_for 60 test ! -e "/proc/$pid"
done
refused=0
for ((i = 0; i < 30; i++)); do
	request /api/kevin/availability -H "$AUTH"
	[ "$STATUS" = 200 ] || refused=$((refused + 1))
done
ok "without_the_second_ones_one_request_at_most_is_refused" test "$refused" -le 1
is_started() {
	[ "$(start_call "$((40 + $(dials)))")" = 201 ]
}
ok "and_calls_start" wait_for 60 is_started
one_more_dialled() {
	[ "$(dials)" -gt "$CALLS" ]
}
wait_for 60 one_more_dialled
is "and_are_dialled" "$(dials)" $((CALLS + 1))
tap_done
