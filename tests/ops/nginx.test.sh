#!/usr/bin/env bash
# nginx.test.sh - the templates alone: they fill, nginx takes them, and keep their rules
set -uo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$ROOT/tests/harness/tap.sh"
PATH=$PATH:/usr/sbin

TEMP=$(mktemp -d /tmp/vals-nginx.XXXXXX)
trap 'rm -rf "$TEMP"' EXIT
mkdir "$TEMP/tmp"

render() {
	"$ROOT/nginx/render.sh" "$TEMP/conf" LOGDIR="$TEMP" PIDFILE="$TEMP/pid" TEMPDIR="$TEMP/tmp" \
		DASHBOARD="$TEMP" LISTEN=127.0.0.1:28080 "$@"
}

check() {
	nginx -t -q -e "$TEMP/error.log" -c "$1" 2>&1 | grep -vE 'setrlimit|user" directive'
	return "${PIPESTATUS[0]}"
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
		-subj /CN=vals.example.com -keyout "$TEMP/key.pem" -out "$TEMP/cert.pem" 2>/dev/null
}

# An nginx.conf as an administrator has it, with our vhost.
admin_conf() {
	cat <<-END
	events { }
	pid $TEMP/pid;
	http {
		access_log off;
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
admin_conf >"$TEMP/admin.conf"
ok "nginx_accepts_the_vhost_example" check "$TEMP/admin.conf"

like "an_origin_is_compared_byte_for_byte" "$(cat "$TEMP/conf/maps.conf")" '"~\^https://app\\\.example\\\.com\$"'
like "each_realtime_daemon_has_its_sessions" "$(cat "$TEMP/conf/upstreams.conf")" '"~\^2-" vals_ws_2;'
like "trusted_proxies_are_named" "$(cat "$TEMP/conf/realip.conf")" 'set_real_ip_from 192\.0\.2\.1;'

ok "a_value_that_could_be_configuration_is_refused" bash -c "! '$ROOT/nginx/render.sh' '$TEMP/bad' 'LISTEN=80; include /etc/passwd' 2>/dev/null"
ok "an_unknown_name_is_refused" bash -c "! '$ROOT/nginx/render.sh' '$TEMP/bad' LISTNE=80 2>/dev/null"

# One add_header in a location would throw away all others.
empty "headers_are_added_in_one_place" "$(grep -lE '^[[:space:]]*add_header' "$ROOT"/nginx/*.in | grep -v '/headers\.conf\.in$')"
empty "every_added_header_is_also_on_errors" "$(grep -E '^[[:space:]]*add_header' "$ROOT/nginx/headers.conf.in" | grep -v 'always;$')"
empty "every_template_is_installed" "$(cd "$ROOT/nginx" && for file in *.in; do grep -q "nginx/$file" local.mk || echo "$file"; done)"
tap_done
