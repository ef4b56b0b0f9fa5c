# secrets.sh - passwords and keys of one state, each in a file only its owner reads
#
# None of them is ever an argument of a program, where everybody could read it.

ADMIN_EMAIL=admin@vals.local

# random_hex BYTES
random_hex() {
	od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# secret_keep NAME: store standard input.
secret_keep() {
	(umask 077 && cat >"$SECRETS/$1.new") && mv "$SECRETS/$1.new" "$SECRETS/$1"
}

secret() {
	cat "$SECRETS/$1"
}

has_secret() {
	[ -s "$SECRETS/$1" ]
}

# service_secret NAME: a copy the service user can read; prints its path.
service_secret() {
	local to=$DATA/conf/$1
	install -m 600 -o "$SERVICE_USER" "$SECRETS/$1" "$to"
	echo "$to"
}

# valsctl as the caller, who may become any role of the private cluster.
ctl() {
	DATABASE_URL=$DATABASE_URL_PATH VALS_CONF=$DATA/conf/vals.conf JWT_KEYS_DIR=$DATA/jwt \
		"$DATA/bin/valsctl" "$@"
}

# The keys that sign tokens belong to the service user, who reads them.
keys_make() {
	compgen -G "$DATA/jwt/*.key" >/dev/null && return
	service_folder "$DATA/jwt"
	"${AS[@]}" env DATABASE_URL="$DATABASE_URL_PATH" VALS_CONF="$DATA/conf/vals.conf" \
		JWT_KEYS_DIR="$DATA/jwt" "$DATA/bin/valsctl" key rotate >/dev/null
}

# The first administrator and the voice agent's key, once.
accounts_make() {
	if ! has_secret admin-password; then
		echo "Vals-7-$(random_hex 9)" | secret_keep admin-password.made
		ctl user add --email "$ADMIN_EMAIL" --name Admin --role admin --password-stdin \
			<"$SECRETS/admin-password.made" >/dev/null
		mv "$SECRETS/admin-password.made" "$SECRETS/admin-password"
	fi
	if ! has_secret agent-key; then
		ctl apikey add --name voice-agent | grep -o 'vals_[A-Za-z0-9_-]*' | secret_keep agent-key
		has_secret agent-key || die "valsctl apikey add printed no key"
	fi
}
