#!/usr/bin/env bash
# api.sh - throughput of the API, beside the same SQL without it
#
# wrk asks through nginx; pgbench runs the statement behind the route with prepared
# statements and as many clients. Both on this machine, one after the other, so
# the ratio says what HTTP, FastCGI, authentication and JSON checks cost. Calls for the engagement
# reports are made by start-call and ended afterwards. Run by ./dev bench api.
#
#	VALS_BENCH_SECONDS	length of one measurement (10)
set -euo pipefail

: "${VALS_URL:?run by ./dev bench}" "${VALS_DATABASE_URL:?}" "${VALS_ADMIN_TOKEN:?}" "${VALS_AGENT_KEY:?}"
SECONDS_EACH=${VALS_BENCH_SECONDS:-10}
CALLS=8
CLIENTS=8
CROWD=1000

WORK=$(mktemp -d /tmp/vals-bench.XXXXXX)
trap 'calls_end; rm -rf "$WORK"' EXIT
CALL_IDS=()

# api TOKEN METHOD PATH [BODY]: the answer's body; fails on an error status.
api() {
	curl -sS --fail-with-body -X "$2" -H "Authorization: Bearer $1" \
		-H 'Content-Type: application/json' ${4+-d "$4"} "$VALS_URL$3"
}

# member NAME: of the answer's data, from standard input.
member() {
	node -e 'const { data } = JSON.parse(require("fs").readFileSync(0)); console.log(data[process.argv[1]])' "$1"
}

# A lead with a number that a human answers; prints its id.
lead_make() {
	local phone=+1646$(shuf -i 10000000-99999999 -n 1)99
	api "$VALS_ADMIN_TOKEN" POST /api/leads \
		"{\"firstName\":\"Bench\",\"lastName\":\"Mark\",\"phone\":\"$phone\",\"source\":\"bench\"}" |
		member id
}

calls_make() {
	local i lead
	for ((i = 0; i < CALLS; i++)); do
		lead=$(lead_make)
		CALL_IDS+=("$(api "$VALS_AGENT_KEY" POST /api/agent/start-call "{\"leadId\":\"$lead\"}" | member callId)")
	done
	sleep 6	# until all are answered
}

calls_end() {
	local call
	for call in "${CALL_IDS[@]}"; do
		api "$VALS_AGENT_KEY" POST /api/agent/end-call "{\"callId\":\"$call\"}" >/dev/null || true
	done
}

# What wrk reports, as one line: requests per second, p50 and p99 in ms, answers that are no 2xx.
report_lua() {
	cat <<'END'
done = function(summary, latency)
	local e = summary.errors
	io.write(string.format("RESULT %.0f %.2f %.2f %d\n", summary.requests / summary.duration * 1e6,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		e.connect + e.read + e.write + e.status + e.timeout))
end
END
}

lead_lua() {
	cat <<END
wrk.headers["Authorization"] = "Bearer $VALS_ADMIN_TOKEN"
END
	report_lua
}

engagement_lua() {
	local ids
	ids=$(printf '"%s",' "${CALL_IDS[@]}")
	cat <<END
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer $VALS_AGENT_KEY"
wrk.headers["Content-Type"] = "application/json"
local calls, n = { $ids }, 0
request = function()
	n = n + 1
	return wrk.format(nil, nil, nil, string.format(
		'{"callId":"%s","engagementScore":%d,"phase":%d,"indicators":["interest"]}',
		calls[n % #calls + 1], n % 80, n % 12 + 1))
end
END
	report_lua
}

# The API's statements; notify wakes the relay, as the API does after the commit. No colon may stand
# before a letter: pgbench would take it for a variable.
lead_sql() {
	echo "select * from api.leads_get('{\"id\": null, \"role\": \"admin\"}', '$LEAD');"
}

engagement_sql() {
	local ids
	ids=$(printf "'%s'," "${CALL_IDS[@]}")
	cat <<END
\set score random(0, 79)
\set phase random(1, 12)
select * from api.call_engagement_set('{"id": null, "role": "agent"}', json_build_object(
	'callId', (array[${ids%,}])[1 + :client_id % $CALLS], 'engagementScore', :score::int,
	'phase', :phase::int, 'indicators', json_build_array('interest'))::jsonb);
notify vals_event;
END
}

# measure_http SCRIPT PATH CLIENTS: sets RATE P50 P99 ERRORS.
measure_http() {
	local threads=2 out
	out=$(wrk -t "$threads" -c "$3" -d "${SECONDS_EACH}s" --timeout 10s -s "$1" "$VALS_URL$2")
	read -r RATE P50 P99 ERRORS < <(sed -n 's/^RESULT //p' <<<"$out")
}

# measure_sql SCRIPT CLIENTS: transactions per second.
measure_sql() {
	local out
	if ! out=$("$(pgbench_path)" -n -M prepared -c "$2" -j 2 -T "$SECONDS_EACH" -f "$1" "$VALS_DATABASE_URL" 2>&1); then
		echo "$out" >&2
		return 1
	fi
	sed -n 's/^tps = \([0-9]*\).*/\1/p' <<<"$out"
}

# Debian keeps it out of PATH.
pgbench_path() {
	command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench | tail -n 1
}

row() {
	printf '%-20s %8s %10s %8s %8s %7s %12s %7s\n' "$@"
}

# compare NAME SCRIPT PATH SQL
compare() {
	local tps clients
	tps=$(measure_sql "$4" "$CLIENTS")
	for clients in "$CLIENTS" "$CROWD"; do
		measure_http "$2" "$3" "$clients"
		row "$1" "$clients" "$RATE" "$P50" "$P99" "$ERRORS" "$tps" \
			"$(awk "BEGIN { printf \"%.2f\", $RATE / $tps }")"
	done
}

LEAD=$(lead_make)
calls_make
lead_lua >"$WORK/lead.lua"
lead_sql >"$WORK/lead.sql"
engagement_lua >"$WORK/engagement.lua"
engagement_sql >"$WORK/engagement.sql"

row case clients requests/s p50_ms p99_ms errors pgbench_tps ratio
compare lead_get "$WORK/lead.lua" "/api/leads/$LEAD" "$WORK/lead.sql"
compare engagement_update "$WORK/engagement.lua" /api/agent/engagement-score "$WORK/engagement.sql"
echo "$SECONDS_EACH s each; pgbench -M prepared with $CLIENTS clients runs the statement behind the route;"
echo "ratio: requests/s by its tps"
