# settings.sh - the vals.conf of one state
#
# Here stands what ./dev decides and the user may override from the environment.  What
# must not be overridden (the private database, sockets) is given to the programs as environment;
# see programs.sh.

# Whether the simulator takes the provider's place.
wants_simulator() {
	[ -z "$OPT_NO_SIM" ] && [ -z "${TELNYX_API_KEY-}" ] && [ -z "${TELNYX_API_BASE-}" ]
}

# The simulator's port and keys, the same at each start.
simulator_settings() {
	local port
	has_secret sim-api-key || echo "KEY$(random_hex 16)" | secret_keep sim-api-key
	port=$(cat "$STATE/sim-port" 2>/dev/null || true)
	if [ -z "$port" ] || port_taken "$port"; then
		port=$(free_port)
		echo "$port" >"$STATE/sim-port"
	fi
	SIM_URL=http://127.0.0.1:$port
	SIM_PUBLIC_KEY=$("${AS[@]}" node "$DATA/tests/telnyx-sim/main.mjs" --print-public-key \
		--key-file "$DATA/conf/sim-webhook.key")
}

settings_text() {
	cat <<END
; Written by ./dev up; the environment of ./dev up wins over it.
api_base_url = http://127.0.0.1:$OPT_PORT
calling_hours =
calls_per_lead_per_day = 0
rate_limit_max = 0
ws_max_per_address = 0
telnyx_connection_id = 1684641123236054244
telnyx_phone_number = +12025550100
kevin_phone_number = +12025550199
END
	if wants_simulator; then
		cat <<END
telnyx_api_base = $SIM_URL/v2
telnyx_api_key = $(secret sim-api-key)
telnyx_public_key = $SIM_PUBLIC_KEY
END
	fi
}

settings_write() {
	service_folder "$DATA/conf"
	SIM_URL=
	if wants_simulator; then
		simulator_settings
	elif [ -z "${TELNYX_PUBLIC_KEY-}" ] && [ -z "${TELNYX_PUBLIC_KEY_FILE-}" ]; then
		die "without the simulator TELNYX_PUBLIC_KEY must be given: webhooks are verified with it"
	fi
	settings_text >"$DATA/conf/vals.conf.new"
	chmod 600 "$DATA/conf/vals.conf.new"
	chown "$SERVICE_USER" "$DATA/conf/vals.conf.new"
	mv "$DATA/conf/vals.conf.new" "$DATA/conf/vals.conf"
}
