# tap.sh - test points in shell; sourced by tests/ops and tests/lint
#
# A test is a sentence about behaviour and a verdict.  A script ends with tap_done, which prints the
# plan: one that dies on the way is known by its missing plan.

TAP_COUNT=0
TAP_FAILED=0

# ok SENTENCE COMMAND...: passes if the command succeeds; its output explains a failure.
ok() {
	local sentence=$1 output
	shift
	TAP_COUNT=$((TAP_COUNT + 1))
	if output=$("$@" 2>&1); then
		echo "ok $TAP_COUNT - $sentence"
	else
		TAP_FAILED=$((TAP_FAILED + 1))
		echo "not ok $TAP_COUNT - $sentence"
		printf '%s\n' "$output" | head -n 40 | sed 's/^/# /'
	fi
}

# is SENTENCE GOT EXPECTED
is() {
	ok "$1" tap_same "$2" "$3"
}

tap_same() {
	[ "$1" = "$2" ] || {
		printf 'got      %s\nexpected %s\n' "$1" "$2"
		return 1
	}
}

# like SENTENCE GOT REGEX: an extended one, anywhere in the text.
like() {
	ok "$1" tap_matches "$2" "$3"
}

tap_matches() {
	grep -qE -- "$2" <<<"$1" || {
		printf 'got      %s\nexpected to match %s\n' "$1" "$2"
		return 1
	}
}

# empty SENTENCE TEXT: for lists of what is wrong.
empty() {
	is "$1" "$2" ""
}

# Print the plan; the status says whether all passed.
tap_done() {
	echo "1..$TAP_COUNT"
	((TAP_FAILED == 0))
}
