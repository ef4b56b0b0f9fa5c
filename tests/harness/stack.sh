# stack.sh - up, down, restart, env

options_default() {
	OPT_STATE=${VALS_STATE:-$ROOT/var}
	OPT_PORT=8080
	OPT_DETACH=
	OPT_NO_DEMO=
	OPT_NO_SIM=
	OPT_WS=1
	OPT_RUNNERS=1
	OPT_REST=()
}

# positive NAME VALUE: a count from 1 to 99, or the end.
positive() {
	[[ $2 =~ ^[1-9][0-9]?$ ]] || die "$1 takes a number from 1 to 99"
}

options_parse() {
	options_default
	while (($#)); do
		case $1 in
		--detach) OPT_DETACH=yes ;;
		--no-demo) OPT_NO_DEMO=yes ;;
		--no-sim) OPT_NO_SIM=yes ;;
		--port | --state | --ws | --runners)
			(($# > 1)) || die "$1 takes a value"
			case $1 in
			--port) OPT_PORT=$2 ;;
			--state) OPT_STATE=$2 ;;
			--ws) OPT_WS=$2 ;;
			--runners) OPT_RUNNERS=$2 ;;
			esac
			shift
			;;
		-*) die "unknown option $1" ;;
		*) OPT_REST+=("$1") ;;
		esac
		shift
	done
	[[ $OPT_PORT =~ ^[0-9]{2,5}$ ]] && ((OPT_PORT <= 65535)) || die "--port takes a TCP port"
	positive --ws "$OPT_WS"
	positive --runners "$OPT_RUNNERS"
	state_name "$OPT_STATE"
}

# --- is it up? -----------------------------------------------------------

supervisor_lives() {
	is_born "$(cat "$RUN/supervisor.pid" 2>/dev/null)" "$(cat "$RUN/supervisor.born" 2>/dev/null)"
}

stack_url() {
	cat "$RUN/url" 2>/dev/null
}

# --- start ---------------------------------------------------------------

# Copy what this state runs, so that a later build does not change it under way.
stack_install() {
	local prefix
	prefix=$(flavour_prefix "$1")
	mkdir -p "$DATA/bin" "$DATA/share"
	install -m 755 -t "$DATA/bin" "$prefix"/sbin/*
	rm -rf "$DATA/share/sql" "$DATA/share/nginx" "$DATA/share/docs" "$DATA/dashboard.new" "$DATA/tests"
	cp -R "$prefix/share/vals/." "$DATA/share/"
	cp -R "$BUILD/web/dist" "$DATA/dashboard.new"
	rm -rf "$DATA/dashboard"
	mv "$DATA/dashboard.new" "$DATA/dashboard"
	mkdir -p "$DATA/tests"
	cp -R "$ROOT"/tests/{package.json,node_modules,telnyx-sim,demo} "$DATA/tests/"
	chmod -R a+rX "$DATA/bin" "$DATA/share" "$DATA/dashboard" "$DATA/tests"
}

supervisor_start() {
	rm -f "$RUN"/programs/*
	# nginx and vals-ws hold many connections, each a descriptor.
	ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
	setsid "$HARNESS/supervisor.sh" "$RUN" "$LOGS" </dev/null >>"$LOGS/supervisor.log" 2>&1 \
		{STACK_LOCK}>&- &
	disown
	wait_for 5 supervisor_lives || die "the supervisor did not start"
}

database_start() {
	cluster_init
	program_postgres
	wait_for 30 cluster_ready || die "PostgreSQL did not start; see $LOGS/postgres.log"
	database_make vals
	ctl migrate --sql "$DATA/share/sql" >"$LOGS/migrate.log" 2>&1 || {
		tail -n 20 "$LOGS/migrate.log" >&2
		die "valsctl migrate failed"
	}
	keys_make
	accounts_make
}

demo_load() {
	[ -z "$OPT_NO_DEMO" ] && [ ! -e "$DATA/demo-loaded" ] || return 0
	say "loading demo data"
	superuser_psql vals -f "$ROOT/tests/demo/data.sql" >/dev/null
	touch "$DATA/demo-loaded"
}

# Each program that is to run has been started.
programs_live() {
	local file
	for file in "$RUN"/programs/*; do
		[[ ${file##*/} == *.* ]] || program_lives "${file##*/}" || return 1
	done
}

is_ready() {
	programs_live && [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "$1/readyz")" = 200 ] &&
		curl -s --max-time 5 "$1/socket.io/?EIO=4&transport=polling" | grep -q '^0{'
}

stack_wait_ready() {
	local url=http://127.0.0.1:$OPT_PORT
	wait_for 60 is_ready "$url" && return
	curl -s --max-time 5 "$url/readyz" >&2 || true
	die "not ready after a minute; see $LOGS"
}

# --- stop ----------------------------------------------------------------

program_dead() {
	! program_lives "$1"
}

# Programs whose supervisor was killed: stop them by recorded pid, if it is still theirs.  A process
# group whose leader is gone is theirs too: its number is not given away while it has members.
leftovers_stop() {
	local file name pid
	for file in "$RUN"/*.pid; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .pid)
		pid=$(program_pid "$name")
		if program_lives "$name"; then
			kill -"$(program_signal "$name")" "$pid"
			wait_for 10 program_dead "$name" || kill -KILL "$pid"
		fi
		[ -e "/proc/$pid" ] || kill -KILL -- "-$pid" 2>/dev/null || true
		rm -f "$file" "$RUN/$name.born"
	done
}

supervisor_gone() {
	! supervisor_lives
}

stack_stop() {
	if supervisor_lives; then
		kill -TERM "$(program_pid supervisor)"
		wait_for 30 supervisor_gone || kill -KILL "$(program_pid supervisor)"
	fi
	leftovers_stop
	rm -rf "$RUN"/programs "$RUN/url" "$SOCKETS"
}

# An up that fails leaves nothing running.
stack_abort() {
	[ -n "$STACK_STARTING" ] || return 0
	stack_stop
}

STACK_STARTING=

# stack_up FLAVOUR: with the options parsed before.
stack_up() {
	state_make
	leftovers_stop
	! port_taken "$OPT_PORT" || die "port $OPT_PORT is taken; choose another with --port"
	STACK_STARTING=yes
	on_exit stack_abort
	stack_install "$1"
	settings_write
	supervisor_start
	database_start
	[ -z "$SIM_URL" ] || program_simulator
	demo_load
	program_api
	program_ws "$OPT_WS"
	program_runners "$OPT_RUNNERS"
	nginx_render "$OPT_WS"
	program_nginx
	stack_wait_ready
	[ -n "$OPT_NO_DEMO" ] || program_demo
	stack_record
	STACK_STARTING=
}

# What `env` needs later.
stack_record() {
	printf '%s\n' "$SIM_URL" >"$RUN/sim-url"
	printf '%s\n' "http://127.0.0.1:$OPT_PORT" >"$RUN/url"
}

# stack_build FLAVOUR: everything `up` installs into a state.
stack_build() {
	build_programs "$1"
	build_dashboard
	build_test_tools
}

stack_lock() {
	mkdir -p "$RUN"
	exec {STACK_LOCK}>"$RUN/lock"
	flock -n "$STACK_LOCK" || {
		say "another ./dev is at work on $STATE"
		exit 0
	}
}

# --- commands --------------------------------------------------------------

cmd_up() {
	options_parse "$@"
	((${#OPT_REST[@]} == 0)) || die "up takes no arguments"
	stack_lock
	if supervisor_lives; then
		say "already up: $(stack_url) (state $STATE); stop it with ./dev down"
		return 0
	fi
	packages_need up
	stack_build "${VALS_FLAVOUR:-plain}"
	stack_up "${VALS_FLAVOUR:-plain}"
	cat <<-END

	VALS is up:  $(stack_url)
	  sign in    $ADMIN_EMAIL
	  password   $(secret admin-password)
	END
	exec {STACK_LOCK}>&-
	[ -n "$OPT_DETACH" ] || stack_attend
}

# In the foreground: until Ctrl-C, or until `down` elsewhere.
stack_attend() {
	echo "  stop       Ctrl-C"
	on_exit stack_stop
	while supervisor_lives; do
		sleep 0.5
	done
}

cmd_down() {
	options_parse "$@"
	if [ ! -d "$RUN" ]; then
		say "nothing is up in $STATE"
		return 0
	fi
	stack_stop
}

cmd_restart() {
	options_parse "$@"
	local name=${OPT_REST[0]-} old
	[ -n "$name" ] || die "restart takes a program: $(cd "$RUN/programs" 2>/dev/null && echo *)"
	program_lives "$name" || die "$name does not run in $STATE"
	old=$(program_pid "$name")
	case $name in
	vals-api | nginx) kill -HUP "$old" ;;
	*)
		kill -"$(program_signal "$name")" "$old"
		wait_for 30 program_replaced "$name" "$old" || die "$name did not come back"
		;;
	esac
}

# program_replaced NAME OLDPID
program_replaced() {
	[ "$(program_pid "$1")" != "$2" ] && program_lives "$1"
}

cmd_env() {
	options_parse "$@"
	supervisor_lives || die "nothing is up in $STATE"
	local sim_url
	sim_url=$(cat "$RUN/sim-url")
	printf '%s=%q\n' \
		VALS_URL "$(stack_url)" \
		VALS_DATABASE_URL "$DATABASE_URL_PATH&user=postgres" \
		VALS_ADMIN_EMAIL "$ADMIN_EMAIL" \
		VALS_ADMIN_PASSWORD "$(secret admin-password)" \
		VALS_ADMIN_TOKEN "$(ctl token --email "$ADMIN_EMAIL" --ttl 12h)" \
		VALS_AGENT_KEY "$(secret agent-key)" \
		VALS_SIM_URL "$sim_url" \
		VALS_BIN "$DATA/bin" \
		VALS_SIM_KEY_FILE "$DATA/conf/sim-webhook.key" \
		VALS_API_SOCKET "$API_SOCKET_PATH" \
		VALS_WAITING_SOCKET "$WAITING_SOCKET_PATH" \
		VALS_WS_SOCKET "$WS_SOCKET_PATH" \
		VALS_STATE "$STATE"
}
