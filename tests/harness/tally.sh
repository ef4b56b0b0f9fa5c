# tally.sh - count what test runners of several kinds report
#
# Each parser reads a runner's output on standard input and prints "passed failed skipped".

# TAP at the left margin, as pgTAP and our shell tests print it.  A missing plan, a wrong
# count and a bail-out are failures too.
parse_tap() {
	awk '
		/^ok / && /# *(SKIP|skip)/ { skipped++; seen++; next }
		/^ok( |$)/ { passed++; seen++ }
		/^not ok/ && /# *(TODO|todo)/ { skipped++; seen++; next }
		/^not ok/ { failed++; seen++ }
		/^1\.\.[0-9]+/ { planned = 1; plan = substr($1, 4) + 0 }
		/^Bail out!/ { failed++ }
		END {
			if (!planned || plan != seen)
				failed++
			print passed + 0, failed + 0, skipped + 0
		}'
}

# The summary of node --test.
parse_node() {
	awk '
		/^# pass / { passed = $3 }
		/^# (fail|cancelled) / { failed += $3 }
		/^# (skipped|todo) / { skipped += $3 }
		END { print passed + 0, failed + 0, skipped + 0 }'
}

# The summary of automake's test driver.
parse_automake() {
	awk '
		/^# (PASS|XFAIL):/ { passed += $3 }
		/^# (FAIL|XPASS|ERROR):/ { failed += $3 }
		/^# SKIP:/ { skipped += $3 }
		END { print passed + 0, failed + 0, skipped + 0 }'
}

# The last "Tests" line of vitest: Tests  1 failed | 40 passed | 2 skipped (43)
parse_vitest() {
	sed 's/\x1b\[[0-9;]*m//g' | awk '
		/^ *Tests +/ {
			passed = failed = skipped = 0
			for (i = 2; i <= NF; i++) {
				if ($i == "passed") passed = $(i - 1)
				if ($i == "failed") failed = $(i - 1)
				if ($i == "skipped" || $i == "todo") skipped += $(i - 1)
			}
		}
		END { print passed + 0, failed + 0, skipped + 0 }'
}

PASSED=0
FAILED=0
SKIPPED=0

# tally NAME PASSED FAILED SKIPPED SECONDS: add and tell.
tally() {
	PASSED=$((PASSED + $2))
	FAILED=$((FAILED + $3))
	SKIPPED=$((SKIPPED + $4))
	local verdict=ok
	(($3 == 0)) || verdict=FAILED
	printf '%-7s %-46s %4d passed' "$verdict" "$1" "$2"
	(($3 == 0)) || printf ', %d failed' "$3"
	(($4 == 0)) || printf ', %d skipped' "$4"
	printf ' (%d s)\n' "$5"
}

# What of a log explains a failure: the failing points with what follows them, else its end.
tally_explain() {
	local points
	points=$(grep -aE -A 25 '^ *not ok|^Bail out!|^(FAIL|ERROR):| FAIL ' "$1" | head -n 150 || true)
	if [ -n "$points" ]; then
		printf '%s\n' "$points"
	else
		tail -n 40 "$1"
	fi | sed 's/^/        | /'
}

TESTS_PID=

# On the way out: the runner, should one be at work.
stop_tests() {
	[ -n "$TESTS_PID" ] || return 0
	kill -TERM "$TESTS_PID" 2>/dev/null || true
	wait "$TESTS_PID" || true
}

# run_tests KIND NAME COMMAND...: run it with its output in the artifacts, count it.  A runner that
# fails without naming a failure, or says nothing at all, counts as one failure.
run_tests() {
	local kind=$1 name=$2 log=$ARTIFACTS/$2.log status=0 begin=$SECONDS
	local passed failed skipped
	shift 2
	mkdir -p "$(dirname "$log")"
	# In the background, so that Ctrl-C ends the waiting; the tests themselves end in stop_tests.
	timeout -k 10 "${VALS_TEST_TIMEOUT:-600}" "$@" >"$log" 2>&1 </dev/null &
	TESTS_PID=$!
	wait "$TESTS_PID" || status=$?
	TESTS_PID=
	((status != 124)) || echo "Bail out! ended after ${VALS_TEST_TIMEOUT:-600} s" >>"$log"
	read -r passed failed skipped < <("parse_$kind" <"$log")
	if ((failed == 0 && (status != 0 || passed + skipped == 0))); then
		failed=1
	fi
	tally "$name" "$passed" "$failed" "$skipped" $((SECONDS - begin))
	((failed == 0)) || tally_explain "$log"
}
