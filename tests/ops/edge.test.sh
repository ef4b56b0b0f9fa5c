#!/usr/bin/env bash
# edge.test.sh - what every answer carries, and what nginx answers itself
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

export ALLOWED_ORIGINS=https://app.example.com
export RATE_LIMIT_MAX=0
new_state edge
start
ours=$VALS_URL
listed=https://app.example.com
auth="Authorization: Bearer $VALS_ADMIN_TOKEN"

# Names of all headers helmet 7 sends by default, HSTS excepted: that needs TLS.
helmet='Content-Security-Policy Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy Origin-Agent-Cluster
	Referrer-Policy X-Content-Type-Options X-DNS-Prefetch-Control X-Download-Options X-Frame-Options
	X-Permitted-Cross-Domain-Policies X-XSS-Protection'

# What is wrong with the headers of the last answer.
header_faults() {
	local name count
	for name in $helmet X-Request-Id; do
		count=$(header "$name" | wc -l)
		((count == 1)) || echo "$name: $count times"
	done
	header Vary | grep -qx Origin || echo "no Vary: Origin"
	[[ $(header X-Request-Id) =~ ^[0-9a-f]{32}$ ]] || echo "X-Request-Id is not ours"
	[ -z "$(header Strict-Transport-Security)" ] || echo "HSTS without TLS"
	[ "$(header Server)" = nginx ] || echo "Server: $(header Server)"
	[ "$(header Access-Control-Allow-Origin | wc -l)" -le 1 ] || echo "two Allow-Origin"
}

# --- the header walk -------------------------------------------------------

walk() {
	local name=$1 status=$2
	shift 2
	request "$@"
	is "${name}_answers_$status" "$STATUS" "$status"
	empty "${name}_carries_the_security_headers" "$(header_faults)"
}

# An error nginx or the API answers: the envelope, and nothing but it.
walk_error() {
	walk "$@"
	like "${1}_is_an_envelope" "$BODY" '^\{"success":false,"error":"[^"]+"'
	like "${1}_is_json" "$(header Content-Type)" '^application/json'
}

long=$(head -c 20000 /dev/zero | tr '\0' a)
head -c 10485761 /dev/zero | tr '\0' ' ' >"$TEMP/ten_megabytes_and_one"
head -c 1048577 /dev/zero | tr '\0' ' ' >"$TEMP/one_megabyte_and_one"

walk page 200 /
walk deep_page 200 /calls/live
asset=$(curl -s "$VALS_URL/" | grep -oE '/assets/[^"]+\.js' | head -n 1)
walk asset 200 "$asset"
like "asset_is_cached_for_ever" "$(header Cache-Control)" 'max-age=31536000, immutable'
request /
is "page_is_asked_for_again" "$(header Cache-Control)" no-cache
walk api_list 200 /api/leads -H "$auth"
walk healthz 200 /healthz
walk readyz 200 /readyz
walk polling 200 '/socket.io/?EIO=4&transport=polling'
walk_error unknown_asset 404 /assets/nothing.js
walk_error unknown_file 404 /nothing.css
walk_error unknown_api 404 /api/nothing -H "$auth"
walk_error api_root 404 /api
walk_error no_token 401 /api/leads
walk_error post_to_page 405 / -X POST
like "post_to_page_names_what_is_allowed" "$(header Allow)" '^GET, HEAD$'
walk_error trace 405 / -X TRACE
walk_error wrong_api_method 405 /api/kevin/availability -X DELETE -H "$auth"
walk_error bad_escape 400 /%zz
walk_error long_address 414 "/$long"
walk_error long_header 431 / -H "X-Long: $long"
walk_error large_body 413 /api/leads -X POST -H "$auth" --data-binary @"$TEMP/ten_megabytes_and_one"
walk_error large_chunked_body 413 /api/leads -X POST -H "$auth" -H 'Transfer-Encoding: chunked' \
	--data-binary @"$TEMP/ten_megabytes_and_one"
walk_error large_webhook 413 /api/webhooks/telnyx --data-binary @"$TEMP/one_megabyte_and_one"
walk_error wrong_type 415 /api/leads -X POST -H "$auth" -H 'Content-Type: text/plain' -d x

# --- content policy ----------------------------------------------------------

request /
csp=$(header Content-Security-Policy)
for directive in "default-src 'self'" "style-src 'self' 'unsafe-inline'" "script-src 'self'" "base-uri 'self'" \
	"font-src 'self' https: data:" "form-action 'self'" "frame-ancestors 'self'" "img-src 'self' data:" \
	"object-src 'none'" "script-src-attr 'none'" "connect-src 'self' ws://127.0.0.1:$PORT"; do
	ok "policy_has_$directive" grep -qF -- "$directive;" <<<"$csp;"
done
empty "no_upgrade-insecure-requests_without_TLS" "$(grep -o upgrade-insecure <<<"$csp")"
request / -H 'Host: a";x'
empty "a_strange_host_does_not_enter_the_policy" "$(header Content-Security-Policy | grep -F '";x')"

# --- CORS ----------------------------------------------------------------------

request /api/leads -H "$auth" -H "Origin: $listed"
is "listed_origin_is_allowed" "$(header Access-Control-Allow-Origin)" "$listed"
is "listed_origin_may_send_credentials" "$(header Access-Control-Allow-Credentials)" true
for name in ETag X-Request-Id Retry-After RateLimit-Limit RateLimit-Remaining RateLimit-Reset Idempotency-Replayed; do
	ok "listed_origin_may_read_$name" grep -qE "(^|,)$name(,|$)" <<<"$(header Access-Control-Expose-Headers)"
done
request /api/leads -H "$auth" -H "Origin: $ours"
is "our_own_origin_is_allowed" "$(header Access-Control-Allow-Origin)" "$ours"
for origin in https://evil.example "$listed.evil.example" "https://APP.example.com" null "http://localhost:3000" "$ours.evil" "$ours $ours"; do
	request /api/leads -H "$auth" -H "Origin: $origin"
	empty "strange_origin_gets_nothing: $origin" "$(header Access-Control-Allow-Origin)$(header Access-Control-Allow-Credentials)"
	ok "strange_origin_still_varies: $origin" grep -qx Origin <<<"$(header Vary)"
done
request /api/leads -X OPTIONS -H "Origin: $listed" -H 'Access-Control-Request-Method: PUT'
is "preflight_needs_no_token" "$STATUS" 204
is "preflight_names_the_methods" "$(header Access-Control-Allow-Methods)" GET,POST,PUT,DELETE,OPTIONS
is "preflight_names_the_headers" "$(header Access-Control-Allow-Headers)" \
	Content-Type,Authorization,Idempotency-Key,If-Match,Prefer,X-Requested-With
request /api/leads -X OPTIONS -H 'Origin: https://evil.example'
is "preflight_of_a_stranger_is_204" "$STATUS" 204
empty "preflight_of_a_stranger_allows_nothing" "$(grep -i '^access-control' <<<"$HEADERS")"

# --- request id, compression ---------------------------------------------------

request /healthz -H 'X-Request-Id: chosen-by-client'
like "a_clients_request_id_is_not_taken" "$(header X-Request-Id)" '^[0-9a-f]{32}$'
id=$(header X-Request-Id)
ok "the_request_id_stands_in_nginxs_log" wait_for 60 grep -qF "$id" "$STATE/log/access.log"
request /api/kevin/availability -H "$auth"
ok "the_request_id_stands_in_the_programs_log" wait_for 60 grep -qF "$(header X-Request-Id)" "$STATE/log/vals-api.log"
request "$asset" -H 'Accept-Encoding: gzip'
is "text_is_compressed" "$(header Content-Encoding)" gzip
like "compression_varies" "$(header Vary | tr '\n' ' ')" Accept-Encoding

# --- log injection ---------------------------------------------------------------

request '/x%0a%22%7D?token=very-secret' -A $'evil"\\{\x01' -H 'Referer: http://x/?token=very-secret'
ok "the_evil_request_is_logged" wait_for 60 grep -q 'x%0a%22%7D' "$STATE/log/access.log"
ok "every_log_line_is_one_json_object" node -e '
	for (const line of require("fs").readFileSync(process.argv[1], "utf8").trimEnd().split("\n"))
		if (typeof JSON.parse(line) !== "object") throw new Error(line);' "$STATE/log/access.log"
empty "no_query_string_is_logged" "$(grep -l very-secret "$STATE/log/access.log")"

# --- the rate limit, with the seed's answer ----------------------------------------

"$DEV" down --state "$STATE"
export RATE_LIMIT_MAX=5
new_state limited
start
# The limit begins anew with each quarter of an hour: where little is left of this one, the next is waited for.
while (($(date +%s) % 900 > 840)); do
	sleep 1
done
for _ in 1 2 3 4 5; do
	request /api/leads
done
is "requests_within_the_limit_pass" "$STATUS" 401
is "the_limit_is_told" "$(header X-RateLimit-Limit)/$(header X-RateLimit-Remaining)" 5/0
request /api/leads -H "Origin: $listed"
is "the_next_one_is_429" "$STATUS" 429
is "429_is_the_seeds_answer" "$BODY" '{"success":false,"error":"Too many requests from this IP","retryAfter":"15 minutes"}'
like "429_says_when_to_come_back" "$(header Retry-After)" '^[1-9][0-9]{0,2}$'
is "429_carries_cors" "$(header Access-Control-Allow-Origin)" "$listed"
empty "429_carries_the_security_headers" "$(header_faults)"
request /api/leads -X OPTIONS -H "Origin: $listed" -H 'Access-Control-Request-Method: GET'
is "preflight_passes_a_used_up_limit" "$STATUS" 204
request /healthz
is "health_is_outside_the_limit" "$STATUS" 200
request /api/webhooks/telnyx -H 'Content-Type: application/json' -d '{}'
is "webhooks_are_outside_the_limit" "$STATUS" 401
request /
is "the_dashboard_is_outside_the_limit" "$STATUS" 200
tap_done
