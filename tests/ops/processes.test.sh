#!/usr/bin/env bash
# processes.test.sh - how the programs start, reload, recycle and refuse
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

# Small on purpose: what takes a day in production happens here within seconds.
export WORKER_MAX_REQUESTS=50 REQUEST_TIMEOUT=2 API_WORKERS=4 WAITING_WORKERS=2
export WS_MAX_PER_ADDRESS=20 WS_MAX_CONNECTIONS=40 WS_RECOVERY_MS=0
new_state processes
start
DATA=$(dirname "$(readlink -f "$STATE/log")")
CONF=$DATA/conf/vals.conf
auth="Authorization: Bearer $VALS_ADMIN_TOKEN"
master=$(program_pid vals-api)

get() {
	request /api/kevin/availability -H "$auth"
}

# failures COUNT: how many of so many requests are not answered with 200.
failures() {
	local i count=0
	for ((i = 0; i < $1; i++)); do
		get
		[ "$STATUS" = 200 ] || count=$((count + 1))
	done
	echo "$count"
}

# logged PROGRAM REGEX: it says so, from now on or since mark.
mark() {
	MARK=$(wc -l <"$STATE/log/$1.log")
}

logged() {
	tail -n "+$((MARK + 1))" "$STATE/log/$1.log" | grep -qE -- "$2"
}

# start_second PROGRAM: the same program again beside the first; its exit status.
start_second() {
	timeout -k 1 60 "$RUN/programs/$1" >"$TEMP/second.log" 2>&1
}

# --- sockets ---------------------------------------------------------------------

for name in vals-api vals-ws; do
	pid=$(program_pid "$name")
	start_second "$name"
	is "a_second_${name}_on_the_same_socket_fails" $? 1
	is "the_first_${name}_goes_on" "$(program_pid "$name")" "$pid"
done
is "requests_are_answered_as_before" "$(failures 5)" 0
request '/socket.io/?EIO=4&transport=polling'
is "sockets_are_opened_as_before" "$STATUS" 200
empty "sockets_are_closed_to_others" "$(find "$(dirname "$VALS_API_SOCKET")" -maxdepth 1 -type s -perm /007)"

# --- reload ------------------------------------------------------------------------

reload() {
	mark vals-api
	kill -HUP "$master"
}

cp -p "$CONF" "$TEMP/vals.conf"
echo 'no_such_setting = 1' >>"$CONF"
reload
ok "a_bad_file_is_reported_on_reload" wait_for 60 logged vals-api 'not reloaded, the old settings stay'
is "and_the_old_settings_stay" "$(failures 5)" 0
cat "$TEMP/vals.conf" >"$CONF"

echo 'no key' >"$DATA/jwt/broken.key"
chmod --reference="$CONF" "$DATA/jwt/broken.key"
chown --reference="$DATA/jwt" "$DATA/jwt/broken.key"
reload
ok "a_bad_key_is_reported_on_reload" wait_for 60 logged vals-api 'not reloaded, the old settings stay'
is "and_the_old_keys_stay" "$(failures 5)" 0
rm "$DATA/jwt/broken.key"

mv "$DATA/bin/vals-api" "$TEMP/vals-api.whole"
echo 'no program' >"$DATA/bin/vals-api"
chmod 755 "$DATA/bin/vals-api"
reload
ok "a_program_that_cannot_run_is_reported_on_reload" wait_for 60 logged vals-api 'not reloaded, could not execute'
# All workers anew, so that they use what the master kept.
kill -KILL $(children_of "$master")
is "and_the_sockets_stay_as_they_were" "$(failures 20)" 0
rm "$DATA/bin/vals-api"
mv "$TEMP/vals-api.whole" "$DATA/bin/vals-api"

sed -i 's/^rate_limit_max = .*/rate_limit_max = 100000/' "$CONF"
reload
ok "new_workers_are_ready_after_a_reload" wait_for 60 logged vals-api 'workers are ready'
has_limit() {
	get
	[ "$(header X-RateLimit-Limit)" = 100000 ]
}
ok "a_reload_takes_new_settings" wait_for 60 has_limit
is "in_the_same_process" "$(program_pid vals-api)" "$master"

echo 'log_requests = seed' >>"$CONF"
reload
logs_as_the_seed() {
	get
	logged vals-api '^[0-9-]+T[0-9:.]+Z - GET /api/kevin/availability$'
}
ok "requests_can_be_logged_as_the_first_system_did" wait_for 60 logs_as_the_seed
sed -i '/^log_requests = /d' "$CONF"
reload
wait_for 60 logged vals-api 'workers are ready'

is_drained() {
	[ "$(children_of "$master" | wc -l)" = $((API_WORKERS + WAITING_WORKERS)) ]
}
wait_for 60 is_drained
mapfile -t workers < <(children_of "$master")
kill -STOP "${workers[0]}"
reload
wait_for 60 logged vals-api 'workers are ready'
reload
ok "an_old_worker_that_does_not_go_does_not_hold_up_the_next_reload_for_ever" wait_for 60 logged vals-api 'workers are ready'
kill -CONT "${workers[0]}"
ok "it_goes_when_it_can" wait_for 60 is_drained

runner=$(program_pid vals-runner)
cp -p "$CONF" "$TEMP/vals.conf"
sed -i 's|^telnyx_api_base = .*|telnyx_api_base = http://provider.example/v2|' "$CONF"
mark vals-runner
kill -HUP "$runner"
ok "the_runner_refuses_settings_it_could_not_start_with" wait_for 60 logged vals-runner 'the settings are wrong, going on with the old ones'
cat "$TEMP/vals.conf" >"$CONF"
kill -HUP "$runner"
ok "it_starts_anew_with_good_ones" wait_for 60 logged vals-runner 'at=start.*started'
is "as_the_same_process" "$(program_pid vals-runner)" "$runner"

# --- workers -------------------------------------------------------------------------

before=$(children_of "$master" | sort)
is "no_request_is_lost_while_workers_are_recycled" "$(failures 400)" 0
after=$(children_of "$master" | sort)
ok "workers_are_recycled_after_their_number_of_requests" test "$before" != "$after"

# A connection wakes one worker, and a signal ends half of them in the same moment. The master is stopped meanwhile:
# whom he would start anew would find the connection. Three stay, so that one at least serves this socket.
cat >"$TEMP/wake.pl" <<'END'
use Socket;

my ($signal, $path, @pids) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($socket, sockaddr_un($path)) or die "connect: $!";
kill $signal => @pids;
shutdown($socket, 1);
$SIG{ALRM} = sub { exit 1 };
alarm 20;
sysread($socket, my $nothing, 1);	# who accepts finds no request and closes
END

# unheard SIGNAL: how many of ten such connections nobody accepts.
unheard() {
	local i count=0
	for ((i = 0; i < 10; i++)); do
		wait_for 60 is_drained
		kill -STOP "$master"
		perl "$TEMP/wake.pl" "$1" "$VALS_API_SOCKET" $(children_of "$master" | shuf -n 3) || count=$((count + 1))
		kill -CONT "$master"
	done
	echo "$count"
}
is "no_request_is_lost_with_a_worker_that_is_told_to_go" "$(unheard TERM)" 0
is "no_request_is_lost_with_a_worker_that_is_killed" "$(unheard KILL)" 0

# A peer that begins to say what it wants and stops there keeps its worker, and there are as many as workers. nginx is none
# of these, unless it stops itself.
cat >"$TEMP/stall.pl" <<'END'
use Socket;

my ($path, $count) = @ARGV;
my @sockets = map {
	socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
	connect($socket, sockaddr_un($path)) or die "connect: $!";
	syswrite($socket, "\1");	# FCGI_VERSION_1, and no more of the head
	$socket;
} 1 .. $count;
sleep 300;
END
mark vals-api
perl "$TEMP/stall.pl" "$VALS_API_SOCKET" "$API_WORKERS" &
stalled=$!
ok "a_worker_that_waits_for_the_rest_of_a_request_is_freed" wait_for 60 logged vals-api 'hangs, killed'
is_answered() {
	[ "$(failures 1)" = 0 ]
}
ok "and_requests_are_answered_while_the_peers_are_still_there" wait_for 60 is_answered
kill "$stalled"
wait_for 60 is_drained

# start_call PHONE: in the background, while the provider takes longer than a start-call waits for him. Its status
# goes to start.status; sets LEAD and CALLER.
start_call() {
	curl -s -o /dev/null -H 'Content-Type: application/json' "$VALS_SIM_URL/_sim/faults" \
		-d '{"match":{"path":"/calls$"},"times":1,"delayBeforeMs":8000}'
	request /api/leads -H "$auth" -H 'Content-Type: application/json' -d "{\"firstName\":\"Wait\",\"lastName\":\"Long\",\"phone\":\"$1\"}"
	LEAD=$(node -e 'console.log(JSON.parse(process.argv[1]).data.id)' "$BODY")
	curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $VALS_AGENT_KEY" -H 'Content-Type: application/json' \
		-d "{\"leadId\":\"$LEAD\"}" "$VALS_URL/api/agent/start-call" >"$TEMP/start.status" &
	CALLER=$!
}

# Workers are stopped while one of them waits for the provider's answer to a start-call: that one hangs, the idle ones do not.
# hang PHONE: 0 if it was caught waiting; a busy machine may stop it too late, when it has answered.
hang() {
	local workers caught=0
	mark vals-api
	start_call "$1"
	sleep 1
	mapfile -t workers < <(children_of "$master")
	kill -STOP "${workers[@]}"
	wait_for 10 logged vals-api 'hangs, killed' || caught=1
	kill -CONT "${workers[@]}" 2>/dev/null
	wait "$CALLER"
	return "$caught"
}
hang_once() {
	local last
	for last in 3 4 5 6 7 8; do
		hang "+1312555013$last" && return
	done
}
hang_once
ok "a_worker_that_hangs_is_killed_and_named" logged vals-api 'hangs, killed'
is "it_costs_its_request" "$(cat "$TEMP/start.status")" 503
is "and_no_other_worker" "$(tail -n "+$((MARK + 1))" "$STATE/log/vals-api.log" | grep -c 'hangs, killed')" 1
is "and_nobody_else_notices" "$(failures 20)" 0

# --- the end ----------------------------------------------------------------------------------

is_started() {
	request /api/calls/active -H "$auth"
	[[ $BODY == *"$LEAD"* ]]
}
start_call +13125550140
wait_for 60 is_started
reload
wait_for 60 logged vals-api 'workers are ready'
kill -TERM "$master"
wait "$CALLER"
is "the_master_ends_when_its_old_workers_have_answered_too" "$(cat "$TEMP/start.status")" 201
ok "it_is_started_again" wait_for 60 eval '[ "$(program_pid vals-api)" != "$master" ] && [ "$(failures 1)" = 0 ]'
master=$(program_pid vals-api)

# --- rooms of a socket that does not come back ---------------------------------------------

# How many of 101 rooms one socket may join; two more it is given for its role.
rooms_joined() {
	(cd "$ROOT/tests" && TOKEN=$VALS_ADMIN_TOKEN timeout 120 node --input-type=module -e '
		import { randomUUID } from "node:crypto";
		import { io } from "socket.io-client";

		const socket = io(process.argv[1], { auth: { token: process.env.TOKEN } });
		let joined = 0;
		for (let i = 0; i < 101; i++)
			joined += (await socket.timeout(60_000).emitWithAck("join-room", `call:${randomUUID()}`)).success;
		console.log(joined);
		socket.close();' "$VALS_URL")
}
is "its_rooms_are_limited_too" "$(rooms_joined)" 98

# --- too many sockets ----------------------------------------------------------------------

# handshakes COUNT [CURL ARGUMENT...]: the statuses of so many handshakes, each once.
handshakes() {
	local i count=$1
	shift
	for ((i = 0; i < count; i++)); do
		curl -s -o /dev/null -w '%{http_code}\n' --unix-socket "$VALS_WS_SOCKET" "$@" \
			'http://vals.test/socket.io/?EIO=4&transport=polling'
	done | sort -u | paste -sd ' '
}

is "an_address_has_so_many_sockets" "$(handshakes 20 -H 'X-Real-IP: 192.0.2.7')" 200
is "and_no_more" "$(handshakes 2 -H 'X-Real-IP: 192.0.2.7')" 429
is "others_have_theirs" "$(handshakes 2 -H 'X-Real-IP: 192.0.2.8')" 200
is "until_all_places_are_taken" "$(handshakes 40 -H 'X-Real-IP: 192.0.2.9')" "200 503"
request '/socket.io/?EIO=4&transport=polling'
is "a_full_daemon_says_so_to_HTTP" "$STATUS $(header Retry-After)" "503 1"

# --- sockets from outside --------------------------------------------------------------

# What a systemd socket unit does: the sockets exist before the program and outlive it.
cat >"$TEMP/sockets.pl" <<'END'
use Socket;
use POSIX qw(dup2);

$^F = 20;	# descriptors up to here survive exec
my $program = shift;
my @sockets = map {
	socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
	unlink $_;
	bind($socket, sockaddr_un($_)) or die "bind: $!";
	$ENV{DEAF} or listen($socket, 4096) or die "listen: $!";
	chmod 0666, $_;
	$socket;
} @ARGV;
my @copies = map { fcntl($_, 0, 10) or die "dup: $!" } @sockets;	# F_DUPFD
dup2($copies[$_], 3 + $_) for 0 .. $#copies;
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, scalar @copies, 'api:waiting');
exec $program or die "exec: $!";
END
mv "$RUN/programs/vals-api" "$TEMP/vals-api"
wait_for 60 test ! -e "/proc/$master"
perl "$TEMP/sockets.pl" "$TEMP/vals-api" "$VALS_API_SOCKET" "$VALS_WAITING_SOCKET" >"$TEMP/inherited.log" 2>&1 &
parent=$!
inherits() {
	get
	[ "$STATUS" = 200 ]
}
ok "vals-api_serves_on_sockets_it_was_given" wait_for 60 inherits
kill -TERM "$parent"
wait "$parent"
ok "and_leaves_them_when_it_ends" test -S "$VALS_API_SOCKET"
DEAF=1 perl "$TEMP/sockets.pl" "$TEMP/vals-api" "$VALS_API_SOCKET" "$VALS_WAITING_SOCKET" >"$TEMP/deaf.log" 2>&1 &
parent=$!
ok "workers_whose_socket_accepts_nobody_end_with_a_failure" wait_for 60 grep -q 'died: status 1, signal 0' "$TEMP/deaf.log"
kill -TERM "$parent"
wait "$parent"
tap_done
