/*
 * conf_setting.c - the table of settings, and what each may be
 */
#include "conf_setting.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"

const struct setting conf_settings[CONF__MAX] = {
#define SETTING(key, type, fallback, help) [CONF_##key] = { #key, type, fallback, help },
#include "settings.def"
#undef SETTING
};

/* Whole numbers are 0 to INT_MAX unless they stand here. */
static const struct bounds {
	enum conf_key key;
	long min;
	long max;
} bounds[] = {
	{ CONF_database_timeout_ms, 1, 3600000 },
	{ CONF_api_workers, 0, 256 },
	{ CONF_waiting_workers, 1, 256 },
	{ CONF_request_timeout, 1, 3600 },
	{ CONF_access_token_ttl, 1, 86400 },
	{ CONF_refresh_token_ttl, 1, INT_MAX },
	{ CONF_rate_limit_window, 1, 86400 },
	{ CONF_provider_max_inflight, 1, 1000 },
	{ CONF_dial_rate, 1, 10000 },
	{ CONF_recordings_max_mb, 1, 100000 },
	{ CONF_recordings_days, 0, 36500 },
	{ CONF_recording_link_secs, 1, 86400 },
	{ CONF_webhooks_days, 1, 36500 },
	{ CONF_ws_node, 0, 99 },
	{ CONF_ws_ping_interval_ms, 1, 3600000 },
	{ CONF_ws_ping_timeout_ms, 1, 3600000 },
	{ CONF_ws_max_connections, 1, 1000000 },
	{ CONF_ws_recovery_ms, 0, 86400000 },
	{ CONF_ws_queue_bytes, 4096, INT_MAX },
	{ CONF_ws_queue_messages, 16, INT_MAX },
};

int
conf_parse_bool(const char *text)
{
	static const char *const words[][2] = {
		{ "off", "on" }, { "false", "true" }, { "no", "yes" }, { "0", "1" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i][0]) == 0)
			return 0;
		if (strcasecmp(text, words[i][1]) == 0)
			return 1;
	}
	return -1;
}

static bool
conf_is_number(int key, const char *text, char reason[static CONF_REASON_SIZE])
{
	long number, min = 0, max = INT_MAX;
	char *end;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		if ((int)bounds[i].key == key) {
			min = bounds[i].min;
			max = bounds[i].max;
		}
	}
	errno = 0;
	number = strtol(text, &end, 10);
	if (isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && number >= min &&
	    number <= max)
		return true;
	snprintf(reason, CONF_REASON_SIZE, "%s is not a whole number from %ld to %ld",
	    conf_settings[key].key, min, max);
	return false;
}

/* The form HH:MM-HH:MM with real hours and minutes, the first earlier: a night is no time to call. */
static bool
conf_is_hours(const char *text)
{
	static const char form[] = "hh:mm-hh:mm";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (isalpha((unsigned char)form[i]) ? !isdigit((unsigned char)text[i]) :
		    text[i] != form[i])
			return false;
	}
	for (size_t i = 0; i < sizeof(form) - 1; i += 6) {
		if (strncmp(text + i, "24", 2) >= 0 || text[i + 3] > '5')
			return false;
	}
	return strncmp(text, text + 6, strlen("hh:mm")) < 0;
}

/* What a text must look like beyond its type. */
static bool
conf_is_text(int key, const char *text, char reason[static CONF_REASON_SIZE])
{
	const char *wanted = NULL;

	if (key == CONF_log_level && log_level_parse(text) < 0)
		wanted = "error, warn, info or debug";
	else if (key == CONF_log_requests && strcmp(text, "fields") != 0 &&
	    strcmp(text, "seed") != 0 && strcmp(text, "off") != 0)
		wanted = "fields, seed or off";
	else if (key == CONF_calling_hours && text[0] != '\0' && !conf_is_hours(text))
		wanted = "HH:MM-HH:MM, the first earlier, or empty";
	if (wanted == NULL)
		return true;
	snprintf(reason, CONF_REASON_SIZE, "%s must be %s", conf_settings[key].key, wanted);
	return false;
}

bool
conf_is_valid(int key, const char *text, char reason[static CONF_REASON_SIZE])
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			snprintf(reason, CONF_REASON_SIZE, "%s has a control character in it",
			    conf_settings[key].key);
			return false;
		}
	}
	switch (conf_settings[key].type) {
	case INT:
		return conf_is_number(key, text, reason);
	case BOOL:
		if (conf_parse_bool(text) >= 0)
			return true;
		snprintf(reason, CONF_REASON_SIZE, "%s must be on or off", conf_settings[key].key);
		return false;
	case TEXT:
	case SECRET:
	case PATH:
		break;
	}
	return conf_is_text(key, text, reason);
}
