/*
 * webhooks.c - the provider's events: proved, stored, then applied by the database
 *
 * The signature is over the timestamp header, a bar and the raw body (Ed25519), and is
 * checked before anything is parsed. 200 only after the commit; the provider
 * repeats whatever was not answered so.
 */
#include "handlers.h"

#include <string.h>

#include "clock.h"
#include "conf.h"
#include "crypto.h"
#include "failpoint.h"
#include "json.h"
#include "reply.h"
#include "shared.h"
#include "webhook_keys.h"

#define WEBHOOK_BODY_MAX (1024 * 1024)
#define WEBHOOK_TOLERANCE_S 300	/* either way, as the provider's own library has it */
#define WEBHOOK_TIMESTAMP_MAX 12	/* digits */

static bool
webhook_time_is_near(const char *text)
{
	size_t len = strlen(text);
	int64_t at = 0;
	int64_t now = clock_unix();

	if (len == 0 || len > WEBHOOK_TIMESTAMP_MAX || strspn(text, "0123456789") != len)
		return false;
	for (; *text != '\0'; text++)
		at = at * 10 + (*text - '0');
	return at >= now - WEBHOOK_TOLERANCE_S && at <= now + WEBHOOK_TOLERANCE_S;
}

/* Whether one of the configured keys (two while rotating) signed the message. */
static bool
webhook_is_signed(struct request *rq)
{
	const char *timestamp = rq->env.telnyx_timestamp;
	const char *signature_text = rq->env.telnyx_signature;
	uint8_t signature[CRYPTO_ED25519_SIG_LEN];
	size_t prefix = strlen(timestamp) + 1;
	char *message;

	if (!webhook_time_is_near(timestamp) ||
	    crypto_base64_decode(signature_text, strlen(signature_text), signature, sizeof(signature)) !=
		sizeof(signature))
		return false;
	message = arena_alloc(rq->arena, prefix + rq->raw_len);
	memcpy(message, timestamp, prefix - 1);
	message[prefix - 1] = '|';
	memcpy(message + prefix, rq->raw, rq->raw_len);
	return webhook_keys_verify(conf_text(CONF_telnyx_public_key), signature, message,
	    prefix + rq->raw_len);
}

/* Providers repeat what they are not sure of; how often says how sure. */
static void
webhook_count(struct request *rq, const char *answer)
{
	const char *reason;
	struct json *json = json_parse(answer, strlen(answer), &reason);

	if (json_bool(json_get(json, "isRepeated")))
		atomic_fetch_add(&rq->tools->shared->webhooks_repeated, 1);
	json_free(json);
}

/* POST /api/webhooks/telnyx */
enum http_status
webhook_receive(struct request *rq)
{
	const char *id, *type, *reason;
	struct db_result *answer;
	struct json *event;

	if (rq->raw_len > WEBHOOK_BODY_MAX)
		return reply_problem(rq, HTTP_TOO_LARGE, "TOO_LARGE", "Event is larger than 1 MB");
	if (!webhook_is_signed(rq)) {
		atomic_fetch_add(&rq->tools->shared->webhooks_refused, 1);
		if (*rq->env.telnyx_timestamp != '\0' && !webhook_time_is_near(rq->env.telnyx_timestamp))
			atomic_fetch_add(&rq->tools->shared->webhooks_late, 1);
		return reply_raw(rq, HTTP_UNAUTHORIZED, "text/plain", "");
	}

	event = json_parse(rq->raw, rq->raw_len, &reason);
	if (event == NULL)
		return reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
		    arena_printf(rq->arena, "Event: %s", reason));
	request_take_json(rq, event);
	id = json_string(json_path(event, "data", "id", NULL));
	type = json_string(json_path(event, "data", "event_type", NULL));
	if (id == NULL || type == NULL)
		return reply_problem(rq, HTTP_BAD_REQUEST, "MALFORMED",
		    "Event has no data.id or no data.event_type");
	FAILPOINT("webhook_before_statement");
	answer = reply_rows(rq, STMT_webhook_receive, ARGS(rq->who_json, id, type, rq->raw));
	if (answer == NULL)
		return rq->status;
	FAILPOINT("webhook_after_commit");
	webhook_count(rq, db_value(answer, 0, 0));
	return reply_raw(rq, HTTP_OK, "application/json; charset=utf-8", "{\"received\":true}");
}
