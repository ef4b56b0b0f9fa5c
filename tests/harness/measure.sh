# measure.sh - ./dev bench, coverage, fuzz and lint

# --- bench -----------------------------------------------------------------

# Benchmarks too long to be run with the others: only when named.
BENCH_LONG=" floor instructions search "

# cmd_bench [AREA...]: tests/bench/AREA.mjs or .sh, each printing its table.
cmd_bench() {
	local file area
	packages_need up bench
	suite_artifacts
	SUITE_FLAVOUR=plain
	suite_stack
	quietly "$BUILD/bench.log" make -C "$BUILD/plain" tests/bench/realtime/wsload tests/bench/floor/floor ||
		die "the benchmarks' programs do not build"
	export VALS_WSLOAD=$BUILD/plain/tests/bench/realtime/wsload VALS_FLOOR=$BUILD/plain/tests/bench/floor/floor
	for file in "$ROOT"/tests/bench/*.{mjs,sh}; do
		[ -e "$file" ] || continue
		area=$(basename "${file%.*}")
		if (($# > 0)); then
			[[ " $* " == *" $area "* ]] || continue
		else
			[[ $BENCH_LONG != *" $area "* ]] || continue
		fi
		echo "== $area"
		case $file in
		*.mjs) node "$file" ;;
		*.sh) bash "$file" ;;
		esac
	done
	suite_stack_end
}

# --- coverage --------------------------------------------------------------

# Counters are written by several users: programs by the service user, tests by the caller.
# So they go to a folder all may write, and from there to the objects they belong to.
coverage_prepare() {
	find "$BUILD/coverage" -name '*.gcda' -delete
	COVERAGE_TEMP=$(mktemp -d /tmp/vals-gcov.XXXXXX)
	chmod 777 "$COVERAGE_TEMP"
	on_exit coverage_forget
	umask 000
	export GCOV_PREFIX=$COVERAGE_TEMP
}

coverage_collect() {
	unset GCOV_PREFIX
	umask 022
	if [ -d "$COVERAGE_TEMP$BUILD/coverage" ]; then
		cp -R "$COVERAGE_TEMP$BUILD/coverage/." "$BUILD/coverage/"
	fi
}

coverage_forget() {
	rm -rf "$COVERAGE_TEMP"
}

# coverage_table: gcovr's lines, then the files below the house's mark.
coverage_table() {
	local below
	gcovr --root "$BUILD/src" --object-directory "$BUILD/coverage" \
		--filter "$BUILD/src/(common|fcgi|ws|runner|ctl)/" \
		--csv "$ARTIFACTS/coverage.csv" --txt "$ARTIFACTS/coverage.txt" \
		--html-details "$ARTIFACTS/coverage.html" "$BUILD/coverage" >"$ARTIFACTS/gcovr.log" 2>&1 ||
		die "gcovr failed; see $ARTIFACTS/gcovr.log"
	cat "$ARTIFACTS/coverage.txt"
	below=$(awk -F, 'NR > 1 && $4 < 0.8 { printf "  %5.1f %%  %s\n", 100 * $4, $1 }' "$ARTIFACTS/coverage.csv")
	if [ -n "$below" ]; then
		printf 'under 80 %% of lines:\n%s\n' "$below"
		return 1
	fi
	echo "no file is under 80 % of lines"
}

cmd_coverage() {
	packages_need up test coverage
	suite_artifacts
	SUITE_FLAVOUR=coverage
	build_programs coverage
	coverage_prepare
	# Reloads, restarts and lost databases are in ops; its own stacks are built the same way here.
	export VALS_FLAVOUR=coverage
	# shellcheck disable=SC2086
	suite_run $AREAS
	coverage_collect
	echo "$PASSED passed, $FAILED failed"
	coverage_table
}

# --- fuzz ------------------------------------------------------------------

FUZZ_FLAGS="-g -O1 -std=c11 -D_GNU_SOURCE -fsanitize=fuzzer-no-link,address,undefined"

# fuzz_compile FILE OBJECT
fuzz_compile() {
	# shellcheck disable=SC2046,SC2086
	clang $FUZZ_FLAGS -c "$1" -o "$2" -I"$ROOT/common" -I"$ROOT/fcgi" -I"$ROOT/ws" \
		-include "$BUILD/plain/config.h" \
		-DSYSCONFDIR='"/etc"' -DRUNSTATEDIR='"/run"' -DLOCALSTATEDIR='"/var"' -DPKGDATADIR='"/usr/share/vals"' \
		$(pkg-config --cflags json-c libpq libcrypto libsodium)
}

# Everything in common, once, with the fuzzer's instrumentation.
fuzz_common() {
	local file
	rm -f "$BUILD/fuzz"/*.o "$BUILD/fuzz/common.a"
	for file in "$ROOT"/common/*.c; do
		fuzz_compile "$file" "$BUILD/fuzz/$(basename "$file" .c).o" || return 1
	done
	ar rcs "$BUILD/fuzz/common.a" "$BUILD/fuzz"/*.o
}

# Sources of the programs a fuzzer drives: those of the headers it includes, common excepted.
fuzz_sources() {
	local header
	sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$1" | while read -r header; do
		[ ! -e "$ROOT/ws/$header.c" ] || echo "$ROOT/ws/$header.c"
		[ ! -e "$ROOT/fcgi/$header.c" ] || echo "$ROOT/fcgi/$header.c"
	done
}

# fuzzer_build FILE: leaves the fuzzer in var/build/fuzz.
fuzzer_build() {
	local name source objects=()
	name=$(basename "$1" .c)
	for source in "$1" $(fuzz_sources "$1"); do
		objects+=("$BUILD/fuzz/$name.$(basename "$source" .c).obj")
		fuzz_compile "$source" "${objects[-1]}" || return 1
	done
	# shellcheck disable=SC2046
	clang -fsanitize=fuzzer,address,undefined "${objects[@]}" "$BUILD/fuzz/common.a" -o "$BUILD/fuzz/$name" \
		$(pkg-config --libs json-c libpq libcurl libcrypto libsodium inih)
}

# fuzz_live SECONDS: what arrives at the port of a vals-ws with the sanitizers.  Its sessions die
# young, or they would soon be too many to let more in.
fuzz_live() {
	local pid status=0
	suite_artifacts
	SUITE_FLAVOUR=sanitize
	WS_PING_INTERVAL_MS=1000 WS_PING_TIMEOUT_MS=1000 suite_stack
	pid=$(cat "$VALS_STATE/run/vals-ws.pid")
	echo "== live vals-ws, $1 s"
	VALS_WS_PID=$pid FUZZ_LAST=$ARTIFACTS/live_ws.json node "$ROOT/tests/fuzz/live_ws.mjs" "$1" || status=1
	if [ "$(cat "$VALS_STATE/run/vals-ws.pid")" != "$pid" ]; then
		echo "vals-ws was started anew: it died; see $ARTIFACTS/log"
		status=1
	fi
	suite_stack_end
	((status == 0 && FAILED == 0))
}

# cmd_fuzz [SECONDS]: each fuzzer for so long (60), from the corpus beside it if there is one.
cmd_fuzz() {
	local seconds=${1:-60} file name failed=0
	[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz takes a number of seconds"
	packages_need up fuzz
	build_programs plain
	mkdir -p "$BUILD/fuzz"
	quietly "$BUILD/fuzz/common.log" fuzz_common || die "common does not build for fuzzing"
	for file in "$ROOT"/tests/fuzz/fuzz_*.c; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .c)
		quietly "$BUILD/fuzz/$name.build.log" fuzzer_build "$file" || die "$name does not build"
		mkdir -p "$BUILD/fuzz/$name.found"
		echo "== $name, $seconds s"
		"$BUILD/fuzz/$name" -max_total_time="$seconds" -max_len=65536 -timeout=5 -print_final_stats=1 \
			-artifact_prefix="$BUILD/fuzz/$name." "$BUILD/fuzz/$name.found" \
			$(compgen -G "$ROOT/tests/fuzz/corpus/${name#fuzz_}") >"$BUILD/fuzz/$name.log" 2>&1 || failed=1
		grep -aE 'ERROR|SUMMARY|number_of_executed_units|runtime error' "$BUILD/fuzz/$name.log" || true
	done
	((failed == 0)) || die "a fuzzer found something; its input lies in $BUILD/fuzz"
	fuzz_live "$seconds" || die "the live port's fuzzer found something; its seed is above"
}

# --- lint ------------------------------------------------------------------

c_files() {
	find "$ROOT"/{common,fcgi,runner,ws,ctl} "$ROOT"/tests/{unit,fuzz} -name '*.[ch]' 2>/dev/null | sort
}

# What clang-format decides: the blanks between words.  Where a line breaks and how a table is aligned
# stays with the writer (tests/lint/layout.sh has the rules for lines), so both sides are squeezed.
# A product after a bracket is left out: clang-format takes `(n) * 4` for a cast.
squeeze() {
	sed 's/\\$//' "$@" | tr -s '[:space:]' ' ' |
		sed -E 's/ ([])}])/\1/g; s/([[{(]) /\1/g; s/\) ?\* ?/)*/g; s/ (\.|->)/\1/g'
}

lint_format() {
	local file failed=0
	while read -r file; do
		cmp -s <(squeeze "$file") <(clang-format "$file" | squeeze) && continue
		failed=1
		echo "$file: blanks (< as it is, > as it should be)"
		diff <(squeeze "$file" | tr ' ' '\n') <(clang-format "$file" | squeeze | tr ' ' '\n') |
			grep '^[<>]' | head -n 8 || true
	done < <(c_files)
	return "$failed"
}

# lint_tidy_some FILE...
lint_tidy_some() {
	# shellcheck disable=SC2046
	clang-tidy --quiet --warnings-as-errors='*' --checks="$LINT_CHECKS" "$@" -- -std=c11 -D_GNU_SOURCE \
		-include "$BUILD/plain/config.h" -I"$ROOT/common" -I"$ROOT" \
		-DSYSCONFDIR='"/etc"' -DRUNSTATEDIR='"/run"' -DLOCALSTATEDIR='"/var"' -DPKGDATADIR='"/usr/share/vals"' \
		$(pkg-config --cflags fcgi json-c libpq libwebsockets) 2>&1 |
		grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter'
	return "${PIPESTATUS[0]}"
}

lint_tidy() {
	export -f lint_tidy_some
	export LINT_CHECKS BUILD ROOT
	c_files | grep '\.c$' | grep -v "^$ROOT/tests/" |
		xargs -r -n 4 -P "$(nproc)" bash -c 'lint_tidy_some "$@"' lint_tidy
}

# Bugs, not taste.  Left out: what would forbid memcpy, tables made by macros, numbers multiplied as
# int, and a check of va_list that is wrong in clang 14.
LINT_CHECKS="-*,bugprone-*,clang-analyzer-*,cert-*,-bugprone-easily-swappable-parameters"
LINT_CHECKS+=",-bugprone-assignment-in-if-condition,-bugprone-reserved-identifier,-cert-dcl37-c,-cert-dcl51-cpp"
LINT_CHECKS+=",-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-cert-err33-c"
LINT_CHECKS+=",-clang-analyzer-valist.*,-clang-analyzer-osx.*,-bugprone-implicit-widening-of-multiplication-result"
LINT_CHECKS+=",-bugprone-macro-parentheses,-bugprone-narrowing-conversions"

# Suppressed: NULL among variable arguments (every platform of ours passes it as a pointer), the size
# asked of snprintf with no buffer, and a message of a kind taken for a pointer into its buffer.
lint_cppcheck() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingInclude --suppress=varFuncNullUB \
		--suppress="ctunullpointer:*/ws/socketio.c" --suppress="returnDanglingLifetime:*/runner/telnyx.c" \
		--suppress=missingIncludeSystem \
		-DSYSCONFDIR='"/etc"' -DRUNSTATEDIR='"/run"' -DLOCALSTATEDIR='"/var"' -DPKGDATADIR='"/usr/share/vals"' \
		-I"$ROOT/common" "$ROOT"/{common,fcgi,runner,ws,ctl}
}

lint_shell() {
	local file
	for file in "$ROOT/dev" "$ROOT"/tests/{harness,ops,lint}/*.sh "$ROOT"/nginx/*.sh "$ROOT/.ci/run"; do
		bash -n "$file" || return 1
	done
}

lint_house() {
	local script failed=0
	for script in "$ROOT"/tests/lint/*.sh; do
		"$script" || failed=1
	done
	return "$failed"
}

cmd_lint() {
	local part failed=0
	packages_need up lint
	build_programs plain
	for part in format tidy cppcheck shell house; do
		echo "== $part"
		"lint_$part" || failed=1
	done
	((failed == 0)) || die "lint found something"
	echo "lint: nothing found"
}
