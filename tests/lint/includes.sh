#!/usr/bin/env bash
# includes.sh - who may include whom
#
# A third-party header stands in the one file that wraps it (libpq's in those that are
# common/db), the programs never include each other, and every .c includes its own header
# first, so headers prove that they stand alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

programs="fcgi runner ws ctl"

# Third-party headers: a regex for the name, and one for the files that may.
third_party='
^fcgiapp\.h$		^fcgi/fcgx\.c$
^libpq-fe\.h$		^(common/db(_[a-z]+)?\.c|common/db_private\.h|ws/pgasync\.c)$
^curl/			^common/http_client\.c$
^json-c/|^json\.h$	^common/json\.c$
^openssl/		^common/crypto\.c$
^sodium\.h$		^common/crypto\.c$
^libwebsockets\.h$	^ws/server\.c$
^ini\.h$		^common/conf\.c$
^ev\.h$			^ws/
^ut(hash|list|array|string)\.h$	.
'

# What the C library and the kernel bring.
system='^(assert|ctype|dirent|endian|errno|fcntl|fnmatch|getopt|grp|inttypes|limits|locale|math|netdb|poll|pthread|pwd|'
system+='regex|sched|semaphore|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|'
system+='syslog|termios|time|unistd|wchar)\.h$|^(arpa|netinet|sys|linux|net)/'

# Lines "FILE HEADER" of all <...> and of all "..." includes.
angled() {
	grep -rE '^#[[:space:]]*include <' --include='*.[ch]' common $programs |
		sed -E 's/^([^:]+):#[[:space:]]*include <([^>]+)>.*/\1 \2/'
}

quoted() {
	grep -rE '^#[[:space:]]*include "' --include='*.[ch]' common $programs |
		sed -E 's/^([^:]+):#[[:space:]]*include "([^"]+)".*/\1 \2/'
}

# rule_of HEADER: the regex of files that may include it; 1 if nobody named the header.
rule_of() {
	local name files
	while read -r name files; do
		[[ -n $name && $1 =~ $name ]] || continue
		echo "$files"
		return 0
	done <<<"$third_party"
	return 1
}

misplaced() {
	local file header rule
	while read -r file header; do
		[[ ! $header =~ $system ]] || continue
		if ! rule=$(rule_of "$header"); then
			echo "$file: <$header> is no header this house knows; give it a line in $0"
		elif [[ ! $file =~ $rule ]]; then
			echo "$file: <$header> belongs into $rule"
		fi
	done < <(angled)
}

# An include by quotes is found in the file's own folder or in common, nowhere else.
strangers() {
	local file header
	while read -r file header; do
		[[ $header != */* ]] && { [ -e "$(dirname "$file")/$header" ] || [ -e "common/$header" ]; } ||
			echo "$file: \"$header\" is neither its neighbour nor in common"
	done < <(quoted)
}

common_is_alone() {
	quoted | while read -r file header; do
		[[ $file != common/* || -e common/$header ]] || echo "$file: \"$header\""
	done
}

# What the files of common/db share is nobody else's.
prying() {
	quoted | grep -E ' db_private\.h$' | grep -vE '^common/db(_[a-z]+)?\.c '
}

not_first() {
	local file own first
	while read -r file; do
		own=$(basename "$file" .c).h
		[ -e "${file%.c}.h" ] || continue
		first=$(grep -m1 -E '^#[[:space:]]*include' "$file" | grep -oE '[<"][^>"]+')
		[ "$first" = "\"$own" ] || echo "$file: includes $first\" before its own header"
	done < <(find common $programs -name '*.c')
}

empty "third_party_headers_stand_in_their_one_file" "$(misplaced)"
empty "programs_never_include_each_other" "$(strangers)"
empty "common_includes_no_program" "$(common_is_alone)"
empty "db_private_h_is_included_by_the_files_of_db_only" "$(prying)"
empty "every_file_includes_its_own_header_first" "$(not_first)"
tap_done
