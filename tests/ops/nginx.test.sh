#!/usr/bin/env bash
# nginx.test.sh - the templates alone, with no program behind them
set -uo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$ROOT/tests/harness/tap.sh"
PATH=$PATH:/usr/sbin

TEMP=$(mktemp -d /tmp/vals-nginx.XXXXXX)
chmod 755 "$TEMP"
mkdir -m 777 "$TEMP/tmp" "$TEMP/dashboard"
SERVER=
trap 'stop_server; rm -rf "$TEMP"' EXIT

render() {
	"$ROOT/nginx/render.sh" "$TEMP/conf" LOGDIR="$TEMP" PIDFILE="$TEMP/pid" TEMPDIR="$TEMP/tmp" \
		DASHBOARD="$TEMP/dashboard" LISTEN=127.0.0.1:28080 "$@"
}

# start_server NAME=VALUE...: an nginx with these values, whose programs are all away.
start_server() {
	local port
	stop_server
	port=$(node -e 'const s = require("net").createServer();
		s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
	URL=http://127.0.0.1:$port
	render LISTEN="127.0.0.1:$port" API_SOCKET="$TEMP/none" WAITING_SOCKET="$TEMP/none" WS_SOCKETS="$TEMP/none" "$@"
	nginx -e "$TEMP/error.log" -c "$TEMP/conf/nginx.conf" 2>/dev/null &
	SERVER=$!
	until curl -s -o /dev/null "$URL/" || ! kill -0 "$SERVER"; do
		sleep 0.1
	done
}

stop_server() {
	[ -n "$SERVER" ] || return 0
	kill "$SERVER"
	wait "$SERVER"
	SERVER=
}

# answer PATH [CURL ARGUMENT...]: status line, headers and body.
answer() {
	curl -s -i --max-time 10 "$URL$1" "${@:2}" | tr -d '\r'
}

# logged ID: the access log's line about a request; lines arrive a second late and more.
logged() {
	local tries=600
	until grep -F "$1" "$TEMP/access.log" || ((--tries == 0)); do
		sleep 0.1
	done
}

# request_id ANSWER
request_id() {
	sed -n 's/^X-Request-Id: //p' <<<"$1"
}

# status_from ADDRESS PATH: what a client behind a proxy at that address gets.
status_from() {
	curl -s -o /dev/null -w '%{http_code}' -H "X-Forwarded-For: $1" "$URL$2"
}

# The answer to the first of ten clients of an IPv6 network (its first half) whom the flood wall refuses; each asks once,
# and one program for all, or a busy machine would be too slow for the wall.
wall_answer() {
	local client requests=()
	for client in {0..9}; do
		requests+=(--next -s -i --max-time 10 -o "$TEMP/wall.$client" -H "X-Forwarded-For: $1::$client" "$URL$2")
	done
	curl "${requests[@]:1}"
	for client in {0..9}; do
		! grep -q '^HTTP/1.1 429 ' "$TEMP/wall.$client" || break
	done
	tr -d '\r' <"$TEMP/wall.$client"
}

check() {
	nginx -t -q -e "$TEMP/error.log" -c "$1" 2>&1 | grep -vE 'setrlimit|user" directive'
	return "${PIPESTATUS[0]}"
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
		-subj /CN=vals.example.com -keyout "$TEMP/key.pem" -out "$TEMP/cert.pem" 2>/dev/null
}

# An nginx.conf as an administrator has it, with what stands in Debian's, and our vhost.
admin_conf() {
	cat <<-END
	events { }
	pid $TEMP/pid;
	http {
		sendfile on;
		tcp_nopush on;
		types_hash_max_size 2048;
		default_type application/octet-stream;
		ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
		ssl_prefer_server_ciphers on;
		gzip on;
		access_log off;
		client_body_temp_path $TEMP/tmp/body;
		proxy_temp_path $TEMP/tmp/proxy;
		fastcgi_temp_path $TEMP/tmp/fastcgi;
		uwsgi_temp_path $TEMP/tmp/uwsgi;
		scgi_temp_path $TEMP/tmp/scgi;
		include /etc/nginx/mime.types;
		include $TEMP/conf/http.conf;
		include $TEMP/conf/vhost.conf;
	}
	END
}

sockets=$TEMP/a.sock,$TEMP/b.sock,$TEMP/c.sock
ok "templates_fill" render WS_SOCKETS="$sockets" \
	ALLOWED_ORIGINS='https://app.example.com,http://localhost:3000' TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1
empty "no_placeholder_is_left" "$(grep -rnE '@[A-Z_]+@' "$TEMP/conf")"
ok "nginx_accepts_the_private_configuration" check "$TEMP/conf/nginx.conf"
ok "nginx_accepts_it_without_origins_and_proxies" bash -c "$(declare -f render check)
	TEMP='$TEMP' ROOT='$ROOT'; render ALLOWED_ORIGINS= && check '$TEMP/conf/nginx.conf'"

certificate
render WS_SOCKETS="$sockets" TLS_CERTIFICATE="$TEMP/cert.pem" TLS_KEY="$TEMP/key.pem" \
	ALLOWED_ORIGINS='https://app.example.com,http://localhost:3000' TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1
# nginx -t binds, for which ports under 1024 need root.
sed -i -E 's/(listen ([^ ]*:)?)(80|443)/\128\3/' "$TEMP/conf/vhost.conf"
[ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$TEMP/conf/vhost.conf"
admin_conf >"$TEMP/admin.conf"
ok "nginx_accepts_the_vhost_example" check "$TEMP/admin.conf"

like "an_origin_is_compared_byte_for_byte" "$(cat "$TEMP/conf/maps.conf")" '"~\^https://app\\\.example\\\.com\$"'
like "each_realtime_daemon_has_its_sessions" "$(cat "$TEMP/conf/upstreams.conf")" '"~\^2-" vals_ws_2;'
like "trusted_proxies_are_named" "$(cat "$TEMP/conf/realip.conf")" 'set_real_ip_from 192\.0\.2\.1;'

ok "a_value_that_could_be_configuration_is_refused" bash -c "! '$ROOT/nginx/render.sh' '$TEMP/bad' 'LISTEN=80; include /etc/passwd' 2>/dev/null"
ok "an_unknown_name_is_refused" bash -c "! '$ROOT/nginx/render.sh' '$TEMP/bad' LISTNE=80 2>/dev/null"

# --- with the programs away --------------------------------------------------

echo '<html>the page' >"$TEMP/dashboard/index.html"
chmod 644 "$TEMP/dashboard/index.html"
start_server TRUSTED_PROXIES=127.0.0.1
for path in /api/leads /readyz '/socket.io/?EIO=4&transport=polling'; do
	text=$(answer "$path")
	like "a_program_that_is_away_is_503: $path" "$text" '^HTTP/1.1 503 '
	like "and_worth_trying_again: $path" "$text" '^Retry-After: 1$'
	like "in_the_envelope: $path" "$text" '^\{"success":false,"error":"Service temporarily unavailable"\}$'
done
like "the_dashboard_is_still_served" "$(answer /)" '<html>the page'
empty "nothing_speaks_of_TLS" "$(answer / | grep -iE 'strict-transport|upgrade-insecure|wss:')"

is "metrics_are_closed_to_others" "$(status_from 192.0.2.1 /metrics)" 403
is "metrics_are_open_to_loopback" "$(status_from 127.0.0.1 /metrics)" 503
text=$(answer /healthz -H 'X-Forwarded-For: 198.51.100.7, 203.0.113.9')
like "a_trusted_proxy_names_the_client" "$(logged "$(request_id "$text")")" '"remote_addr":"203\.0\.113\.9"'

start_server TRUSTED_PROXIES=
text=$(answer /healthz -H 'X-Forwarded-For: 203.0.113.9')
like "nobody_else_is_believed" "$(logged "$(request_id "$text")")" '"remote_addr":"127\.0\.0\.1"'

start_server SCHEME=https ALLOWED_ORIGINS=
text=$(answer / -H 'Host: vals.example.com' -H 'Origin: https://vals.example.com')
like "behind_TLS_HSTS_is_sent" "$text" '^Strict-Transport-Security: max-age=15552000; includeSubDomains$'
like "behind_TLS_requests_are_upgraded" "$text" '^Content-Security-Policy: .*;upgrade-insecure-requests$'
like "behind_TLS_the_websocket_is_wss" "$text" "connect-src 'self' wss://vals\.example\.com;"
like "behind_TLS_our_origin_is_https" "$text" '^Access-Control-Allow-Origin: https://vals\.example\.com$'
empty "behind_TLS_http_is_a_stranger" "$(answer / -H 'Host: vals.example.com' -H 'Origin: http://vals.example.com' | grep -i allow-origin)"

start_server TRUSTED_PROXIES=127.0.0.1 FLOOD_RATE=1 FLOOD_BURST=1
text=$(wall_answer 2001:db8:0:1 /api/leads)
like "the_flood_wall_counts_ipv6_by_64" "$text" '^HTTP/1.1 429 '
like "it_says_so_in_the_envelope" "$text" '^\{"success":false,"error":"Too many requests from this IP","retryAfter":"1 second"\}$'
like "and_when_to_come_back" "$text" '^Retry-After: 1$'
is "another_64_is_another_client" "$(status_from 2001:db8:0:2::1 /api/leads)" 503
like "the_wall_stands_before_health" "$(wall_answer 2001:db8:0:3 /readyz)" '^HTTP/1.1 429 '
like "and_before_sockets" "$(wall_answer 2001:db8:0:4 '/socket.io/?EIO=4&transport=polling')" '^HTTP/1.1 429 '
is "preflights_pass_the_wall" "$(curl -s -o /dev/null -w '%{http_code}' -X OPTIONS -H 'X-Forwarded-For: 2001:db8:0:1::1' "$URL/api/leads")" 204
stop_server

# --- rules of the templates ---------------------------------------------------

# One add_header in a location would throw away all others.
empty "headers_are_added_in_one_place" "$(grep -lE '^[[:space:]]*add_header' "$ROOT"/nginx/*.in | grep -v '/headers\.conf\.in$')"
empty "every_added_header_is_also_on_errors" "$(grep -E '^[[:space:]]*add_header' "$ROOT/nginx/headers.conf.in" | grep -v 'always;$')"
empty "every_template_is_installed" "$(cd "$ROOT/nginx" && for file in *.in; do grep -q "nginx/$file" local.mk || echo "$file"; done)"
tap_done
