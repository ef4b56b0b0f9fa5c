#!/usr/bin/env bash
# load.test.sh - a thousand clients at once; reloads and dying workers under load
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

new_state load
start
auth="Authorization: Bearer $VALS_ADMIN_TOKEN"

# load NAME AB-ARGUMENT...: run ab on a route that asks the database.
load() {
	local log=$TEMP/$1.ab
	shift
	ab -q -r -l -s 30 "$@" -H "$auth" "$VALS_URL/api/kevin/availability" >"$log" 2>&1
}

# figure NAME LABEL: a number of ab's report; 0 if ab had nothing to say about it.
figure() {
	sed -n "s/^$2: *\([0-9]*\).*/\1/p" "$TEMP/$1.ab" | grep . || echo 0
}

# errors NAME: answers that were not 2xx, and requests without one.  ab counts a refused or broken
# connection under several names, so the largest is taken.
errors() {
	echo $(($(figure "$1" 'Failed requests') + $(figure "$1" 'Non-2xx responses')))
}

# --- a thousand at once ------------------------------------------------------

load burst -n 10000 -c 1000
is "ten_thousand_requests_by_a_thousand_clients_complete" "$(figure burst 'Complete requests')" 10000
is "and_none_fails" "$(errors burst)" 0
grep -E '^(Requests per second|Time taken)' "$TEMP/burst.ab" | sed 's/^/# /'

# --- reloads -------------------------------------------------------------------

reloads=40
master=$(program_pid vals-api)
load reload -t 20 -n 10000000 -c 50 &
loader=$!
sleep 1
old_workers=$(children_of "$master")
for ((i = 0; i < reloads; i++)); do
	kill -HUP "$master"
	sleep 0.4
done
wait "$loader"
is "no_request_fails_during_$reloads""_reloads" "$(errors reload)" 0
ok "the_load_went_on_all_the_time" test "$(figure reload 'Complete requests')" -gt 1000
is "the_master_is_still_the_same_process" "$(program_pid vals-api)" "$master"
no_old_worker() {
	[ -z "$(comm -12 <(sort <<<"$old_workers") <(children_of "$master" | sort))" ]
}
ok "no_worker_of_the_beginning_is_left" wait_for 60 no_old_worker
echo "# $(figure reload 'Complete requests') requests, $reloads reloads"

# --- dying workers -----------------------------------------------------------------

kills=20
[ -z "${VALS_TEST_LONG-}" ] || kills=70
load kill -t $((kills / 2 + 2)) -n 10000000 -c 50 &
loader=$!
sleep 1
for ((i = 0; i < kills; i++)); do
	worker=$(children_of "$master" | shuf -n 1)
	[ -z "$worker" ] || kill -KILL "$worker"
	sleep 0.4
done
wait "$loader"
lost=$(errors kill)
ok "a_killed_worker_costs_at_most_one_request" test "$lost" -le "$kills"
echo "# $kills workers killed, $lost of $(figure kill 'Complete requests') requests lost"
request /readyz
is "all_is_ready_afterwards" "$STATUS" 200
tap_done
