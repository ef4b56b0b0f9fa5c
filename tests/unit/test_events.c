/*
 * test_events.c - database event to client event and rooms
 */
#include "../../ws/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../ws/frame.h"
#include "../../ws/room.h"

#define CALL_ID "3f0d6c1e-58a5-4c70-9f0b-0c6f2d0f3a11"

static char heard[512];		/* the last frame that was sent */
static char rooms[512];		/* and to which rooms, with blanks between */

/* In place of room.c's: remembers. */
void
room_send(const char *const *names, size_t count, struct frame *const *frames, size_t frame_count)
{
	assert_int_equal(frame_count, 1);
	assert_true(frames[0]->len < sizeof(heard));
	memcpy(heard, frames[0]->data, frames[0]->len);
	heard[frames[0]->len] = '\0';
	rooms[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(rooms, names[i]);
		strcat(rooms, " ");
	}
}

static int
setup(void **state)
{
	(void)state;
	heard[0] = rooms[0] = '\0';
	return 0;
}

static void
each_kind_goes_to_its_rooms_under_its_name(void **state)
{
	static const struct {
		const char *kind, *name, *rooms;
	} cases[] = {
		{ "lead.created", "lead:created", "@staff " },
		{ "lead.updated", "lead:updated", "@staff " },
		{ "lead.deleted", "lead:deleted", "@staff " },
		{ "leads.imported", "leads:imported", "@staff " },
		{ "call.started", "call:started", "@all " },
		{ "call.status", "call:status", "call-monitoring " },
		{ "call.ended", "call:ended", "call-monitoring " },
		{ "call.phase", "call:phase-transition", "call-monitoring " },
		{ "call.engagement", "call:engagement-update", "@all " },
		{ "call.transcript", "call:transcript", "call-monitoring " },
		{ "call.recording", "call:recording", "call-monitoring " },
		{ "call.transfer", "call:transfer", "@all " },
		{ "call.opportunity", "transfer-opportunity", "call-monitoring kevin @kevin " },
		{ "kevin.availability", "kevin-availability-changed", "@all " },
		{ "dashboard.metrics", "dashboard:metrics-update", "call-monitoring analytics " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		events_publish(cases[i].kind, NULL, "{}", "7");
		assert_string_equal(rooms, cases[i].rooms);
		assert_non_null(strstr(heard, cases[i].name));
		assert_int_equal(strncmp(heard, "42[\"", 4), 0);
		assert_int_equal(strncmp(heard + 4, cases[i].name, strlen(cases[i].name)), 0);
	}
}

static void
an_event_of_a_call_goes_to_its_own_room_too(void **state)
{
	(void)state;
	events_publish("call.status", CALL_ID, "{\"a\":1}", "8");
	assert_string_equal(rooms, "call-monitoring call:" CALL_ID " ");
	events_publish("call.opportunity", CALL_ID, "{\"a\":1}", "9");
	assert_string_equal(rooms, "call-monitoring kevin @kevin call:" CALL_ID " ");
}

static void
the_number_becomes_the_last_member(void **state)
{
	(void)state;
	events_publish("lead.created", NULL, "{\"leadId\": \"x\", \"n\": {}}", "9007199254740993");
	assert_string_equal(heard, "42[\"lead:created\",{\"leadId\": \"x\", \"n\": {},\"seq\":\"9007199254740993\"},\"9007199254740993\"]");
	events_publish("lead.created", NULL, "{ } ", "1");
	assert_string_equal(heard, "42[\"lead:created\",{ \"seq\":\"1\"},\"1\"]");
}

static void
what_is_no_object_or_of_no_known_kind_is_not_sent(void **state)
{
	(void)state;
	events_publish("lead.created", NULL, "[1]", "1");
	events_publish("lead.created", NULL, "", "1");
	events_publish("lead.created", NULL, "{", "1");
	events_publish("lead.created", NULL, "null", "1");
	events_publish("some.day", NULL, "{}", "1");
	assert_string_equal(heard, "");
	assert_null(events_rule("some.day"));
}

static void
calls_and_kevin_change_the_status_leads_do_not(void **state)
{
	(void)state;
	assert_true(events_change_status("call.started"));
	assert_true(events_change_status("kevin.availability"));
	assert_false(events_change_status("lead.created"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_kind_goes_to_its_rooms_under_its_name, setup),
		cmocka_unit_test_setup(an_event_of_a_call_goes_to_its_own_room_too, setup),
		cmocka_unit_test_setup(the_number_becomes_the_last_member, setup),
		cmocka_unit_test_setup(what_is_no_object_or_of_no_known_kind_is_not_sent, setup),
		cmocka_unit_test_setup(calls_and_kevin_change_the_status_leads_do_not, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
