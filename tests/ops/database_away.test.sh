#!/usr/bin/env bash
# database_away.test.sh - without PostgreSQL: an honest 503, then recovery by itself
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

new_state away
start
auth="Authorization: Bearer $VALS_ADMIN_TOKEN"
pids=$(cat "$RUN"/{vals-api,vals-ws,vals-runner,nginx}.pid)

get() {
	request /api/kevin/availability -H "$auth"
}

answers_200() {
	get
	[ "$STATUS" = 200 ]
}

# The supervisor ends what is no longer in its folder, and starts what comes back.
hold_postgres() {
	local pid
	pid=$(program_pid postgres)
	mv "$RUN/programs/postgres" "$RUN/postgres.held"
	while [ -e "/proc/$pid" ]; do
		sleep 0.05
	done
}

release_postgres() {
	mv "$RUN/postgres.held" "$RUN/programs/postgres"
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

ok "with_the_database_the_api_answers" answers_200

hold_postgres
end=$((SECONDS + 5))
count=0 wrong='' slowest=0
while ((SECONDS < end)); do
	begin=$(now_ms)
	get
	took=$(($(now_ms) - begin))
	((took <= slowest)) || slowest=$took
	count=$((count + 1))
	[ "$STATUS" = 503 ] && [[ $(header Retry-After) =~ ^[0-9]+$ ]] && [[ $BODY == '{"success":false,"error":"'* ]] ||
		wrong+="$STATUS $(header Retry-After) $BODY "
	sleep 0.1
done
empty "without_it_every_answer_is_503_with_Retry-After" "$wrong"
ok "long_before_a_statement_would_be_given_up" test "$slowest" -lt 5000
echo "# $count requests, slowest $slowest ms"
request /healthz
is "healthz_asks_no_database" "$STATUS" 200
request /readyz
is "readyz_says_so" "$STATUS" 503
request '/socket.io/?EIO=4&transport=polling'
is "new_sockets_are_told_to_come_again" "$STATUS $(header Retry-After)" "503 1"

release_postgres
ok "it_recovers_by_itself" wait_for 60 answers_200
is "and_no_program_was_restarted" "$(cat "$RUN"/{vals-api,vals-ws,vals-runner,nginx}.pid)" "$pids"
# Each tries again after a pause of its own, of some seconds at most.
all_answer_200() {
	local i
	for ((i = 0; i < 100; i++)); do
		answers_200 || return 1
	done
}
ok "no_worker_stays_behind" wait_for 60 all_answer_200
opens_sockets() {
	request '/socket.io/?EIO=4&transport=polling'
	[ "$STATUS" = 200 ]
}
ok "and_sockets_are_opened" wait_for 60 opens_sockets
tap_done
