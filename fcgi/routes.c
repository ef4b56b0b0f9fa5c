/*
 * routes.c - THE table, and the matcher
 */
#include "routes.h"

#include <string.h>

#include "handlers.h"

const struct route routes[] = {
	/* method  path                          access                 query           body                  handler             waiter */
	{ GET,    "/healthz",                    OPEN,                  NULL,           NULL,                 health_live,        NULL, NULL, UNLIMITED },
	{ GET,    "/readyz",                     OPEN,                  NULL,           NULL,                 health_ready,       NULL, NULL, UNLIMITED },
	{ GET,    "/metrics",                    OPEN,                  NULL,           NULL,                 metrics_get,        NULL, NULL, UNLIMITED },
	{ GET,    "/api/health",                 OPEN,                  NULL,           NULL,                 health_get,         NULL, NULL, 0 },

	{ POST,   "/api/auth/login",             OPEN,                  NULL,           auth_login_fields,    auth_login,         NULL, NULL, NO_REPLAY },
	{ POST,   "/api/auth/refresh",           OPEN,                  NULL,           no_fields,            auth_refresh,       NULL, NULL, NO_REPLAY },
	{ POST,   "/api/auth/logout",            OPEN,                  NULL,           no_fields,            auth_logout,        NULL, NULL, NO_REPLAY },
	{ GET,    "/api/auth/me",                SIGNED_IN,             NULL,           NULL,                 auth_me,            NULL, NULL, 0 },

	{ GET,    "/api/leads",                  MAY_VIEW_LEADS,        leads_filters,  NULL,                 leads_list,         NULL, NULL, 0 },
	{ POST,   "/api/leads",                  MAY_CREATE_LEADS,      NULL,           leads_create_fields,  leads_create,       NULL, NULL, EMITS },
	{ POST,   "/api/leads/import",           MAY_IMPORT_LEADS,      leads_import_filters, NULL,           leads_import,       NULL, NULL, EMITS | RAW_BODY | IN_TRANSACTION },
	{ GET,    "/api/leads/:id",              MAY_VIEW_LEADS,        NULL,           NULL,                 leads_get,          NULL, "Lead", 0 },
	{ PUT,    "/api/leads/:id",              MAY_UPDATE_LEADS,      NULL,           leads_update_fields,  leads_update,       NULL, "Lead", EMITS },
	{ DELETE, "/api/leads/:id",              MAY_DELETE_LEADS,      NULL,           NULL,                 leads_delete,       NULL, "Lead", EMITS },
	{ GET,    "/api/leads/:id/calls",        MAY_VIEW_CALLS,        lead_calls_filters, NULL,             lead_calls_list,    NULL, "Lead", 0 },
	{ POST,   "/api/leads/:id/calls",        MAY_EDIT_CALLS,        NULL,           lead_calls_create_fields, lead_calls_create, NULL, "Lead", EMITS },

	{ GET,    "/api/calls",                  MAY_VIEW_CALLS,        calls_filters,  NULL,                 calls_list,         NULL, NULL, 0 },
	{ POST,   "/api/calls",                  MAY_EDIT_CALLS,        NULL,           calls_create_fields,  calls_create,       NULL, NULL, EMITS },
	{ GET,    "/api/calls/active",           MAY_VIEW_CALLS,        NULL,           NULL,                 calls_active,       NULL, NULL, 0 },
	{ GET,    "/api/calls/:id",              MAY_VIEW_CALLS,        NULL,           NULL,                 calls_get,          NULL, "Call", 0 },
	{ PUT,    "/api/calls/:id",              MAY_EDIT_CALLS,        NULL,           calls_update_fields,  calls_update,       NULL, "Call", EMITS | COMMANDS },
	{ POST,   "/api/calls/:id/recording",    MAY_RUN_CALLS,         NULL,           calls_recording_fields, calls_recording_set, NULL, "Call", EMITS | COMMANDS },
	{ GET,    "/api/calls/:id/recording",    MAY_VIEW_CALLS,        NULL,           NULL,                 recordings_get,     NULL, "Call", 0 },
	{ GET,    "/api/recordings/:id/file",    BY_SIGNATURE,          recording_file_filters, NULL,         recording_file,     NULL, "Recording", 0 },
	{ POST,   "/api/calls/:id/transfer",     MAY_RUN_CALLS,         NULL,           call_transfer_fields, call_transfer_start, call_transfer_wait, "Call", EMITS | COMMANDS | WAITS },
	{ DELETE, "/api/calls/:id/transfer",     MAY_RUN_CALLS,         NULL,           NULL,                 call_transfer_cancel, NULL, "Call", EMITS | COMMANDS },

	{ POST,   "/api/agent/start-call",       MAY_RUN_CALLS,         NULL,           call_start_fields,    call_start,         call_start_wait, NULL, EMITS | COMMANDS | WAITS },
	{ POST,   "/api/agent/end-call",         MAY_RUN_CALLS,         NULL,           call_end_fields,      call_end,           NULL, NULL, EMITS | COMMANDS },
	{ POST,   "/api/agent/engagement-score", MAY_REPORT,            NULL,           call_engagement_fields, call_engagement_set, NULL, NULL, EMITS },
	{ POST,   "/api/agent/phase-transition", MAY_REPORT,            NULL,           call_phase_fields,    call_phase_set,     NULL, NULL, EMITS },
	{ GET,    "/api/agent/performance",      MAY_VIEW_ANALYTICS,    agent_performance_filters, NULL,      agent_performance,  NULL, NULL, FROM_REPLICA },

	{ GET,    "/api/kevin/availability",     MAY_VIEW_AVAILABILITY, NULL,           NULL,                 kevin_availability_get, NULL, NULL, 0 },
	{ PUT,    "/api/kevin/availability",     MAY_SET_AVAILABILITY,  NULL,           kevin_availability_fields, kevin_availability_set, NULL, NULL, EMITS },
	{ GET,    "/api/kevin/schedule",         MAY_VIEW_TRANSFERS,    NULL,           NULL,                 kevin_schedule_get, NULL, NULL, 0 },
	{ PUT,    "/api/kevin/schedule",         MAY_SET_AVAILABILITY,  NULL,           kevin_schedule_fields, kevin_schedule_set, NULL, NULL, EMITS },
	{ GET,    "/api/kevin/transfers",        MAY_VIEW_TRANSFERS,    kevin_transfers_filters, NULL,        kevin_transfers_list, NULL, NULL, 0 },
	{ POST,   "/api/kevin/transfer-outcome", MAY_RECORD_OUTCOMES,   NULL,           kevin_transfer_outcome_fields, kevin_transfer_outcome_set, NULL, NULL, EMITS },

	{ GET,    "/api/analytics/dashboard",    MAY_VIEW_ANALYTICS,    analytics_filters, NULL,              analytics_dashboard, NULL, NULL, 0 },
	{ GET,    "/api/analytics/performance",  MAY_VIEW_ANALYTICS,    analytics_filters, NULL,              analytics_performance, NULL, NULL, FROM_REPLICA },
	{ GET,    "/api/analytics/conversion",   MAY_VIEW_ANALYTICS,    analytics_filters, NULL,              analytics_conversion, NULL, NULL, FROM_REPLICA },

	{ GET,    "/api/analytics/export",       MAY_EXPORT,            export_filters, NULL,                 export_get,         NULL, NULL, WAITS },

	{ GET,    "/api/users",                  MAY_VIEW_USERS,        users_filters,  NULL,                 users_list,         NULL, NULL, 0 },
	{ POST,   "/api/users",                  MAY_ADMINISTER,        NULL,           users_create_fields,  users_create,       NULL, NULL, 0 },
	{ GET,    "/api/users/:id",              MAY_VIEW_USERS,        NULL,           NULL,                 users_get,          NULL, "User", 0 },
	{ PUT,    "/api/users/:id",              MAY_ADMINISTER,        NULL,           users_update_fields,  users_update,       NULL, "User", 0 },
	{ DELETE, "/api/users/:id",              MAY_ADMINISTER,        NULL,           NULL,                 users_delete,       NULL, "User", 0 },
	{ GET,    "/api/keys",                   MAY_ADMINISTER,        keys_filters,   NULL,                 keys_list,          NULL, NULL, 0 },
	{ POST,   "/api/keys",                   MAY_ADMINISTER,        NULL,           keys_create_fields,   keys_create,        NULL, NULL, NO_REPLAY },
	{ GET,    "/api/keys/:id",               MAY_ADMINISTER,        NULL,           NULL,                 keys_get,           NULL, "API key", 0 },
	{ PUT,    "/api/keys/:id",               MAY_ADMINISTER,        NULL,           keys_update_fields,   keys_update,        NULL, "API key", 0 },
	{ DELETE, "/api/keys/:id",               MAY_ADMINISTER,        NULL,           NULL,                 keys_delete,        NULL, "API key", 0 },
	{ GET,    "/api/audit",                  MAY_ADMINISTER,        audit_filters,  NULL,                 audit_list,         NULL, NULL, 0 },

	{ POST,   "/api/webhooks/telnyx",        BY_SIGNATURE,          NULL,           NULL,                 webhook_receive,    NULL, NULL, EMITS | COMMANDS | RAW_BODY | UNLIMITED | NO_REPLAY },
};

const size_t routes_count = sizeof(routes) / sizeof(*routes);

static const char *const http_method_names[HTTP_METHOD__MAX] = {
	[GET] = "GET",
	[POST] = "POST",
	[PUT] = "PUT",
	[DELETE] = "DELETE",
};

const char *
http_method_name(enum http_method method)
{
	return http_method_names[method];
}

static void
route_print_fields(FILE *out, const struct field *table)
{
	const char *separator = "\t";

	for (const struct field *field = table; field != NULL && field->name != NULL; field++) {
		if (field->kind == FIELD_READ_ONLY)
			continue;
		fprintf(out, "%s%s%s", separator, field->name, field->is_required ? "*" : "");
		separator = ",";
	}
	if (*separator == '\t')
		fputs("\t-", out);
}

void
routes_print(FILE *out)
{
	for (size_t i = 0; i < routes_count; i++) {
		fprintf(out, "%s\t%s\t", http_method_names[routes[i].method], routes[i].path);
		access_print(out, routes[i].access);
		route_print_fields(out, routes[i].query);
		route_print_fields(out, routes[i].body);
		fputc('\n', out);
	}
}

/* How well a pattern fits: 0 not at all, 1 with a capture, 2 literally. */
static int
route_fits(const char *pattern, const char *path, const char **id_r, size_t *id_len_r)
{
	int quality = 2;

	while (*pattern != '\0' && *path != '\0') {
		if (*pattern == ':') {
			pattern += strcspn(pattern, "/");
			*id_r = path;
			*id_len_r = strcspn(path, "/");
			path += *id_len_r;
			quality = 1;
			if (*id_len_r == 0)
				return 0;
		} else if (*pattern++ != *path++) {
			return 0;
		}
	}
	return *pattern == '\0' && *path == '\0' ? quality : 0;
}

enum route_match
route_find(const char *method, const char *path, const struct route **route_r, const char **id_r,
    unsigned *allow_r)
{
	int best = 0;
	size_t best_id_len = 0;

	*route_r = NULL;
	*id_r = NULL;
	*allow_r = 0;
	/* nginx leaves the body out of the answer. */
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t i = 0; i < routes_count; i++) {
		const char *id = NULL;
		size_t id_len = 0;
		int quality = route_fits(routes[i].path, path, &id, &id_len);

		/* A literal path hides the captures which would fit it too: /calls/active is no id. */
		if (quality == 0 || quality < best)
			continue;
		if (quality > best) {
			best = quality;
			*allow_r = 0;
			*route_r = NULL;
		}
		*allow_r |= 1u << routes[i].method;
		if (strcmp(http_method_names[routes[i].method], method) == 0) {
			*route_r = &routes[i];
			*id_r = id;
			best_id_len = id_len;
		}
	}
	if (*route_r == NULL)
		return *allow_r == 0 ? ROUTE_UNKNOWN : ROUTE_OTHER_METHOD;
	return *id_r == NULL || field_is_uuid(*id_r, best_id_len) ? ROUTE_FOUND : ROUTE_BAD_ID;
}
