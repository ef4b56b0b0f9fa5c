#!/usr/bin/env bash
# sql.sh - C holds no SQL
#
# Statements are rows of stmts.def, expanded in stmts.c into a call of one function; the database
# layer itself knows begin, commit, rollback, listen and notify.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

# String literals with the words of a statement in their places.
statements='select[[:space:]].*from[[:space:]]|select[[:space:]]+[a-z_]+\.[a-z_]+\(|insert[[:space:]]+into[[:space:]]'
statements+='|update[[:space:]].*[[:space:]]set[[:space:]]|delete[[:space:]]+from[[:space:]]|truncate[[:space:]]+[a-z_]+\.'
statements+='|(create|alter|drop)[[:space:]]+(or[[:space:]]|table|function|index|role|schema|extension|temp|database|type)'
statements+='|lock[[:space:]]+table|copy[[:space:]].*[[:space:]](from|to)[[:space:]]|grant[[:space:]].*[[:space:]]on[[:space:]]'
statements+='|set[[:space:]]+(local|session|role)[[:space:]]'
joints='[[:space:]](from|into|where|join|returning)[[:space:]]+(vals|api|feed|run|admin|pg_catalog)\.'

found() {
	grep -rniE "\"[[:space:]]*($statements)[^\"]*|\"[^\"]*($joints)" --include='*.[ch]' common fcgi runner ws ctl |
		grep -vE '^[a-z]+/(stmts\.c|statement\.h):|^[^:]+:[0-9]+:[[:space:]]*/?\*'
}

# Lines of stmts.def are comments and STMT(name, arity).
odd_rows() {
	grep -nHvE '^(STMT\([a-z_0-9]+, [0-9]+\)|/\*.*|[[:space:]]\*.*|)$' */stmts.def
}

# Every statement has its function in sql/.
without_function() {
	local file name schema
	for file in */stmts.def; do
		case ${file%/*} in
		fcgi) schema=api ;;
		ws) schema=feed ;;
		runner) schema=run ;;
		ctl) schema=admin ;;
		esac
		sed -nE 's/^STMT\(([a-z_0-9]+),.*/\1/p' "$file" | while read -r name; do
			grep -rqE "create or replace function $schema\.$name\(" sql ||
				echo "$file: no function $schema.$name"
		done
	done
}

# An advisory lock has one purpose: its number is taken in one place.
shared_locks() {
	grep -rhoE 'advisory(_xact)?_lock\([0-9]+, [0-9]+\)' sql | grep -oE '[0-9]+\)' | sort | uniq -d
}

empty "no_sql_text_in_c" "$(found)"
empty "stmts_def_holds_only_statements" "$(odd_rows)"
empty "every_statement_has_its_function" "$(without_function)"
empty "no_two_purposes_share_an_advisory_lock" "$(shared_locks)"
tap_done
