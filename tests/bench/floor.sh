#!/usr/bin/env bash
# floor.sh - vals-api beside the least a FastCGI program can do
#
# The same nginx configuration before both, the same rows of the same database, as many workers. No FastCGI program
# behind this nginx does better than the floor, so what the floor leaves of pgbench's throughput is the most one can ask for.
# Run by ./dev bench floor.
#
#	VALS_BENCH_SECONDS	length of one window (3); with 1000 connections at least 8
#	VALS_BENCH_PAIRS	windows of each for a ratio (3)
set -euo pipefail

: "${VALS_FLOOR:?run by ./dev bench}" "${VALS_STATE:?}"
folder=$(dirname "${BASH_SOURCE[0]}")
. "$folder/own/programs.sh"

COLUMN='select l.phone from vals.leads l where l.id = $1'
LEAD="select * from api.leads_get('{\"id\": null, \"role\": \"admin\"}', \$1)"

# own_program NAME COMMAND...: as one of a stack's, a session of its own with its pid in a file.
own_program() {
	as_service setsid "${@:2}" 2>"$TEMP/$1.log"
	echo $! >"$TEMP/run/$1.pid"
}

install -m 755 "$VALS_FLOOR" "$TEMP/floor"	# where the service's user may run it
mkdir "$TEMP/run"
ln -s "$VALS_STATE/run/postgres.pid" "$TEMP/run/postgres.pid"
own_nginx
own_program vals-api "$TEMP/floor" "$TEMP/api.sock" "$VALS_DATABASE_URL" $((4 * $(nproc))) "$COLUMN" "$LEAD"
own_program nginx nginx -e "$TEMP/error.log" -c "$TEMP/nginx/nginx.conf"
FLOOR_STATE=$TEMP FLOOR_URL=$URL node "$folder/floor/measure.mjs" "$COLUMN" "$LEAD"
