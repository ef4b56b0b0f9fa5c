#!/usr/bin/env bash
# layout.sh - the rules for lines of C, which clang-format cannot hold without undoing tables
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

FUNCTION_MAX=80
# The aim is 100 columns with tabs of eight; this is where reading becomes work.
LINE_MAX=140

sources() {
	find common fcgi runner ws ctl tests/unit -name '*.[ch]' | sort
}

# Body lines of each function: from the line that names it to the closing brace.
long_functions() {
	sources | grep '\.c$' | xargs awk -v max="$FUNCTION_MAX" '
		/^[a-z_][a-z_0-9]*\(/ { name = $0; start = FNR }
		/^}/ {
			if (start && FNR - start > max)
				printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start, name
			start = 0
		}'
}

# Rows of a table may be longer: they are read as columns.
long_lines() {
	sources | xargs awk -v max="$LINE_MAX" '
		{ line = $0; gsub(/\t/, "        ", line) }
		length(line) > max && line !~ /^ *[{[]/ && line !~ /^(SETTING|STMT|#define)/ {
			printf "%s:%d: %d columns\n", FILENAME, FNR, length(line)
		}'
}

type_beside_name() {
	sources | grep '\.c$' | xargs awk '
		/^(static |const |struct |enum |unsigned )*[a-z_0-9]+ \*?[a-z_0-9]+\(.*[^;,]$/ && !/[{;=]/ {
			line = FILENAME ":" FNR ": " $0
			getline
			if (/^\{/) print line
		}'
}

empty "functions_have_at_most_${FUNCTION_MAX}_lines" "$(long_functions)"
empty "lines_have_at_most_${LINE_MAX}_columns" "$(long_lines)"
empty "the_return_type_stands_on_its_own_line" "$(type_beside_name)"
empty "indentation_is_tabs" "$(sources | xargs grep -nE '^(    )+ {4,}[^ *]|^ {8}')"
empty "no_blanks_at_the_end_of_a_line" "$(sources | xargs grep -nE '[[:blank:]]+$')"
empty "no_commented_out_code" "$(sources | xargs grep -nE '^[[:space:]]*//|/\* *[a-z_]+\([^)]*\);')"
empty "no_work_left_for_later" "$(sources | xargs grep -nwE 'TODO|FIXME|XXX|HACK')"
empty "no_unit_test_skips" "$(grep -nw 'skip()' tests/unit/*.c)"	# cmocka calls that "not ok"
tap_done
