#!/usr/bin/env bash
# replica.test.sh - heavy analytics read from a streaming replica, and from the primary while it is away
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

REPLICA=$TEMP/standby
export DATABASE_READ_URL="postgresql:///vals?host=$REPLICA"
new_state replica
start
DATA=$(dirname "$(readlink -f "$STATE/log")")
OWNER=$(stat -c %U "$DATA/pg")
BIN=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1 | xargs dirname)
AUTH="Authorization: Bearer $VALS_ADMIN_TOKEN"
PRIMARY=${VALS_DATABASE_URL%&user=*}

as_owner() {
	if [ "$(id -un)" = "$OWNER" ]; then "$@"; else runuser -u "$OWNER" -- "$@"; fi
}

# superuser URL COMMAND
superuser() {
	psql -XAtq -v ON_ERROR_STOP=1 "$1&user=postgres" -c "$2"
}

stop_replica() {
	as_owner "$BIN/pg_ctl" -D "$REPLICA/data" -m immediate -w stop >/dev/null 2>&1
}
trap 'stop_replica; stacks_remove' EXIT

# A copy of the primary in a folder of its own, which follows it.
make_replica() {
	mkdir -m 700 "$REPLICA"
	chown "$OWNER" "$REPLICA"
	echo 'local replication all peer map=vals' >>"$DATA/pg/pg_hba.conf"
	superuser "$PRIMARY" 'select pg_reload_conf()' >/dev/null
	as_owner "$BIN/pg_basebackup" -d "${PRIMARY/\/vals\?/\/postgres?}&user=postgres" -D "$REPLICA/data" -R -X stream -c fast
}

start_replica() {
	as_owner "$BIN/pg_ctl" -D "$REPLICA/data" -w -l "$REPLICA/log" \
		-o "-c unix_socket_directories=$REPLICA -c hba_file=$DATA/pg/pg_hba.conf -c ident_file=$DATA/pg/pg_ident.conf" \
		start >/dev/null || cat "$REPLICA/log"
}

# calls_of PATH: how many calls the figures know.
calls_of() {
	request "$1" -H "$AUTH"
	node -p 'const { data } = JSON.parse(process.argv[1]); (data.volume ?? data.calls).total' "$BODY" 2>/dev/null || echo "$STATUS $BODY"
}

make_call() {
	superuser "$PRIMARY" "
		with made as (
			insert into vals.leads (first_name, last_name, phone)
			values ('Rep', 'Lica', '+1202555' || lpad($1::text, 4, '0'))
			returning id, phone)
		insert into vals.calls (lead_id, phone_number, status, start_time, end_time, kevin_available)
		select id, phone, 'completed', now(), now(), false
		from made"
}

# metric NAME
metric() {
	request /metrics
	sed -n "s/^$1 //p" <<<"$BODY"
}

# knows COUNT: whether each of the figures says so.
know() {
	[ "$(calls_of /api/analytics/performance)" = "$1" ] && [ "$(calls_of /api/agent/performance)" = "$1" ]
}

make_call 1
is "without_the_replica_the_primary_answers" "$(calls_of /api/analytics/performance)" 1
ok "and_that_is_counted" test "$(metric vals_replica_failures_total)" -ge 1

make_replica
start_replica
is "the_replica_follows" "$(superuser "$DATABASE_READ_URL" 'select pg_is_in_recovery()')" t
reads_from_replica() {
	local before
	before=$(metric vals_replica_reads_total)
	request /api/analytics/conversion -H "$AUTH"
	[ "$STATUS" = 200 ] && [ "$(metric vals_replica_reads_total)" -gt "$before" ]
}
# Each worker tries again after a moment of its own.
ok "once_it_is_there_it_is_asked" wait_for 60 reads_from_replica

superuser "$DATABASE_READ_URL" 'select pg_wal_replay_pause()' >/dev/null
make_call 2
ok "what_the_replica_does_not_know_yet_it_does_not_tell" wait_for 60 know 1
request /api/calls -H "$AUTH"
like "other_requests_ask_the_primary" "$BODY" '"total" ?: ?2'
superuser "$DATABASE_READ_URL" 'select pg_wal_replay_resume()' >/dev/null
ok "and_then_it_does" wait_for 60 know 2

superuser "$DATABASE_READ_URL" 'select pg_wal_replay_pause()' >/dev/null
make_call 3
stop_replica
wrong=''
for ((i = 0; i < 30; i++)); do
	know 3 || wrong+="$STATUS $BODY "
done
empty "when_it_is_gone_no_request_fails_and_none_is_behind" "$wrong"
start_replica
ok "and_when_it_is_back_it_is_asked_again" wait_for 60 reads_from_replica
tap_done
