#!/usr/bin/env bash
# secrets.sh - nothing in the repository that belongs to one machine or one person
#
# Keys, tokens, addresses of package mirrors in lock files, absolute paths of a developer.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/harness/tap.sh

# Files that would be committed; in a release tarball, all of them.
files() {
	if [ -e .git ] && command -v git >/dev/null; then
		git -c safe.directory='*' ls-files -co --exclude-standard
	else
		find . \( -name node_modules -o -name var -o -name .git \) -prune -o -type f -print | sed 's,^\./,,'
	fi
}

# holding REGEX [FILE_REGEX]: file:line of text files with it, this file excepted.
holding() {
	files | grep -vE '^tests/lint/secrets\.sh$' | grep -E "${2:-.}" |
		xargs -r -d '\n' grep -nHIE -- "$1" 2>/dev/null | cut -c1-160
}

empty "no_private_key" "$(holding '-----BEGIN ([A-Z]+ )?PRIVATE KEY')"
empty "no_api_key_of_ours" "$(holding 'vals_[A-Za-z0-9_-]{40,}')"
empty "no_provider_key" "$(holding 'KEY0[0-9A-F]{30,}_[A-Za-z0-9]{20,}')"
empty "no_signed_token" "$(holding 'eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{43}' '^(common|fcgi|runner|ws|ctl|sql|nginx|web/src|docs)/')"
empty "lock_files_name_no_download_address" "$(holding '"resolved":' 'package-lock\.json$')"
empty "no_home_or_scratch_folder" "$(holding '(^|[^A-Za-z0-9_./])/(root|home/[a-z]+|work)/')"
empty "no_environment_file" "$(files | grep -E '(^|/)\.env(\.|$)')"
tap_done
