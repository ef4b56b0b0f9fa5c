# stack.sh - installations for the tests of this folder
#
# Sourced.  Each test file starts its own with ./dev, in a folder of its own, and whatever it
# started is stopped and removed when it ends.

DEV=${VALS_DEV:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/dev}
ROOT=$(dirname "$DEV")
. "$ROOT/tests/harness/tap.sh"
. "$ROOT/tests/harness/programs.sh"

TEMP=$(mktemp -d /tmp/vals-ops.XXXXXX)
chmod 711 "$TEMP"
STATES=()
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

stacks_remove() {
	local state
	for state in "${STATES[@]}"; do
		"$DEV" down --state "$state" || true
		keep_logs "$state"
		remove_state "$state"
	done
	rm -rf "$TEMP"
}
trap stacks_remove EXIT
trap 'exit 143' TERM INT

keep_logs() {
	local to=${VALS_ARTIFACTS:-}
	[ -n "$to" ] && [ -d "$1/log/" ] || return 0
	to=$to/ops/$(basename "$0" .test.sh)-$(basename "$1")
	mkdir -p "$to"
	cp -R "$1/log/." "$to/"
}

# Root's states have their data elsewhere; log/ leads there.
remove_state() {
	local data
	data=$(readlink -f "$1/log" || true)
	[ -z "$data" ] || rm -rf "$(dirname "$data")"
	rm -rf "$1"
}

free_port() {
	node -e 'const s = require("net").createServer();
		s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

# use_state NAME: the state the functions below speak of.
use_state() {
	STATE=$TEMP/$1
	RUN=$STATE/run
}

# new_state NAME: choose it, with a port of its own.
new_state() {
	use_state "$1"
	STATES+=("$STATE")
	PORT=$(free_port)
}

# start [OPTION...]: ./dev up for the chosen state, without demo data.
start() {
	"$DEV" up --detach --no-demo --state "$STATE" --port "$PORT" "$@" </dev/null >"$TEMP/up.log" 2>&1 || {
		cat "$TEMP/up.log"
		echo "Bail out! ./dev up failed"
		exit 1
	}
	load_env
}

load_env() {
	eval "$("$DEV" env --state "$STATE")"
}

# Wait for a command, up to so many seconds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# request PATH [CURL ARGUMENT...]: sets STATUS, HEADERS and BODY.
request() {
	local path=$1
	shift
	STATUS=$(curl -s --path-as-is --max-time 120 -o "$TEMP/body" -D "$TEMP/headers" -w '%{http_code}' "$@" "$VALS_URL$path")
	HEADERS=$(tr -d '\r' <"$TEMP/headers" 2>/dev/null)
	BODY=$(tr -d '\0' <"$TEMP/body" 2>/dev/null)
}

# header NAME: its values in the last answer, one a line.
header() {
	sed -n "s/^$1: //Ip" <<<"$HEADERS"
}

# children_of PID
children_of() {
	local file stat
	for file in /proc/[0-9]*/stat; do
		# Without a process for each: on a machine with many they would take seconds.
		{ read -r stat <"$file"; } 2>/dev/null || continue
		# shellcheck disable=SC2086
		set -- "$1" ${stat##*) }
		[ "$3" != "$1" ] || basename "$(dirname "$file")"
	done
}

# processes_naming TEXT: pids of processes with it in their command line, this one excepted.
processes_naming() {
	local dir
	for dir in /proc/[0-9]*; do
		[ "${dir##*/}" != $$ ] && [ "${dir##*/}" != "$BASHPID" ] || continue
		grep -qaF -- "$1" "$dir/cmdline" 2>/dev/null && echo "${dir##*/}"
	done
	return 0
}

port_open() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
