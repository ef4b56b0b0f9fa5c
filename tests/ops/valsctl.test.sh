#!/usr/bin/env bash
# valsctl.test.sh - users, keys, tokens and migrations from the command line
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

new_state ctl
start
DATA=$(dirname "$(readlink -f "$STATE/log")")

# ctl WORD...: valsctl on this installation; sets OUT, ERR and RC.
ctl() {
	OUT=$(DATABASE_URL="${VALS_DATABASE_URL%&user=*}" VALS_CONF="$DATA/conf/vals.conf" JWT_KEYS_DIR="$DATA/jwt" \
		"$DATA/bin/valsctl" "$@" 2>"$TEMP/err")
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
is "the_same_address_twice_is_refused" "$RC" 1
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
is "the_password_of_nobody_cannot_be_set" "$RC" 1
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
wait_for 10 eval 'ctl token --email op@vals.local; me "$OUT"; [ "$STATUS" = 200 ]'
is "the_new_key_signs_after_a_reload" "$STATUS" 200
me "$old"
is "the_old_key_still_verifies" "$STATUS" 200

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
ok "a_revoked_key_is_refused_within_ten_seconds" wait_for 10 key_is_refused
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

echo '-- more' >>"$TEMP/sql/api/leads.sql"
migrate vals_other --sql "$TEMP/sql"
like "changed_functions_are_loaded_again" "$RC $OUT" '^0 applied functions$'

sql vals_other "insert into vals.schema_migrations (number, name, checksum) values (9999, 'migrations/9999_future.sql', 'x')"
migrate vals_other --sql "$TEMP/sql"
is "a_database_from_the_future_is_refused" "$RC" 1
like "and_what_is_unknown_is_named" "$ERR" '9999_future\.sql, which this version does not know'
migrate vals_other --sql "$TEMP/nowhere"
is "a_folder_without_sql_is_refused" "$RC" 1

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
