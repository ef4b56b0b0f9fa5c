#!/bin/sh
# render.sh - fill the nginx templates
#
#	render.sh OUTDIR [NAME=VALUE...]
#
# Writes OUTDIR/*.conf from the *.conf.in beside this script.  The names and their
# defaults stand below.  Lists are comma-separated.  A value may not hold blanks,
# quotes, braces, semicolons, dollars or backslashes: it could then mean more to nginx than it
# says.  Exit status 0, or 1 with the reason on standard error.
set -eu

usage() {
	echo "usage: render.sh OUTDIR [NAME=VALUE...]" >&2
	exit 1
}

die() {
	echo "render.sh: $*" >&2
	exit 1
}

# Where the templates are, and where the filled ones shall be.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || usage
DIR=$1
shift
case $DIR in /*) ;; *) DIR=$PWD/$DIR ;; esac

# Sockets of the programs.  WS_SOCKETS: one per realtime daemon, in the order of their ws_node.
API_SOCKET=/run/vals/api.sock
WAITING_SOCKET=/run/vals/waiting.sock
WS_SOCKETS=/run/vals/ws.sock
# Folder of the built dashboard.
DASHBOARD=/usr/local/share/vals/dashboard
# Folder of openapi.json and the reference page.
DOCS=/usr/local/share/vals/docs
# Folder of the recordings; the setting recordings_dir of vals-runner.
RECORDINGS=/var/lib/vals/recordings
# Origins that may call from a browser besides our own; the setting of the same name.
ALLOWED_ORIGINS=http://localhost:3000
# Networks whose X-Forwarded-For is believed; and https when they end TLS for us.
TRUSTED_PROXIES=
SCHEME=auto
# The flood wall: requests per second, burst, and connections, per address.
FLOOD_RATE=5000
FLOOD_BURST=20000
FLOOD_CONNECTIONS=8192
# Of nginx.conf only.
LISTEN=127.0.0.1:8080
PIDFILE=/run/vals/nginx.pid
TEMPDIR=/var/lib/vals/nginx
MIME_TYPES=/etc/nginx/mime.types
# Of vhost.conf only.
SERVER_NAME=vals.example.com
TLS_CERTIFICATE=/etc/ssl/certs/vals.pem
TLS_KEY=/etc/ssl/private/vals.key
# Of both.
LOGDIR=/var/log/nginx

names="DIR API_SOCKET WAITING_SOCKET WS_SOCKETS DASHBOARD DOCS RECORDINGS ALLOWED_ORIGINS TRUSTED_PROXIES SCHEME
	FLOOD_RATE FLOOD_BURST FLOOD_CONNECTIONS LISTEN PIDFILE TEMPDIR MIME_TYPES SERVER_NAME
	TLS_CERTIFICATE TLS_KEY LOGDIR"

# 1 if the name is one of ours.
known() {
	for name in $names; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

for assignment in "$@"; do
	name=${assignment%%=*}
	[ "$name" != "$assignment" ] || usage
	known "$name" || die "unknown name $name"
	value=${assignment#*=}
	eval "$name=\$value"
done

for name in $names; do
	eval "value=\$$name"
	case $value in
	*[!A-Za-z0-9_.,:/@%+=*~\[\]-]*) die "$name: a character nginx could misread in '$value'" ;;
	esac
done

case $SCHEME in
auto) SCHEME='$scheme' ;;
http | https) ;;
*) die "SCHEME: auto, http or https" ;;
esac

# split LIST: its items, one a line, without empty ones.
split() {
	printf '%s\n' "$1" | tr ',' '\n' | sed '/^$/d'
}

# Map lines: each origin byte for byte.
cors_origins() {
	split "$ALLOWED_ORIGINS" | sed -e 's/[].*+[]/\\&/g' -e 's/.*/	"~^&$" $http_origin;/'
}

trusted_proxies() {
	split "$TRUSTED_PROXIES" | sed 's/.*/set_real_ip_from &;/'
}

# One upstream with all daemons, and one for each.
ws_upstreams() {
	echo "upstream vals_ws {"
	split "$WS_SOCKETS" | sed 's/.*/	server unix:& max_fails=0;/'
	echo "}"
	split "$WS_SOCKETS" | awk '{
		printf "\nupstream vals_ws_%d {\n\tserver unix:%s;\n}\n", NR - 1, $0
	}'
}

ws_nodes() {
	split "$WS_SOCKETS" | awk '{ printf "\t\"~^%d-\" vals_ws_%d;\n", NR - 1, NR - 1 }'
}

CORS_ORIGINS=$(cors_origins)
TRUSTED_PROXIES=$(trusted_proxies)
WS_UPSTREAMS=$(ws_upstreams)
WS_NODES=$(ws_nodes)

# fill: standard input with every @NAME@ replaced.
fill() {
	for name in $names CORS_ORIGINS WS_UPSTREAMS WS_NODES; do
		eval "FILL_$name=\$$name"
		export "FILL_$name"
	done
	awk '{
		rest = $0
		line = ""
		while (match(rest, /@[A-Z_]+@/)) {
			name = "FILL_" substr(rest, RSTART + 1, RLENGTH - 2)
			if (!(name in ENVIRON)) {
				print "render.sh: no value for " substr(rest, RSTART, RLENGTH) > "/dev/stderr"
				exit 1
			}
			line = line substr(rest, 1, RSTART - 1) ENVIRON[name]
			rest = substr(rest, RSTART + RLENGTH)
		}
		print line rest
	}'
}

mkdir -p "$DIR"
for template in "$here"/*.conf.in; do
	out=$DIR/$(basename "$template" .in)
	fill <"$template" >"$out.new" || die "cannot fill $template"
	mv "$out.new" "$out"
done
