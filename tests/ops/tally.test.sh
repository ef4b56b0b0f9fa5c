#!/usr/bin/env bash
# tally.test.sh - failures of the tests' own runners are not overlooked
set -uo pipefail
HARNESS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../harness" && pwd)
. "$HARNESS/tap.sh"
. "$HARNESS/tally.sh"

# counts KIND TEXT
counts() {
	"parse_$1" <<<"$2"
}

is "tap_counts_points" "$(counts tap $'ok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no tool\n1..3')" "1 1 1"
is "tap_without_a_plan_fails" "$(counts tap $'ok 1 - a')" "1 1 0"
is "tap_with_missing_points_fails" "$(counts tap $'1..3\nok 1\nok 2')" "2 1 0"
is "tap_bail_out_fails" "$(counts tap $'1..1\nok 1\nBail out! no database')" "1 1 0"
is "tap_work_to_do_is_no_failure" "$(counts tap $'1..1\nnot ok 1 - a # TODO later')" "0 0 1"
is "tap_ignores_diagnostics" "$(counts tap $'# not ok\n  not ok 1\nok 1\n1..1')" "1 0 0"
is "node_counts_its_summary" "$(counts node $'# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 2\n# todo 1')" "3 2 3"
is "automake_counts_its_summary" "$(counts automake $'# TOTAL: 9\n# PASS:  4\n# SKIP:  1\n# XFAIL: 1\n# FAIL:  1\n# XPASS: 1\n# ERROR: 1')" "5 3 1"
is "vitest_counts_tests_not_files" "$(counts vitest $' Test Files  1 failed | 6 passed (7)\n      Tests  2 failed | 40 passed | 3 skipped (45)')" "40 2 3"
is "vitest_counts_in_colour" "$(counts vitest $'\e[2m      Tests \e[22m \e[1m\e[32m7 passed\e[39m\e[22m (7)')" "7 0 0"

# run KIND COMMAND...: passed and failed as run_tests adds them up.
run() {
	(
		ARTIFACTS=$(mktemp -d)
		run_tests "$1" some/test "${@:2}" >/dev/null
		rm -rf "$ARTIFACTS"
		echo "$PASSED $FAILED"
	)
}

is "a_good_run_passes" "$(run tap printf 'ok 1\n1..1\n')" "1 0"
is "a_runner_that_dies_is_a_failure" "$(run tap sh -c 'echo ok 1; echo 1..1; exit 3')" "1 1"
is "a_runner_that_says_nothing_is_a_failure" "$(run node true)" "0 1"
is "a_runner_that_hangs_is_a_failure" "$(VALS_TEST_TIMEOUT=5 run tap sh -c 'echo ok 1; echo 1..1; sleep 60')" "1 1"
tap_done
