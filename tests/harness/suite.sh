# suite.sh - ./dev test: every area, on a stack of its own that vanishes afterwards
#
# The areas which talk to a running VALS share one, built with the sanitizers and without demo
# data, and with two realtime daemons; a sanitizer report by any program fails the run.  ops starts its own, plain ones.

AREAS="unit sql api realtime telephony learning web ops"
SUITE_FLAVOUR=sanitize
SUITE_STACK=

# --- the shared stack ------------------------------------------------------

# Where sanitizers write what they find, one file per process.
sanitizer_reports() {
	compgen -G "$LOGS/sanitizer.*" || true
}

suite_stack() {
	[ -z "$SUITE_STACK" ] || return 0
	SUITE_TEMP=$(mktemp -d /tmp/vals-test.XXXXXX)
	chmod 711 "$SUITE_TEMP"
	options_parse --state "$SUITE_TEMP/state" --port "$(free_port)" --no-demo --ws 2
	on_exit suite_stack_end
	SUITE_STACK=yes
	stack_lock
	stack_build "$SUITE_FLAVOUR"
	export ASAN_OPTIONS="log_path=$LOGS/sanitizer:detect_leaks=1"
	export UBSAN_OPTIONS="log_path=$LOGS/sanitizer:print_stacktrace=1"
	say "starting a stack ($SUITE_FLAVOUR)"
	stack_up "$SUITE_FLAVOUR"
	unset ASAN_OPTIONS UBSAN_OPTIONS
	set -a
	eval "$(cmd_env --state "$SUITE_TEMP/state")"
	set +a
}

# Stop it, count what the sanitizers said, keep its logs.
suite_stack_end() {
	[ -n "$SUITE_STACK" ] || return 0
	SUITE_STACK=
	stack_stop
	local reports count
	reports=$(sanitizer_reports)
	count=$(grep -c . <<<"$reports" || true)
	if [ "$SUITE_FLAVOUR" = sanitize ]; then
		tally "sanitizer reports" $((count == 0)) "$count" 0 0
		[ -z "$reports" ] || xargs head -n 60 <<<"$reports" | sed 's/^/        | /'
	fi
	mkdir -p "$ARTIFACTS/log"
	cp -R "$LOGS/." "$ARTIFACTS/log/"
	state_destroy
	rm -rf "$SUITE_TEMP"
}

# --- the areas -------------------------------------------------------------

# node_tests AREA FOLDER: each file alone, one after the other: they share a stack.
node_tests() {
	local file
	for file in "$ROOT/tests/$2"/*.test.mjs; do
		[ -e "$file" ] || continue
		run_tests node "$1/$(basename "$file" .test.mjs)" \
			node --test --test-reporter=tap "$file"
	done
}

# has_tests FOLDER
has_tests() {
	compgen -G "$ROOT/tests/$1/*.test.mjs" >/dev/null
}

# stack_tests AREA: the files of tests/AREA against the shared stack.
stack_tests() {
	has_tests "$1" || return 0
	build_test_tools
	suite_stack
	node_tests "$1" "$1"
}

area_unit() {
	local script
	build_programs "$SUITE_FLAVOUR"
	run_tests automake unit/check make -C "$BUILD/$SUITE_FLAVOUR" check
	for script in "$ROOT"/tests/lint/*.sh; do
		run_tests tap "unit/lint-$(basename "$script" .sh)" "$script"
	done
}

# sql_test FILE: in a transaction that is rolled back.
sql_test() {
	run_psql -At -d "postgresql:///vals_sql?host=$PGSOCKET&user=postgres" \
		-c 'begin' -f "$1" -c 'rollback' 2>&1
}

area_sql() {
	local file
	compgen -G "$ROOT/tests/sql/*.sql" >/dev/null || return 0
	suite_stack
	database_make vals_sql
	DATABASE_URL_PATH="postgresql:///vals_sql?host=$PGSOCKET" ctl migrate --sql "$DATA/share/sql" >/dev/null
	superuser_psql vals_sql -c 'create extension pgtap'
	export -f sql_test run_psql
	export PGSOCKET
	for file in "$ROOT"/tests/sql/*.sql; do
		run_tests tap "sql/$(basename "$file" .sql)" bash -c 'sql_test "$1"' sql_test "$file"
	done
}

# The tests note what they saw of each route; the table of it is a test, too.
area_api() {
	local seen=$ARTIFACTS/api/seen.ndjson
	rm -f "$seen"
	stack_tests api
	run_tests tap api/table node "$ROOT/tests/api/table.mjs" "$seen"
	sed -n 's/^# /  /p' "$ARTIFACTS/api/table.log"
}

area_realtime() {
	stack_tests realtime
}

area_telephony() {
	build_test_tools
	node_tests telephony/simulator telnyx-sim/test
	node_tests telephony/demo demo/test
	stack_tests telephony
}

area_learning() {
	stack_tests learning
}

area_web() {
	build_dashboard
	run_tests vitest web/components npm --prefix "$BUILD/web" test
	stack_tests web
}

area_ops() {
	local file
	stack_build "${VALS_FLAVOUR:-plain}"
	for file in "$ROOT"/tests/ops/*.test.sh; do
		[ -e "$file" ] || continue
		run_tests tap "ops/$(basename "$file" .test.sh)" bash "$file"
	done
}

# --- the command -----------------------------------------------------------

# suite_run AREA...
suite_run() {
	local area
	for area in "$@"; do
		"area_$area"
	done
	suite_stack_end
}

# Where logs and screenshots of this run go.
suite_artifacts() {
	if [ -z "${VALS_ARTIFACTS-}" ]; then
		VALS_ARTIFACTS=$ROOT/var/test-artifacts
		rm -rf "$VALS_ARTIFACTS"
	fi
	ARTIFACTS=$VALS_ARTIFACTS
	mkdir -p "$ARTIFACTS"
	export VALS_ARTIFACTS
	export VALS_DEV=$ROOT/dev
}

cmd_test() {
	local area
	# shellcheck disable=SC2086
	(($#)) || set -- $AREAS
	for area in "$@"; do
		[[ " $AREAS " == *" $area "* ]] || die "no such area: $area (there are: $AREAS)"
	done
	packages_need up test
	# The long run of the telephony tests makes ten thousand calls, and reads the log of all.
	[ "${VALS_TEST_LONG-}" != 1 ] || export VALS_SIM_LOG_MAX=${VALS_SIM_LOG_MAX:-200000}
	suite_artifacts
	# At the end of the list: after everything is torn down.
	EXIT_COMMANDS+=(suite_summary)
	on_exit stop_tests
	suite_run "$@"
	((FAILED == 0))
}

# suite_summary STATUS: the last line, also when a stack did not start and the run ended early.
suite_summary() {
	if (($1 != 0 && FAILED == 0)); then
		FAILED=1
	fi
	echo "logs and screenshots: $ARTIFACTS"
	((SKIPPED == 0)) || echo "$SKIPPED skipped"
	echo "$PASSED passed, $FAILED failed"
}
