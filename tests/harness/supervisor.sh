#!/usr/bin/env bash
# supervisor.sh - keep alive what lies in RUN/programs
#
#	supervisor.sh RUN LOGS
#
# Five times a second: start what is there and does not run, end what runs and is no longer
# there.  A program that dies is started again at once, or after half a second if it had
# lived less than one.  Each program is the leader of its own process group, and what it
# leaves behind when it dies is killed, so that an orphan cannot hold a port or socket.
# TERM ends everything, the program marked "end: last" after the others.
set -uo pipefail
export LC_ALL=C

run=$1
logs=$2
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=programs.sh
. "$here/programs.sh"

declare -A pids started not_before signals lasts
stopping=
trap 'stopping=yes' TERM INT HUP
exec {tick}<> <(:)

# Milliseconds of the wall clock; only differences of moments are used.
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

write_file() {
	printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"
}

start() {
	local name=$1
	# A shell without job control has its children ignore INT, which ends PostgreSQL.
	env --default-signal=INT,QUIT setsid "$run/programs/$name" \
		</dev/null >>"$logs/$name.log" 2>&1 {tick}<&- &
	pids[$name]=$!
	# Remembered, since the file may be gone when the program is to end.
	signals[$name]=$(sed -n 's/^# end-with: //p' "$run/programs/$name")
	lasts[$name]=$(sed -n 's/^# end: //p' "$run/programs/$name")
	started[$name]=$(now_ms)
	write_file "$run/$name.born" "$(born $!)"
	write_file "$run/$name.pid" $!
}

# bury NAME: it is dead; leave no process of it.  Its pid file stays until the next start writes
# another, so that whoever reads it finds a number at any time.
bury() {
	local name=$1 now
	now=$(now_ms)
	kill -KILL -- "-${pids[$name]}" 2>/dev/null
	not_before[$name]=$((now - started[$name] < 1000 ? now + 500 : now))
	unset "pids[$name]"
}

bury_dead() {
	local name
	for name in "${!pids[@]}"; do
		kill -0 "${pids[$name]}" 2>/dev/null || {
			echo "$(date -Is) $name ended"
			bury "$name"
		}
	done
}

start_missing() {
	local file name
	for file in "$run"/programs/*; do
		name=${file##*/}
		[[ -x $file && $name != *.* && -z ${pids[$name]-} ]] || continue
		(($(now_ms) >= ${not_before[$name]:-0})) || continue
		start "$name"
	done
}

# end NAME...: ask, wait up to ten seconds, insist.
end() {
	local name ticks=0
	for name in "$@"; do
		kill -"${signals[$name]:-TERM}" "${pids[$name]}" 2>/dev/null
	done
	while ((ticks++ < 100)) && any_lives "$@"; do
		read -r -t 0.1 -u "$tick"
	done
	for name in "$@"; do
		bury "$name"
		rm -f "$run/$name.pid" "$run/$name.born"
	done
}

any_lives() {
	local name
	for name in "$@"; do
		kill -0 "${pids[$name]}" 2>/dev/null && return 0
	done
	return 1
}

end_unwanted() {
	local name
	for name in "${!pids[@]}"; do
		[ -e "$run/programs/$name" ] || end "$name"
	done
}

end_all() {
	local name first=() last=()
	for name in "${!pids[@]}"; do
		if [ "${lasts[$name]}" = last ]; then
			last+=("$name")
		else
			first+=("$name")
		fi
	done
	end "${first[@]}"
	end "${last[@]}"
}

write_file "$run/supervisor.born" "$(born $$)"
write_file "$run/supervisor.pid" $$
while [ -z "$stopping" ]; do
	bury_dead
	end_unwanted
	start_missing
	read -r -t 0.2 -u "$tick"
done
end_all
rm -f "$run/supervisor.pid" "$run/supervisor.born"
