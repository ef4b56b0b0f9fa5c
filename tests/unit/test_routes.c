/*
 * test_routes.c - THE table: every row is reached, says all it must, and lets in whom it should
 */
#include "../../fcgi/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "0a000000-0000-4000-8000-00000000000f"
#define FIELDS_MAX 64	/* rows of a table that fields.c keeps track of */

#define BIT(method) (1u << (method))

/* A path with :id filled in. */
static const char *
path_of(const struct route *route, const char *id)
{
	static char path[256];
	const char *colon = strchr(route->path, ':');
	size_t before = colon == NULL ? strlen(route->path) : (size_t)(colon - route->path);

	if (colon == NULL)
		return route->path;
	snprintf(path, sizeof(path), "%.*s%s%s", (int)before, route->path, id, colon + strcspn(colon, "/"));
	return path;
}

static void
every_row_is_reached_by_its_method_and_path(void **state)
{
	(void)state;
	assert_true(routes_count > 20);
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *found;
		const char *id;
		unsigned allow;
		const char *path = path_of(&routes[i], ID);

		if (route_find(http_method_name(routes[i].method), path, &found, &id, &allow) != ROUTE_FOUND ||
		    found != &routes[i])
			fail_msg("%s %s does not reach its row", http_method_name(routes[i].method), routes[i].path);
		if (strchr(routes[i].path, ':') != NULL)
			assert_memory_equal(id, ID, sizeof(ID) - 1);
		else
			assert_null(id);
	}
}

static void
no_row_comes_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++)
		for (size_t k = 0; k < i; k++)
			if (routes[i].method == routes[k].method && strcmp(routes[i].path, routes[k].path) == 0)
				fail_msg("%s %s comes twice", http_method_name(routes[i].method), routes[i].path);
}

static void
a_malformed_id_names_the_thing(void **state)
{
	static const char *const ids[] = {
		"1", "active2", "%00", ":id",
		"0a000000-0000-4000-8000-00000000000",
		"0a000000-0000-4000-8000-00000000000g",
		"0a000000-0000-4000-8000-00000000000ff",
		"0a000000000040008000-00000000000f0000",
	};

	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *found;
		const char *id;
		unsigned allow;

		if (strchr(routes[i].path, ':') == NULL) {
			assert_null(routes[i].thing);
			continue;
		}
		assert_non_null(routes[i].thing);
		for (size_t k = 0; k < sizeof(ids) / sizeof(*ids); k++) {
			assert_int_equal(route_find(http_method_name(routes[i].method), path_of(&routes[i], ids[k]),
			    &found, &id, &allow), ROUTE_BAD_ID);
			assert_ptr_equal(found, &routes[i]);
		}
	}
}

static void
unknown_paths_are_unknown(void **state)
{
	static const char *const paths[] = {
		"", "/", "/api", "/api/", "/api/:id", "/api/auth", "/api/webhooks/", "/healthz/",
		"api/leads", "/API/leads", "/api//leads", "/api/lead", "/api/leadsx", "/api/leads/", "/api/leads?x=1",
		"/api/leads/" ID "/", "/api/leads/" ID "/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const struct route *found;
		const char *id;
		unsigned allow;

		if (route_find("GET", paths[i], &found, &id, &allow) != ROUTE_UNKNOWN)
			fail_msg("%s is known", paths[i]);
		assert_null(found);
		assert_int_equal(allow, 0);
	}
}

static void
a_known_path_tells_its_methods(void **state)
{
	static const struct {
		const char *method, *path;
		unsigned allow;
	} rows[] = {
		{ "DELETE", "/api/leads", BIT(GET) | BIT(POST) },
		{ "POST", "/api/leads/" ID, BIT(GET) | BIT(PUT) | BIT(DELETE) },
		{ "POST", "/api/leads/no-uuid", BIT(GET) | BIT(PUT) | BIT(DELETE) },
		{ "PUT", "/api/calls/active", BIT(GET) },
		{ "GET", "/api/auth/login", BIT(POST) },
		{ "PUT", "/api/calls/" ID "/recording", BIT(GET) | BIT(POST) },
		{ "GET", "/api/calls/" ID "/transfer", BIT(POST) | BIT(DELETE) },
		{ "POST", "/api/kevin/availability", BIT(GET) | BIT(PUT) },
		{ "POST", "/api/keys/" ID, BIT(GET) | BIT(PUT) | BIT(DELETE) },
		{ "GET", "/api/webhooks/telnyx", BIT(POST) },
		{ "POST", "/healthz", BIT(GET) },
		{ "PATCH", "/api/leads", BIT(GET) | BIT(POST) },
		{ "HEAD", "/api/auth/login", BIT(POST) },
		{ "get", "/api/leads", BIT(GET) | BIT(POST) },
		{ "", "/api/leads", BIT(GET) | BIT(POST) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct route *found;
		const char *id;
		unsigned allow;

		assert_int_equal(route_find(rows[i].method, rows[i].path, &found, &id, &allow), ROUTE_OTHER_METHOD);
		assert_null(found);
		if (allow != rows[i].allow)
			fail_msg("%s %s allows %#x", rows[i].method, rows[i].path, allow);
	}
}

static void
a_literal_path_beats_an_id(void **state)
{
	const struct route *found;
	const char *id;
	unsigned allow;

	(void)state;
	assert_int_equal(route_find("GET", "/api/calls/active", &found, &id, &allow), ROUTE_FOUND);
	assert_string_equal(found->path, "/api/calls/active");
	assert_null(id);
	assert_int_equal(route_find("GET", "/api/calls/activ", &found, &id, &allow), ROUTE_BAD_ID);
	assert_string_equal(found->path, "/api/calls/:id");
}

static void
HEAD_is_answered_as_GET(void **state)
{
	const struct route *found;
	const char *id;
	unsigned allow;

	(void)state;
	assert_int_equal(route_find("HEAD", "/api/leads/" ID, &found, &id, &allow), ROUTE_FOUND);
	assert_string_equal(found->path, "/api/leads/:id");
	assert_int_equal(found->method, GET);
	assert_memory_equal(id, ID, sizeof(ID) - 1);
}

static void
rows_say_what_they_must(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes[i];
		bool writes = route->method == POST || route->method == PUT;

		assert_non_null(route->handler);
		assert_in_range(route->access, 0, ACCESS__MAX - 1);
		if (writes != (route->body != NULL || (route->flags & RAW_BODY) != 0))
			fail_msg("%s %s: body and method do not fit", http_method_name(route->method), route->path);
		if (route->query != NULL && route->method != GET && (route->flags & RAW_BODY) == 0)
			fail_msg("%s %s reads a query", http_method_name(route->method), route->path);
		if ((route->flags & COMMANDS) != 0)
			assert_true((route->flags & EMITS) != 0);
		if (route->waiter != NULL)
			assert_int_equal(route->method, POST);
		/* Who waits takes a worker of the pool that is made for it. */
		if (route->waiter != NULL)
			assert_true((route->flags & WAITS) != 0);
		if (route->method == GET)
			assert_int_equal(route->flags & (EMITS | COMMANDS), 0);
	}
}

static void
only_these_are_open(void **state)
{
	static const char *const open[] = {
		"/healthz", "/readyz", "/metrics", "/api/health",
		"/api/auth/login", "/api/auth/refresh", "/api/auth/logout",
	};

	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		bool is_open = false, is_signed;

		for (size_t k = 0; k < sizeof(open) / sizeof(*open); k++)
			is_open |= strcmp(routes[i].path, open[k]) == 0;
		if (is_open != (routes[i].access == OPEN))
			fail_msg("%s: open is %d", routes[i].path, routes[i].access == OPEN);
		is_signed = strcmp(routes[i].path, "/api/webhooks/telnyx") == 0 ||
		    strcmp(routes[i].path, "/api/recordings/:id/file") == 0;
		if ((routes[i].access == BY_SIGNATURE) != is_signed)
			fail_msg("%s: by signature is %d", routes[i].path, routes[i].access == BY_SIGNATURE);
	}
}

/* The tables of a row are well made: names once, kinds with what they need. */
static void
check_fields(const char *path, const struct field *table)
{
	size_t count = 0;

	for (const struct field *field = table; field->name != NULL; field++, count++) {
		bool has_choice = field->kind == FIELD_ENUM || field->kind == FIELD_CHOICES;
		bool has_table = field->kind == FIELD_RECORD || field->kind == FIELD_LIST;
		bool has_range = field->kind == FIELD_TEXT || field->kind == FIELD_NOTES ||
		    field->kind == FIELD_INTEGER || field->kind == FIELD_NUMBER || field->kind == FIELD_TAGS ||
		    field->kind == FIELD_OBJECT || field->kind == FIELD_INDICATORS || field->kind == FIELD_LIST ||
		    field->kind == FIELD_SECRET;

		if (has_choice != (field->values != NULL))
			fail_msg("%s: %s has values where it has no choice, or none where it has", path, field->name);
		if (has_choice)
			assert_non_null(field->values[0]);
		if (has_table != (field->table != NULL))
			fail_msg("%s: %s has a table where it has no parts, or none where it has", path, field->name);
		if (has_table)
			check_fields(path, field->table);
		if (has_range && !(field->max > field->min))
			fail_msg("%s: %s has no room between %g and %g", path, field->name, field->min, field->max);
		for (const struct field *other = table; other < field; other++)
			if (strcmp(other->name, field->name) == 0)
				fail_msg("%s: %s comes twice", path, field->name);
	}
	assert_true(count <= FIELDS_MAX);
}

static void
tables_of_fields_are_well_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < routes_count; i++) {
		if (routes[i].query != NULL)
			check_fields(routes[i].path, routes[i].query);
		if (routes[i].body != NULL)
			check_fields(routes[i].path, routes[i].body);
	}
}

static void
roles_may_what_the_matrix_says(void **state)
{
	static const char *const roles[] = { "admin", "kevin", "operator", "analyst", "agent" };
	static const struct {
		enum access access;
		const char *who;	/* a letter per role in that order, - for no */
	} rows[] = {
		{ SIGNED_IN, "akona" },
		{ MAY_VIEW_LEADS, "akona" },
		{ MAY_CREATE_LEADS, "ako--" },
		{ MAY_UPDATE_LEADS, "ako-a" },
		{ MAY_DELETE_LEADS, "ak---" },
		{ MAY_IMPORT_LEADS, "ak---" },
		{ MAY_VIEW_CALLS, "akona" },
		{ MAY_RUN_CALLS, "ako-a" },
		{ MAY_EDIT_CALLS, "ak--a" },
		{ MAY_REPORT, "a---a" },
		{ MAY_VIEW_AVAILABILITY, "akona" },
		{ MAY_SET_AVAILABILITY, "ak---" },
		{ MAY_VIEW_TRANSFERS, "akon-" },
		{ MAY_RECORD_OUTCOMES, "ak---" },
		{ MAY_VIEW_ANALYTICS, "akon-" },
		{ MAY_VIEW_USERS, "ak---" },
		{ MAY_EXPORT, "ak-n-" },
		{ MAY_ADMINISTER, "a----" },
	};

	(void)state;
	/* In the order of the enum, so that no permission is left out. */
	assert_int_equal(sizeof(rows) / sizeof(*rows), ACCESS__MAX - SIGNED_IN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(rows[i].access, SIGNED_IN + i);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < 5; k++)
			if (access_role_may(roles[k], rows[i].access) != (rows[i].who[k] != '-'))
				fail_msg("%s and permission %d", roles[k], rows[i].access);
}

static void
an_unknown_role_may_nothing(void **state)
{
	static const char *const roles[] = { "", "viewer", "Admin", "admin ", "adminx" };

	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		for (int access = SIGNED_IN; access < ACCESS__MAX; access++)
			assert_false(access_role_may(roles[i], (enum access)access));
}

static void
methods_have_names(void **state)
{
	(void)state;
	assert_string_equal(http_method_name(GET), "GET");
	assert_string_equal(http_method_name(POST), "POST");
	assert_string_equal(http_method_name(PUT), "PUT");
	assert_string_equal(http_method_name(DELETE), "DELETE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_reached_by_its_method_and_path),
		cmocka_unit_test(no_row_comes_twice),
		cmocka_unit_test(a_malformed_id_names_the_thing),
		cmocka_unit_test(unknown_paths_are_unknown),
		cmocka_unit_test(a_known_path_tells_its_methods),
		cmocka_unit_test(a_literal_path_beats_an_id),
		cmocka_unit_test(HEAD_is_answered_as_GET),
		cmocka_unit_test(rows_say_what_they_must),
		cmocka_unit_test(only_these_are_open),
		cmocka_unit_test(tables_of_fields_are_well_made),
		cmocka_unit_test(roles_may_what_the_matrix_says),
		cmocka_unit_test(an_unknown_role_may_nothing),
		cmocka_unit_test(methods_have_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
