# say.sh - words for the person at the terminal

# Progress goes to standard error, so that `./dev env` and its like stay clean.
say() {
	printf '%s\n' "$*" >&2
}

warn() {
	printf 'dev: %s\n' "$*" >&2
}

# A temporary test state must not lie around because of an early end; see on_exit.
die() {
	warn "$*"
	exit 1
}

# Run a command whose output only matters when it fails.  The log is kept.
# quietly LOGFILE COMMAND...
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		warn "failed: $* (whole log: $log)"
		return 1
	fi
}

# wait_for SECONDS COMMAND...: repeat until it succeeds; 1 when the time is over.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# Commands to run when the script ends, newest first.
EXIT_COMMANDS=()

on_exit() {
	EXIT_COMMANDS=("$1" "${EXIT_COMMANDS[@]}")
}

run_exit_commands() {
	local status=$? command
	trap - EXIT
	# A second Ctrl-C must not interrupt the cleaning up.
	trap '' INT TERM HUP
	for command in "${EXIT_COMMANDS[@]}"; do
		"$command" "$status" || warn "$command failed"
	done
	exit "$status"
}
trap run_exit_commands EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
