#!/usr/bin/env bash
# up_down.test.sh - ./dev up, down, restart and env keep their contract
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

PROGRAMS="postgres nginx vals-api vals-ws vals-runner telnyx-sim"

checkout_state() {
	git -C "$ROOT" -c safe.directory='*' status --porcelain 2>/dev/null
}

all_live() {
	local name
	for name in $PROGRAMS; do
		program_lives "$name" || {
			echo "$name does not live"
			return 1
		}
	done
}

pids() {
	(cd "$RUN" && cat -- *.pid | sort)
}

is_new() {
	[ -n "$(program_pid "$1")" ] && [ "$(program_pid "$1")" != "$2" ] && program_lives "$1"
}

ready() {
	request /readyz
	[ "$STATUS" = 200 ]
}

# --- one state -----------------------------------------------------------

before=$(checkout_state)
new_state one
start --ws 2 --runners 2
PROGRAMS+=" vals-ws-2 vals-runner-2"
data=$(dirname "$(readlink -f "$STATE/log")")

ok "up_starts_every_program_and_records_its_pid" all_live
request /readyz
is "up_returns_when_ready" "$STATUS" 200
is "checkout_stays_clean" "$(checkout_state)" "$before"

pids_before=$(pids)
output=$("$DEV" up --detach --no-demo --state "$STATE" --port "$(free_port)" 2>&1)
is "second_up_succeeds" $? 0
like "second_up_says_where_it_runs" "$output" "already up: $VALS_URL"
is "second_up_touches_nothing" "$(pids)" "$pids_before"

like "env_names_the_address" "$VALS_URL" "^http://127\.0\.0\.1:$PORT$"
is "env_database_url_works" "$(psql -XAt "$VALS_DATABASE_URL" -c 'select 1')" 1
request /api/auth/me -H "Authorization: Bearer $VALS_ADMIN_TOKEN"
is "env_admin_token_is_fresh_and_works" "$STATUS" 200
request /api/auth/login -H 'Content-Type: application/json' \
	-d "{\"email\":\"$VALS_ADMIN_EMAIL\",\"password\":\"$VALS_ADMIN_PASSWORD\"}"
is "env_password_signs_in" "$STATUS" 200
request /api/calls/active -H "Authorization: Bearer $VALS_AGENT_KEY"
is "env_agent_key_works" "$STATUS" 200
ok "env_simulator_url_answers" curl -sf --max-time 5 "$VALS_SIM_URL/_sim/"
ok "env_sockets_are_there" test -S "$VALS_API_SOCKET" -a -S "$VALS_WS_SOCKET"

for secret in "$VALS_ADMIN_PASSWORD" "$VALS_AGENT_KEY"; do
	empty "no_secret_stands_in_a_command_line" "$(processes_naming "$secret")"
done
empty "secrets_are_for_their_owner_only" "$(find "$STATE/secret" "$data/conf" "$data/jwt" -type f -perm /077)"

# --- programs that die or are restarted ------------------------------------

for name in vals-api vals-ws-2 vals-runner telnyx-sim nginx; do
	old=$(program_pid "$name")
	kill -KILL "$old"
	ok "killed_${name}_is_back" wait_for 60 is_new "$name" "$old"
done
ok "all_is_ready_again" wait_for 60 ready

old=$(program_pid vals-api)
"$DEV" restart vals-api --state "$STATE"
is "restart_of_vals-api_is_reload_in_the_same_process" "$(program_pid vals-api)" "$old"
old=$(program_pid nginx)
"$DEV" restart nginx --state "$STATE"
is "restart_of_nginx_is_reload_in_the_same_process" "$(program_pid nginx)" "$old"
for name in vals-ws vals-runner; do
	old=$(program_pid "$name")
	"$DEV" restart "$name" --state "$STATE"
	ok "restart_of_${name}_makes_a_new_process" is_new "$name" "$old"
done
ok "restart_of_an_unknown_program_fails" bash -c "! '$DEV' restart nothing --state '$STATE'"

# --- two states side by side -----------------------------------------------

first_url=$VALS_URL
new_state two
start
second_url=$VALS_URL
second=$(pids)
VALS_URL=$first_url
ok "two_states_run_side_by_side" wait_for 60 ready
"$DEV" down --state "$TEMP/one"
VALS_URL=$second_url
ok "down_of_one_leaves_the_other" ready
is "down_of_one_leaves_the_others_processes" "$(pids)" "$second"

# --- down leaves nothing -----------------------------------------------------

use_state one
empty "down_leaves_no_process" "$(processes_naming "$data")"
empty "down_leaves_no_pid_file" "$(find "$RUN" -name '*.pid')"
empty "down_leaves_no_socket" "$(find "$STATE" "$data" -type s 2>/dev/null; find "$(dirname "$VALS_API_SOCKET")" -path "*$(basename "$data")*" 2>/dev/null)"
ok "down_leaves_no_port" bash -c "! (exec 3<>/dev/tcp/127.0.0.1/${first_url##*:}) 2>/dev/null"
ok "down_twice_is_harmless" "$DEV" down --state "$STATE"

# --- the foreground ----------------------------------------------------------

use_state two
"$DEV" down --state "$STATE"
begin=$SECONDS
"$DEV" up --no-demo --state "$STATE" --port "$PORT" </dev/null >"$TEMP/foreground.log" 2>&1 &
up=$!
ok "warm_up_is_ready" wait_for 180 grep -q 'stop  *Ctrl-C' "$TEMP/foreground.log"
echo "# warm up took $((SECONDS - begin)) s"
load_env
kill -INT "$up" 2>/dev/null
# A background job of a script ignores INT; a terminal's does not.
kill -TERM "$up"
wait "$up"
data=$(dirname "$(readlink -f "$STATE/log")")
empty "ending_the_foreground_up_stops_everything" "$(processes_naming "$data")"
ok "and_frees_the_port" bash -c "! (exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null"

# --- a supervisor that is killed ---------------------------------------------

start
kill -KILL "$(program_pid supervisor)"
"$DEV" down --state "$STATE"
empty "down_finds_programs_whose_supervisor_was_killed" "$(processes_naming "$data")"

# --- a state whose folder somebody deletes -------------------------------------

rm -rf "$STATE"
start
request /api/auth/me -H "Authorization: Bearer $VALS_ADMIN_TOKEN"
is "up_after_the_folder_was_deleted_starts_anew" "$STATUS" 200
"$DEV" down --state "$STATE"

# --- refusals ------------------------------------------------------------------

output=$("$DEV" up --detach --no-demo --no-sim --state "$STATE" --port "$PORT" 2>&1)
ok "no_sim_without_public_key_fails" test $? -ne 0
like "no_sim_without_public_key_says_why" "$output" "TELNYX_PUBLIC_KEY"
empty "a_failed_up_leaves_no_process" "$(processes_naming "$data")"
tap_done
