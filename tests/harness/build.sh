# build.sh - programs, dashboard and test tools, made in var/build and nowhere else
#
# The checkout is copied (with its times, so that make knows what is old) because autoreconf
# writes beside its sources.  A flavour is a set of configure options with its own
# build folder and install folder: plain, sanitize, coverage.

BUILD=${VALS_BUILD:-$ROOT/var/build}

flavour_options() {
	case $1 in
	plain) ;;
	sanitize) echo --enable-sanitizers --enable-werror --enable-failpoints ;;
	coverage) echo --enable-coverage ;;
	*) die "no such flavour: $1" ;;
	esac
}

# flavour_prefix FLAVOUR: where its programs are installed.
flavour_prefix() {
	echo "$BUILD/$1/inst"
}

# Run the rest of this script alone among all ./dev of this checkout.
build_lock() {
	mkdir -p "$BUILD"
	exec {BUILD_LOCK}>"$BUILD/lock"
	flock "$BUILD_LOCK"
}

build_unlock() {
	exec {BUILD_LOCK}>&-
}

# fingerprint DIR...: changes when a file below appears, vanishes or is written.
fingerprint() {
	find "$@" \( -name node_modules -o -name dist -o -name .git -o -path "$ROOT/var" \) -prune \
		-o -type f -printf '%p %T@ %s\n' | sort | sha256sum | cut -d' ' -f1
}

# unless_same STAMP VALUE: 1 if the stamp already holds the value.
unless_same() {
	[ "$(cat "$1" 2>/dev/null)" != "$2" ]
}

# Copy the sources, and drop from the copy what the checkout no longer has.
sources_copy() {
	local to=$1 new old=$1.list
	mkdir -p "$to"
	new=$(cd "$ROOT" && find . \( -name node_modules -o -name dist -o -name .git -o -path ./var \) \
		-prune -o -type f -print | sort)
	if [ -f "$old" ]; then
		comm -23 "$old" - <<<"$new" | (cd "$to" && xargs -r -d '\n' rm -f)
	fi
	(cd "$ROOT" && tar -cf - --no-recursion -T - <<<"$new") | tar -xf - -C "$to"
	printf '%s\n' "$new" >"$old"
}

# configure_flavour FLAVOUR: 0 once its Makefile is there, made with today's options.
configure_flavour() {
	local dir=$BUILD/$1 options
	options=$(flavour_options "$1")
	[ ! -f "$dir/Makefile" ] || unless_same "$dir.options" "$options" || return 0
	mkdir -p "$dir"
	echo "$options" >"$dir.options"
	# shellcheck disable=SC2086
	(cd "$dir" && "$BUILD/src/configure" --prefix="$dir/inst" --sysconfdir="$dir/inst/etc" \
		--localstatedir="$dir/inst/var" --runstatedir="$dir/inst/run" $options)
}

make_flavour() {
	local src=$BUILD/src
	if [ ! -x "$src/configure" ] || [ ! -f "$src/Makefile.in" ]; then
		(cd "$src" && autoreconf -fi) || return 1
	fi
	configure_flavour "$1" || return 1
	make -C "$BUILD/$1" -j"$(nproc)" || return 1
	# Or a file the sources no longer have, a migration say, would stay installed.
	rm -rf "${BUILD:?}/$1/inst"
	make -C "$BUILD/$1" install
}

# build_programs FLAVOUR: its install folder is up to date afterwards.
build_programs() {
	local flavour=$1 stamp=$BUILD/$1/stamp now
	build_lock
	now=$(fingerprint "$ROOT")
	if unless_same "$stamp" "$now"; then
		say "building the programs ($flavour)"
		sources_copy "$BUILD/src"
		if ! make_flavour "$flavour" >"$BUILD/$flavour.log" 2>&1; then
			say "that failed; once more, from nothing"
			rm -rf "${BUILD:?}/src" "$BUILD/src.list" "${BUILD:?}/$flavour"
			sources_copy "$BUILD/src"
			quietly "$BUILD/$flavour.log" make_flavour "$flavour" || die "the build failed"
		fi
		echo "$now" >"$stamp"
	fi
	build_unlock
}

# node_packages DIR COMMAND: what the lock file says, by `npm COMMAND`, if it is not there.
node_packages() {
	local dir=$1
	[ "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ] && return
	say "installing Node packages (${dir##*/})"
	# A browser for the tests comes from Debian, not from a driver's installer.
	PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 quietly "$BUILD/npm-${dir##*/}.log" \
		npm --prefix "$dir" "$2" --no-audit --no-fund || die "npm $2 failed in $dir"
	touch "$dir/node_modules/.package-lock.json"
}

# Build the dashboard in a copy, so that web/ gets no node_modules; the result is $BUILD/web/dist.
# `npm install`, because `npm ci` refuses a lock file that lacks the builds of an optional package for
# other platforms; versions still come from the lock file, and only the copy of it can change.
build_dashboard() {
	local to=$BUILD/web now
	build_lock
	now=$(fingerprint "$ROOT/web")
	if unless_same "$BUILD/web.stamp" "$now"; then
		mkdir -p "$to"
		find "$to" -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
		tar -C "$ROOT/web" --exclude=./node_modules --exclude=./dist -cf - . | tar -xf - -C "$to"
		if ! cmp -s "$ROOT/web/package-lock.json" "$BUILD/web.lock"; then
			rm -rf "$to/node_modules"
		else
			touch "$to/node_modules/.package-lock.json"
		fi
		node_packages "$to" install
		cp "$ROOT/web/package-lock.json" "$BUILD/web.lock"
		say "building the dashboard"
		quietly "$BUILD/web.log" npm --prefix "$to" run build || die "the dashboard's build failed"
		echo "$now" >"$BUILD/web.stamp"
	fi
	build_unlock
}

# Node packages of simulator, demo driver and tests.
build_test_tools() {
	build_lock
	node_packages "$ROOT/tests" ci
	build_unlock
}
