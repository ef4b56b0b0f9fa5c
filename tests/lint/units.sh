#!/usr/bin/env bash
# units.sh - the systemd units give away as little as was promised
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

# The score of systemd-analyze times ten: 15 is an exposure of 1.5.
THRESHOLD=15

exposed() {
	local unit dir
	dir=$(mktemp -d)
	for unit in systemd/*.service.in; do
		sed -e 's|@sbindir@|/usr/sbin|; s|@docdir@|/usr/share/doc/vals|; s|@runstatedir@|/run|; s|@localstatedir@|/var|' "$unit" >"$dir/$(basename "$unit" .in)"
		systemd-analyze security --offline=true --threshold="$THRESHOLD" "$dir/$(basename "$unit" .in)" >"$dir/out" 2>&1 ||
			echo "$unit: $(tail -n 1 "$dir/out")"
	done
	rm -rf "$dir"
}

# Each unit starts a program that is built, and each daemon has a unit.
unknown() {
	local unit
	for unit in systemd/*.service.in; do
		grep -q "^sbin_PROGRAMS += $(basename "$unit" .service.in)\$" ./*/local.mk || echo "$unit: no such program"
	done
	for program in $(sed -nE 's/^sbin_PROGRAMS \+= (vals-.*)$/\1/p' ./*/local.mk); do
		[ -f "systemd/$program.service.in" ] || echo "$program: no unit"
	done
}

# A folder in /run which a unit makes is given to its group with all sockets in it; a call that is not
# allowed fails instead of killing; a small machine has no /bin/kill.  And the realtime daemon's socket
# is born in the group of the others.
careless() {
	local group
	grep -l '^RuntimeDirectory=' systemd/*.in
	grep -L '^SystemCallErrorNumber=EPERM$' systemd/*.service.in
	grep -H '^ExecReload=/bin/kill' systemd/*.service.in
	group=$(sed -n 's/^SocketGroup=//p' systemd/*.socket.in | sort -u)
	[ "$(sed -n 's/^Group=//p' systemd/vals-ws.service.in)" = "$group" ] || echo "vals-ws: its group is not $group"
}

if command -v systemd-analyze >/dev/null; then
	empty "units_are_exposed_at_most_1_5" "$(exposed)"
fi
empty "every_daemon_has_its_unit" "$(unknown)"
empty "what_is_in_the_units_leaves_nginx_its_sockets" "$(careless)"
tap_done
