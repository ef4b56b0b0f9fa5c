# packages.sh - what the machine must have, found by looking for the thing itself
#
# A machine may have another Node or PostgreSQL than Debian's, so nobody asks dpkg. Each
# row: who needs it, what kind of thing, the thing, Debian's package. A command with several
# packages in its row (a meta package and its payload) is separated by commas.

needs() {
	cat <<'END'
up command gcc gcc
up command make make
up header stdio.h libc6-dev
up command autoreconf autoconf
up command automake automake
up command pkg-config pkg-config
up header fcgiapp.h libfcgi-dev
up header postgresql/libpq-fe.h libpq-dev
up header curl/curl.h libcurl4-openssl-dev
up header json-c/json.h libjson-c-dev
up header libwebsockets.h libwebsockets-dev
up file /usr/lib/*/libwebsockets-evlib_ev.so libwebsockets-evlib-ev
up header ev.h libev-dev
up header openssl/evp.h libssl-dev
up header sodium.h libsodium-dev
up header ini.h libinih-dev
up header uthash.h uthash-dev
up command nginx nginx-light
up file /usr/lib/postgresql/*/bin/initdb postgresql
up file /usr/share/postgresql/*/extension/pg_trgm.control postgresql-contrib
up command node nodejs
up command npm npm
up command curl curl
up file /etc/ssl/certs/ca-certificates.crt ca-certificates
up command setpriv util-linux
up command flock util-linux
test header cmocka.h libcmocka-dev
test file /usr/share/postgresql/*/extension/pgtap.control postgresql-15-pgtap
test command ab apache2-utils
test command openssl openssl
test command chromium chromium
test file /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core
bench command ab apache2-utils
bench command wrk wrk
bench command valgrind valgrind
coverage command gcovr gcovr
fuzz command clang clang
lint command clang-format clang-format
lint command clang-tidy clang-tidy
lint command cppcheck cppcheck
END
}

# Header names on standard input; prints those the compiler does not find.  Without a compiler
# that is all of them.
missing_headers() {
	local header headers
	mapfile -t headers
	if ! command -v gcc >/dev/null || ! echo | gcc -E - >/dev/null 2>&1; then
		printf '%s\n' "${headers[@]}"
		return
	fi
	for header in "${headers[@]}"; do
		printf '#if !__has_include(<%s>)\nmissing %s\n#endif\n' "$header" "$header"
	done | gcc -E -P - | sed -n 's/^missing //p' | tr -d ' '
}

# is_there KIND THING: 0 if the machine has it.
is_there() {
	case $1 in
	command) command -v "$2" >/dev/null || [ -x "/usr/sbin/$2" ] ;;
	file) compgen -G "$2" >/dev/null ;;
	header) [[ " $HEADERS_MISSING " != *" $2 "* ]] ;;
	esac
}

# missing_packages PURPOSE...: Debian packages of what is not there.
missing_packages() {
	local purpose rows
	rows=$(for purpose in "$@"; do needs | sed -n "s/^$purpose //p"; done)
	HEADERS_MISSING=$(sed -n 's/^header \([^ ]*\).*/\1/p' <<<"$rows" | missing_headers | tr '\n' ' ')
	local kind thing package
	while read -r kind thing package; do
		is_there "$kind" "$thing" || echo "$package"
	done <<<"$rows" | sort -u
}

# packages_need PURPOSE...: install what these purposes lack.
packages_need() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	say "installing: $missing"
	# shellcheck disable=SC2086
	packages_install $missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -z "${missing// /}" ] || die "still missing after installing: $missing"
}

# As root, by sudo if need be.
as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "not root and no sudo; install as root: apt-get install $PACKAGES_WANTED"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 "$@"
}

# Debian starts what it installs: a PostgreSQL cluster, an nginx on port 80.  While our packages
# go in, neither happens; what ran before is not touched, and our marks are removed again.
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/vals-no-cluster.conf

services_hold() {
	if [ ! -e "$POLICY" ]; then
		printf '#!/bin/sh\n# made by vals: nothing is started while it installs packages\nexit 101\n' |
			as_root tee "$POLICY" >/dev/null
		as_root chmod 755 "$POLICY"
	fi
	as_root mkdir -p "$(dirname "$NO_CLUSTER")"
	echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
}

services_release() {
	as_root rm -f "$NO_CLUSTER"
	if grep -q 'made by vals' "$POLICY" 2>/dev/null; then
		as_root rm -f "$POLICY"
	fi
}

# Nor shall what came with our packages start with the machine.
services_disable() {
	local package
	[ -d /run/systemd/system ] || return 0
	for package in "$@"; do
		case $package in
		nginx-light) as_root systemctl -q disable nginx ;;
		postgresql) as_root systemctl -q disable postgresql ;;
		esac
	done
}

packages_install() {
	PACKAGES_WANTED="$*"
	local log
	log=$(mktemp)
	on_exit services_release
	services_hold
	if ! quietly "$log" apt install -y --no-install-recommends "$@"; then
		say "again, with fresh package lists"
		quietly "$log" apt update || die "apt-get update failed"
		quietly "$log" apt install -y --no-install-recommends "$@" ||
			die "could not install: $*"
	fi
	services_release
	services_disable "$@"
	rm -f "$log"
}
