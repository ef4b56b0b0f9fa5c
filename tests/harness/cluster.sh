# cluster.sh - a private PostgreSQL: unix socket only, and only for us
#
# The service user and whoever called ./dev may become any of our roles and postgres,
# by peer authentication; there are no passwords.

PG_ROLES="postgres vals_owner vals_migrate vals_api vals_ws vals_run vals_ro"

# Folder of the newest server's programs.
pg_bin() {
	compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1 | xargs dirname
}

cluster_settings() {
	cat <<END
# Private cluster of ./dev.
listen_addresses = ''
unix_socket_directories = '$PGSOCKET'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %u@%d %a '
log_min_duration_statement = 500ms
log_lock_waits = on
hba_file = '$DATA/pg/pg_hba.conf'
ident_file = '$DATA/pg/pg_ident.conf'
END
}

cluster_ident() {
	local role user
	for role in $PG_ROLES; do
		for user in "$SERVICE_USER" "$(id -un)"; do
			echo "vals $user $role"
		done
	done | sort -u
}

# Make the cluster unless it is there.
cluster_init() {
	local dir=$DATA/pg file
	[ ! -f "$dir/PG_VERSION" ] || return 0
	say "making a database cluster"
	rm -rf "$dir"
	service_folder "$dir"
	quietly "$LOGS/initdb.log" "${AS[@]}" "$(pg_bin)/initdb" --pgdata="$dir" --auth=peer \
		--username=postgres --encoding=UTF8 --locale=C.UTF-8 --no-instructions
	cluster_settings >>"$dir/postgresql.conf"
	echo 'local all all peer map=vals' >"$dir/pg_hba.conf"
	cluster_ident >"$dir/pg_ident.conf"
}

# psql without the user's own settings, stopping at the first error.
run_psql() {
	PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 "$@"
}

# superuser_psql DATABASE ARGUMENTS...
superuser_psql() {
	run_psql -d "postgresql:///$1?host=$PGSOCKET&user=postgres" "${@:2}"
}

cluster_ready() {
	superuser_psql postgres -c '' 2>/dev/null
}

# database_make NAME: roles and an empty database of ours; harmless if they are there.
database_make() {
	local found
	superuser_psql postgres -f "$DATA/share/sql/roles.sql"
	found=$(superuser_psql postgres -At -c "select 1 from pg_database where datname = '$1'")
	if [ -z "$found" ]; then
		superuser_psql postgres -c "create database $1 owner vals_owner"
	fi
}
