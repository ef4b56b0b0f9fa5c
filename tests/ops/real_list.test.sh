#!/usr/bin/env bash
# real_list.test.sh - a real list of leads: imported, searched, exported, and the same again in an empty system
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

# What comes out is of interest here, not how soon.
export DATABASE_TIMEOUT_MS=50000
new_state list
start
AUTH="Authorization: Bearer $VALS_ADMIN_TOKEN"
LIST=$TEMP/list.csv
node "$ROOT/tests/data/bank.mjs" >"$LIST"
PEOPLE=$(($(wc -l <"$LIST") - 1))

# import FILE TYPE DRYRUN
import() {
	request "/api/leads/import?dryRun=$3" -H "$AUTH" -H "Content-Type: $2" --data-binary "@$1"
}

# export_as FORMAT FILE
export_as() {
	curl -sf -H "$AUTH" "$VALS_URL/api/analytics/export?dataset=leads&format=$1" >"$2"
}

# total QUERY: hits of the lead list.
total() {
	request "/api/leads?limit=1&$1" -H "$AUTH"
	node -p 'JSON.parse(process.argv[1]).pagination.total' "$BODY"
}

forget_leads() {
	psql -XAtq -v ON_ERROR_STOP=1 "${VALS_DATABASE_URL%&user=*}&user=postgres" -c "
		set client_min_messages = warning;
		truncate vals.leads cascade;
		update vals.lead_counts set leads = 0"
}

# --- in ----------------------------------------------------------------------

import "$LIST" text/csv true
like "a_dry_run_says_what_would_come" "$BODY" "\"dryRun\":true,\"rows\":$PEOPLE,\"new\":$PEOPLE,\"duplicate\":0,\"invalid\":0"
is "and_brings_nothing" "$(total '')" 0
import "$LIST" text/csv false
like "the_list_is_imported" "$STATUS $BODY" "^200 .*\"$PEOPLE leads imported\""
is "each_is_there" "$(total '')" "$PEOPLE"
import "$LIST" text/csv false
like "a_second_time_nobody_is_new" "$BODY" "\"new\":0,\"duplicate\":$PEOPLE"

# --- found -------------------------------------------------------------------

is "by_number" "$(total 'search=%28201%29+555-0117')" 1
is "by_name_in_any_case" "$(total 'search=in%C3%AAs+D%27e')" "$(grep -c "^Inês,D'E" "$LIST")"
is "by_source" "$(total 'source=bank+cellular')" "$(grep -c ',bank cellular,' "$LIST")"
request '/api/leads?search=2015550100' -H "$AUTH"
like "attributes_keep_their_types" "$BODY" '"age" ?: ?56, ?.*"contacted_before" ?: ?false'

# --- out and in again ----------------------------------------------------------

# What a spreadsheet could spoil, and every field an import takes.
cat >"$TEMP/odd.ndjson" <<'END'
{"firstName":"=Zoë","lastName":"'-quoted, \"twice\"","phone":"+442071838750","email":"odd@example.com","source":null,"initialInterest":"@home","qualificationScore":73,"status":"qualified","timezone":"Europe/London","country":"GB","state":"'@","city":"+44","currentIncomeRange":"75k_plus","desiredIncomeRange":"-5","timeAvailability":"{\"not\":\"json\"}","experienceLevel":"expert","kevinNotes":"- one\n- two, \"three\"\r\n;four","kevinRating":10,"relationshipStrength":"''=x","doNotCall":true,"consent":{"given":true,"at":"2026-01-31T15:04:05.678Z","source":"form"},"tags":["a;b","=c","d,\"e\"","[f"],"customFields":{"n":1.5,"b":false,"t":"01","z":null,"l":[1,{"d.e":"f"}],"e.v":-1},"lastContacted":"2026-02-01T00:00:00.001Z","nextFollowup":"2026-03-29T01:30:00Z"}
{"firstName":"Plain","lastName":"1e5","phone":"+442071838751","tags":[],"customFields":{}}
END
import "$TEMP/odd.ndjson" application/x-ndjson false
is "odd_leads_are_imported_too" "$STATUS" 200
export_as ndjson "$TEMP/before.ndjson"
export_as csv "$TEMP/before.csv"
for pair in 'csv text/csv' 'ndjson application/x-ndjson'; do
	read -r format type <<<"$pair"
	forget_leads
	is "the_system_is_empty: $format" "$(total '')" 0
	import "$TEMP/before.$format" "$type" true
	like "the_export_is_fine_for_an_import: $format" "$BODY" "\"rows\":$((PEOPLE + 2)),\"new\":$((PEOPLE + 2)),\"duplicate\":0,\"invalid\":0"
	import "$TEMP/before.$format" "$type" false
	export_as ndjson "$TEMP/after.ndjson"
	is "it_makes_the_same_leads: $format" "$(node "$ROOT/tests/ops/same_leads.mjs" "$TEMP/before.ndjson" "$TEMP/after.ndjson" 2>&1)" "$((PEOPLE + 2)) same"
done
tap_done
