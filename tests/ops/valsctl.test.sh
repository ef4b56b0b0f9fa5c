#!/usr/bin/env bash
# valsctl.test.sh - users, keys, tokens and migrations from the command line
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

new_state ctl
start
DATA=$(dirname "$(readlink -f "$STATE/log")")

# valsctl WORD...: on this installation.
valsctl() {
	DATABASE_URL="${VALS_DATABASE_URL%&user=*}" VALS_CONF="$DATA/conf/vals.conf" JWT_KEYS_DIR="$DATA/jwt" "$DATA/bin/valsctl" "$@"
}

# ctl WORD...: the same; sets OUT, ERR and RC.
ctl() {
	OUT=$(valsctl "$@" 2>"$TEMP/err")
	RC=$?
	ERR=$(cat "$TEMP/err")
}

sign_in() {
	request /api/auth/login -H 'Content-Type: application/json' -d "{\"email\":\"$1\",\"password\":\"$2\"}"
}

# me TOKEN
me() {
	request /api/auth/me -H "Authorization: Bearer $1"
}

# --- users -------------------------------------------------------------------

ctl user add --email op@vals.local --name Olga --role operator
is "user_add_succeeds" "$RC" 0
first=$OUT
sign_in op@vals.local "$first"
is "a_generated_password_signs_in" "$STATUS" 200
ctl user add --email op@vals.local --name Olga --role operator
is "the_same_address_twice_is_refused" "$RC $OUT" "1 "
ctl user add --email x@vals.local --name X --role emperor
is "an_unknown_role_is_refused" "$RC" 1
ctl user add --email x@vals.local
is "user_add_without_name_and_role_is_a_usage_error" "$RC" 2
for password in short nouppercase1-long NOLOWERCASE1-LONG NoDigits-At-All-x NoSpecial1NoSpecial; do
	ctl user add --email x@vals.local --name X --role analyst --password-stdin <<<"$password"
	is "a_weak_password_is_refused: $password" "$RC" 1
	like "and_what_it_lacks_is_said: $password" "$ERR" 'the password must have'
done
ctl user list
like "user_list_names_everybody" "$OUT" '^op@vals\.local.*operator.*active'
empty "user_list_shows_no_password" "$(grep -F '$argon2' <<<"$OUT")"

ctl user password --email op@vals.local --password-stdin <<<'Another-Password-7'
is "user_password_succeeds" "$RC" 0
sign_in op@vals.local "$first"
is "the_old_password_is_out" "$STATUS" 401
sign_in op@vals.local Another-Password-7
is "the_new_one_signs_in" "$STATUS" 200
ctl user password --email op@vals.local
ok "a_password_is_made_up_when_none_is_given" test "${#OUT}" -ge 12
ctl user password --email nobody@vals.local
is "the_password_of_nobody_cannot_be_set" "$RC $OUT" "1 "
ctl user password
is "user_password_without_email_is_a_usage_error" "$RC" 2

# --- tokens ------------------------------------------------------------------

for ttl in 60 90s 15m 12h; do
	ctl token --email op@vals.local --ttl "$ttl"
	me "$OUT"
	is "a_token_for_$ttl""_works" "$STATUS" 200
done
ctl token --email op@vals.local --ttl 1
token=$OUT
for ttl in 0 -5 12x 5mm '' soon; do
	ctl token --email op@vals.local --ttl "$ttl"
	is "a_lifetime_of_'$ttl'_is_refused" "$RC" 2
done
ctl token --email nobody@vals.local
is "there_is_no_token_for_nobody" "$RC" 1
ctl token
is "token_without_email_is_a_usage_error" "$RC" 2

# --- the keys that sign them ---------------------------------------------------

ctl token --email op@vals.local
old=$OUT
ctl key rotate
is "key_rotate_succeeds" "$RC" 0
key=$OUT
is "a_signing_key_is_for_its_owner_only" "$(stat -c %a "$key")" 600
chown --reference="$DATA/jwt" "$key"
"$DEV" restart vals-api --state "$STATE"
wait_for 60 eval 'ctl token --email op@vals.local; me "$OUT"; [ "$STATUS" = 200 ]'
is "the_new_key_signs_after_a_reload" "$STATUS" 200
me "$old"
is "the_old_key_still_verifies" "$STATUS" 200

# A disk that is full after no bytes at all.
keys_before=$(ls "$DATA/jwt")
trap '' XFSZ
(
	ulimit -f 0
	ctl key rotate 2>/dev/null
	[ "$RC" = 1 ]
)
is "a_key_that_cannot_be_written_is_an_error" $? 0
is "and_leaves_no_half_key_behind" "$(ls "$DATA/jwt")" "$keys_before"
(
	ulimit -f 0
	valsctl token --email op@vals.local >"$TEMP/full" 2>/dev/null
)
is "what_cannot_be_printed_is_an_error" $? 1
trap - XFSZ

# --- API keys --------------------------------------------------------------------

ctl apikey add --name second-agent
api_key=$OUT
like "apikey_add_prints_the_key" "$api_key" '^vals_[A-Za-z0-9_-]{30,}$'
request /api/calls/active -H "Authorization: Bearer $api_key"
is "the_key_works" "$STATUS" 200
ctl apikey list
like "apikey_list_knows_it_by_its_prefix" "$OUT" "${api_key:0:13}.*active"
empty "apikey_list_shows_no_whole_key" "$(grep -F "$api_key" <<<"$OUT")"
ctl apikey revoke --prefix "${api_key:0:13}"
is "apikey_revoke_succeeds" "$RC" 0
key_is_refused() {
	request /api/calls/active -H "Authorization: Bearer $api_key"
	[ "$STATUS" = 401 ]
}
# Workers remember a good key for a few seconds.
ok "a_revoked_key_is_refused_soon" wait_for 60 key_is_refused
ctl apikey list
like "apikey_list_shows_that_it_is_revoked" "$OUT" "${api_key:0:13}.*revoked"
ctl apikey revoke --prefix vals_nothing
is "a_key_that_is_not_there_cannot_be_revoked" "$RC" 1
ctl apikey add --name brief --expires 2001-01-01
request /api/calls/active -H "Authorization: Bearer $OUT"
is "an_expired_key_is_refused" "$STATUS" 401
for words in 'apikey add' 'apikey revoke'; do
	# shellcheck disable=SC2086
	ctl $words
	is "${words// /_}_without_options_is_a_usage_error" "$RC" 2
done

# --- webhooks ----------------------------------------------------------------------

ctl webhook replay
is "a_replay_of_nothing_in_particular_is_a_usage_error" "$RC" 2
ctl webhook replay --unprocessed
is "without_events_nothing_is_replayed" "$RC $OUT" "0 0 events seen, 0 applied"

json='Content-Type: application/json'
agent="Authorization: Bearer $VALS_AGENT_KEY"
field() {
	node -pe 'const at = (o, [k, ...rest]) => k === undefined ? o : at(o[k], rest);
		at(JSON.parse(require("fs").readFileSync(0)), process.argv[1].split("."))' "$1"
}
lead=$(curl -s "$VALS_URL/api/leads" -H "Authorization: Bearer $VALS_ADMIN_TOKEN" -H "$json" \
	-d '{"firstName":"Re","lastName":"Play","phone":"+12025550131"}' | field data.id)
call=$(curl -s "$VALS_URL/api/agent/start-call" -H "$agent" -H "$json" -d "{\"leadId\":\"$lead\"}" | field data.callId)
call_status() {
	curl -s "$VALS_URL/api/calls/$call" -H "$agent" | field data.status
}
call_is() {
	[ "$(call_status)" = "$1" ]
}
ok "the_call_is_answered" wait_for 60 call_is in-progress
ctl webhook replay --since 2000-01-01
like "a_replay_says_what_it_saw" "$OUT" '^[1-9][0-9]* events seen, [1-9][0-9]* applied$'
is "a_replay_changes_nothing_that_is_true" "$(call_status)" in-progress
ctl webhook replay --id 00000000-0000-4000-8000-000000000000
is "an_event_nobody_sent_is_not_seen" "$RC $OUT" "0 0 events seen, 0 applied"
ctl webhook replay --id malformed
is "a_malformed_id_is_refused" "$RC" 1

# --- is all well? --------------------------------------------------------------

# doctor [WORD...]: with settings of this stack, or others.
doctor() {
	ctl doctor --set "recordings_dir=$DATA/recordings" "$@"
}

doctor
is "doctor_finds_nothing" "$RC $(grep -c '^ok ' <<<"$OUT") $(grep -c FAILED <<<"$OUT")" "0 4 0"
doctor --set telnyx_public_key=
is "doctor_misses_the_providers_key" "$RC" 1
like "and_says_so" "$OUT" '^FAILED +.*telnyx_public_key is not set$'
DATABASE_URL="${VALS_DATABASE_URL%&user=*}" VALS_CONF="$DATA/conf/vals.conf" \
	"$DATA/bin/vals-runner" --set telnyx_public_key= 2>"$TEMP/runner.log" &
runner=$!
ok "a_runner_without_it_sends_nothing" wait_for 10 grep -q 'no command is sent.*telnyx_public_key is not set' "$TEMP/runner.log"
kill "$runner"
wait "$runner"
doctor --set telnyx_public_key=AAAA --set telnyx_phone_number=
like "a_bad_key_and_what_is_not_set_are_told_at_once" "$OUT" '^FAILED +.*telnyx_phone_number is not set, telnyx_public_key holds what is no key'
doctor --set telnyx_api_base=http://provider.example/v2
like "doctor_misses_an_address_of_the_provider_that_may_be_called" "$OUT" '^FAILED +.*telnyx_api_base is neither https nor http on loopback$'
doctor --set "recordings_dir=$TEMP/nowhere"
like "doctor_misses_the_folder_of_recordings" "$OUT" '^FAILED +folder of the recordings: No such file'
doctor --set "jwt_keys_dir=$TEMP"
like "doctor_misses_the_keys_of_tokens" "$OUT" '^FAILED +keys of access tokens'
VALS_DATABASE_URL=postgresql:///vals?host=$TEMP doctor
like "doctor_misses_the_database" "$OUT" '^FAILED +database: it cannot be reached'
is "and_fails" "$RC" 1

# --- migrations --------------------------------------------------------------------

sql() {
	psql -XAtq "${VALS_DATABASE_URL/\/vals\?//$1?}" -c "$2"
}

# migrate DATABASE OPTION...
migrate() {
	local name=$1
	shift
	VALS_DATABASE_URL=${VALS_DATABASE_URL/\/vals\?//$name?} ctl migrate "$@"
}

ctl migrate --sql "$DATA/share/sql"
is "migrating_again_changes_nothing" "$RC $OUT" "0 "
cp -R "$DATA/share/sql" "$TEMP/sql"
sql postgres 'create database vals_other owner vals_owner'
migrate vals_other --sql "$TEMP/sql" --dry-run
like "a_dry_run_tells_what_it_would_do" "$OUT" 'would apply migrations/0001'
is "a_dry_run_does_nothing" "$(sql vals_other "select count(*) from pg_tables where schemaname = 'vals' and tablename <> 'schema_migrations'")" 0
migrate vals_other --sql "$TEMP/sql"
is "an_empty_database_is_migrated" "$RC" 0

# A dump does not hold the rights on the database.
sql vals_other 'grant temporary on database vals_other to public; revoke temporary on database vals_other from vals_ro'
migrate vals_other --sql "$TEMP/sql"
is "a_restored_one_has_its_rights_again" "$(sql vals_other "select string_agg(r, ' ' order by r)
	from unnest(array['public', 'vals_api', 'vals_ws', 'vals_run', 'vals_ro']) r where has_database_privilege(r, current_database(), 'temporary')")" vals_ro

echo '-- changed' >>"$TEMP/sql/migrations/0001_accounts.sql"
migrate vals_other --sql "$TEMP/sql"
is "a_changed_migration_is_refused" "$RC" 1
like "and_named" "$ERR" '0001_accounts\.sql was changed'
cp "$DATA/share/sql/migrations/0001_accounts.sql" "$TEMP/sql/migrations/"

echo 'create table vals.surplus (id integer); select 1 / 0;' >"$TEMP/sql/migrations/9990_bad.sql"
migrate vals_other --sql "$TEMP/sql"
is "a_migration_that_fails_is_reported" "$RC" 1
is "and_leaves_nothing_behind" "$(sql vals_other "select count(*) from pg_tables where tablename = 'surplus'")" 0
rm "$TEMP/sql/migrations/9990_bad.sql"
mkdir "$TEMP/sql/migrations/9990_folder.sql"
migrate vals_other --sql "$TEMP/sql"
is "a_migration_that_cannot_be_read_is_refused" "$RC" 1
like "and_said_to_be_unreadable" "$ERR" 'could not read .*9990_folder.sql: '
rmdir "$TEMP/sql/migrations/9990_folder.sql"

echo '-- more' >>"$TEMP/sql/api/leads.sql"
migrate vals_other --sql "$TEMP/sql"
like "changed_functions_are_loaded_again" "$RC $OUT" '^0 applied functions$'

sql vals_other "insert into vals.schema_migrations (number, name, checksum) values (9999, 'migrations/9999_future.sql', 'x')"
migrate vals_other --sql "$TEMP/sql"
is "a_database_from_the_future_is_refused" "$RC" 1
like "and_what_is_unknown_is_named" "$ERR" '9999_future\.sql, which this version does not know'
migrate vals_other --sql "$TEMP/nowhere"
is "a_folder_without_sql_is_refused" "$RC" 1

# --- leads from a file ---------------------------------------------------------------

# rows COUNT [FROM]: a CSV file of so many leads.
rows() {
	echo 'firstName,lastName,phone,source,customFields,kevinNotes'
	seq "${2:-0}" $((${2:-0} + $1 - 1)) | awk '{
		printf "Ada,Import%d,+4420%08d,file,\"{\"\"n\"\":%d,\"\"ok\"\":true}\",\"%0300d\n\"\n", $1, $1, $1, 0 }'
}

imported() {
	sql vals "select count(*) from vals.leads where phone like '+4420%' and deleted_at is null"
}

rows 3000 >"$TEMP/leads.csv"
ctl import "$TEMP/leads.csv"
is "an_import_is_a_dry_run_unless_told" "$RC ${OUT%%$'\n'*}" "0 rows 3000, new 3000, duplicate 0, invalid 0, doNotCall 0"
is "a_dry_run_imports_nothing" "$(imported)" 0
like "without_a_terminal_each_tenth_is_a_line" "$ERR" '^100 %, [0-9]+ rows$'
request "/api/leads/import" -H "Authorization: Bearer $VALS_ADMIN_TOKEN" -H 'Content-Type: text/csv' --data-binary "@$TEMP/leads.csv"
like "the_api_judges_the_same" "$BODY" '"rows":3000,"new":3000,"duplicate":0,"invalid":0,"doNotCall":0'
ctl import --commit "$TEMP/leads.csv"
is "commit_imports" "$RC $(tail -1 <<<"$OUT") $(imported)" "0 3000 leads imported 3000"
is "types_are_kept" "$(sql vals "select custom_fields from vals.leads where phone = '+442000000007'")" '{"n": 7, "ok": true}'
is "and_who_did_it" "$(sql vals "select actor_role, after from vals.audit_log where action = 'lead.import' order by id desc limit 1")" \
	'valsctl|{"count": 3000}'
ctl import --commit "$TEMP/leads.csv"
is "again_they_are_duplicates" "$RC ${OUT%%$'\n'*}" "0 rows 3000, new 0, duplicate 3000, invalid 0, doNotCall 0"

{ rows 3000 5000 && printf 'Bob,Wrong,12,file,,\nBob,Twice,+442000005001,file,,\n'; } >"$TEMP/bad.csv"
ctl import --commit "$TEMP/bad.csv"
is "one_invalid_line_and_nothing_is_imported" "$RC $(imported)" "1 3000"
like "the_line_is_named" "$ERR" '^line 6002: invalid: phone must be a phone number'
like "a_line_that_repeats_another_names_it" "$ERR" '^line 6003: duplicate: phone is in line 4 already'
like "the_rest_is_counted" "$OUT" '^rows 3002, new 3000, duplicate 1, invalid 1, doNotCall 0$'

ctl import --commit --format ndjson - < <(sed 's/.*/{"firstName":"N","lastName":"D","phone":"+44209&","source":null}/' < <(seq 1000000 1000099))
is "standard_input_is_a_file_too" "$RC $(tail -1 <<<"$OUT") $(imported)" "0 100 leads imported 3100"
ctl import - </dev/null
is "what_it_is_must_be_said" "$RC" 2
ctl import --format csv - <<<'firstName,colour'
like "an_unknown_column_is_named" "$RC $ERR" '^1 line 1: colour is not a known column'
ctl import --format csv - <<<$'firstName\n"a'
like "a_file_that_is_none_is_refused" "$RC $ERR" '^1 valsctl: Line 2 has a quote that is never closed'
ctl import "$TEMP/nothing.csv"
like "a_file_that_is_not_there_is_named" "$RC $ERR" '^1 valsctl: could not open .*nothing\.csv'
ctl import --commit --dry-run "$TEMP/leads.csv"
is "dry_run_and_commit_exclude_each_other" "$RC" 2
ctl import
is "import_without_a_file_is_a_usage_error" "$RC" 2

# Half a file, and then nothing: the import waits for more when the signal comes.
mkfifo "$TEMP/fifo"
DATABASE_URL="${VALS_DATABASE_URL%&user=*}" VALS_CONF="$DATA/conf/vals.conf" "$DATA/bin/valsctl" import --commit --format csv "$TEMP/fifo" \
	>"$TEMP/interrupted" 2>&1 &
waiter=$!
exec 7>"$TEMP/fifo"
rows 2000 9000 >&7
being_imported() {
	[ "$(sql vals "select count(*) from pg_stat_activity where application_name = 'valsctl' and state = 'idle in transaction'")" = 1 ]
}
ok "a_slow_file_is_waited_for" wait_for 60 being_imported
kill -INT "$waiter"
wait "$waiter"
is "interrupted_it_says_so" "$? $(tail -1 "$TEMP/interrupted")" "130 valsctl: nothing was imported"
exec 7>&-
is "and_leaves_nothing_behind" "$(imported)" 3100

# As much data as the program may have, and a file several times as large.
rows 60000 20000 >"$TEMP/large.csv"
ok "the_file_is_larger_than_the_memory" test "$(stat -c %s "$TEMP/large.csv")" -gt $((20 * 1048576))
(
	ulimit -d 8192
	ctl import "$TEMP/large.csv"
	echo "$RC ${OUT%%$'\n'*}" >"$TEMP/large.out"
)
is "memory_does_not_grow_with_the_file" "$(cat "$TEMP/large.out")" "0 rows 60000, new 60000, duplicate 0, invalid 0, doNotCall 0"
export DATABASE_URL=${VALS_DATABASE_URL%&user=*} VALS_CONF=$DATA/conf/vals.conf
like "on_a_terminal_there_is_a_bar" "$(script -qec "'$DATA/bin/valsctl' import '$TEMP/leads.csv'" /dev/null </dev/null)" '\[#+ *\] +[0-9]+ % [0-9]+ rows'
unset DATABASE_URL VALS_CONF

# --- the command line -----------------------------------------------------------------

ctl
is "no_command_is_a_usage_error" "$RC" 2
like "the_usage_names_the_commands" "$ERR" 'user add'
ctl user fly
is "an_unknown_command_is_a_usage_error" "$RC" 2
ctl token --email op@vals.local --frobnicate
is "an_unknown_option_is_a_usage_error" "$RC" 2
VALS_DATABASE_URL=postgresql:///vals?host=$TEMP ctl user list
is "without_a_database_it_fails" "$RC" 1
like "and_says_why" "$ERR" 'could not connect'
me "$token"
is "a_token_of_one_second_has_run_out" "$STATUS" 401
tap_done
