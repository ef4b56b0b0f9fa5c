#!/usr/bin/env bash
# man.sh - every program has a page, and the pages are well formed
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

missing() {
	local program
	for program in $(sed -nE 's/^sbin_PROGRAMS \+= (.*)$/\1/p' ./*/local.mk); do
		[ -f "docs/man/$program.8" ] && grep -q "docs/man/$program\.8" docs/local.mk || echo "$program"
	done
}

# Words of a command of valsctl which its page does not list in this order.
unknown_commands() {
	local first second
	sed -nE 's/^\t\{ \{ "([a-z]+)", (NULL|"([a-z]+)") \}.*/\1 \3/p' ctl/main.c |
		while read -r first second; do
			grep -qE "^\.It Cm $first${second:+ Cm $second}( |\$)" docs/man/valsctl.8 || echo "$first $second"
		done
}

malformed() {
	local page
	for page in docs/man/*.8; do
		MANWIDTH=80 groff -mandoc -Tutf8 -ww -z "$page" 2>&1
	done
}

empty "every_program_has_a_page_that_is_installed" "$(missing)"
empty "the_page_of_valsctl_lists_its_commands" "$(unknown_commands)"
if command -v groff >/dev/null; then
	empty "the_pages_are_well_formed" "$(malformed)"
fi
tap_done
