# programs.sh - what runs, and how the supervisor starts it
#
# A program is a file in RUN/programs: a script that becomes the program.  The supervisor keeps
# alive exactly what lies there, so to start is to write the file and to stop is to
# remove it.  Two comments in the file tell it how to end the program.

# program NAME SIGNAL COMMAND...: have it run, ended by SIGNAL.  Lines of shell on standard input
# come before the command: its environment.
program() {
	local name=$1 signal=$2 file=$RUN/programs/$1
	shift 2
	{
		echo '#!/usr/bin/env bash'
		echo "# end-with: $signal"
		[ "$name" != postgres ] || echo '# end: last'
		cat
		printf 'exec'
		printf ' %q' "${AS[@]}" "$@"
		echo
	} >"$file.new"
	chmod 700 "$file.new"
	# The supervisor looks at names without a dot only.
	mv "$file.new" "$file"
}

# program_signal NAME: what ends it.
program_signal() {
	sed -n 's/^# end-with: //p' "$RUN/programs/$1" 2>/dev/null | grep . || echo TERM
}

program_pid() {
	cat "$RUN/$1.pid" 2>/dev/null
}

# program_lives NAME
program_lives() {
	local pid
	pid=$(program_pid "$1") && is_born "$pid" "$(cat "$RUN/$1.born" 2>/dev/null)"
}

# born PID: when the process began, in ticks since boot; tells it from a later one
# with the same number.  The name in /proc/PID/stat may hold blanks, so cut after it.
born() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	echo "${20}"
}

# is_born PID TICKS: the process exists and is that one.
is_born() {
	[ -n "$1" ] && [ -n "$2" ] && [ "$(born "$1")" = "$2" ]
}

# Environment all our programs share; the private places win over the user's environment.
programs_env() {
	printf 'export %s=%q\n' VALS_CONF "$DATA/conf/vals.conf" DATABASE_URL "$DATABASE_URL_PATH" \
		API_SOCKET "$API_SOCKET_PATH" WAITING_SOCKET "$WAITING_SOCKET_PATH" \
		JWT_KEYS_DIR "$DATA/jwt" RECORDINGS_DIR "$DATA/recordings"
	echo 'unset DATABASE_LISTEN_URL SOCKET_GROUP WS_SOCKET WS_NODE'
	if [ -n "$SIM_URL" ]; then
		echo 'unset TELNYX_API_BASE TELNYX_API_KEY TELNYX_PUBLIC_KEY'
	fi
}

program_postgres() {
	# By its own name only: the state's environment must not reach it as PG* settings.
	program postgres INT "$(pg_bin)/postgres" -D "$DATA/pg" <<<'unset ${!PG@}'
}

# With the demo some of its leads hang up in the middle.
program_simulator() {
	local scenario=$DATA/tests/telnyx-sim/scenario.json
	[ -n "$OPT_NO_DEMO" ] || scenario=$DATA/tests/demo/scenario.json
	program telnyx-sim TERM node "$DATA/tests/telnyx-sim/main.mjs" --port "${SIM_URL##*:}" \
		--log-max "${VALS_SIM_LOG_MAX:-20000}" --key-file "$DATA/conf/sim-webhook.key" \
		--scenario "$scenario" </dev/null
}

program_api() {
	# As in its unit: nginx goes first.
	program vals-api TERM nice -n 5 "$DATA/bin/vals-api" < <(programs_env)
}

# program_ws COUNT: vals-ws, vals-ws-2, ...
program_ws() {
	local n name
	for ((n = 1; n <= $1; n++)); do
		name=vals-ws
		((n == 1)) || name=vals-ws-$n
		program "$name" TERM "$DATA/bin/vals-ws" < <(
			programs_env
			printf 'export WS_SOCKET=%q WS_NODE=%d\n' "$(ws_socket "$n")" $((n - 1))
		)
	done
}

# program_runners COUNT: vals-runner, vals-runner-2, ...
program_runners() {
	local n name
	for ((n = 1; n <= $1; n++)); do
		name=vals-runner
		((n == 1)) || name=vals-runner-$n
		program "$name" TERM "$DATA/bin/vals-runner" < <(programs_env)
	done
}

# nginx_render WSCOUNT: its configuration.
nginx_render() {
	local n sockets=
	for ((n = 1; n <= $1; n++)); do
		sockets+=,$(ws_socket "$n")
	done
	service_folder "$DATA/nginx"
	service_folder "$DATA/nginx/tmp"
	"$DATA/share/nginx/render.sh" "$DATA/nginx" API_SOCKET="$API_SOCKET_PATH" \
		WAITING_SOCKET="$WAITING_SOCKET_PATH" WS_SOCKETS="${sockets#,}" \
		DASHBOARD="$DATA/dashboard" DOCS="$DATA/share/docs" RECORDINGS="$DATA/recordings" LISTEN="127.0.0.1:$OPT_PORT" LOGDIR="$LOGS" \
		ALLOWED_ORIGINS="${ALLOWED_ORIGINS-http://localhost:3000}" \
		FLOOD_RATE="${FLOOD_RATE:-1000000}" FLOOD_BURST="${FLOOD_BURST:-1000000}" \
		PIDFILE="$DATA/nginx/nginx.pid" TEMPDIR="$DATA/nginx/tmp"
	chown -R "$SERVICE_USER" "$DATA/nginx"
}

program_nginx() {
	local nginx
	nginx=$(command -v nginx || echo /usr/sbin/nginx)
	program nginx TERM "$nginx" -e "$LOGS/nginx.error.log" -c "$DATA/nginx/nginx.conf" </dev/null
}

program_demo() {
	program demo-driver TERM node "$DATA/tests/demo/driver.mjs" < <(
		printf 'export %s=%q\n' VALS_URL "http://127.0.0.1:$OPT_PORT" VALS_SIM_URL "$SIM_URL"
		printf 'VALS_AGENT_KEY=$(cat %q)\nexport VALS_AGENT_KEY\n' "$SECRETS/agent-key"
	)
}
