/*
 * provider_conf.c - whether the settings suffice to speak with the telephone provider
 */
#include "provider_conf.h"

#include <stddef.h>

#include "conf.h"
#include "webhook_keys.h"

static void
provider_conf_add(struct buf *problems, const char *name, const char *problem)
{
	buf_addf(problems, "%s%s %s", problems->len > 0 ? ", " : "", name, problem);
}

bool
provider_conf_is_complete(struct buf *problems)
{
	static const struct {
		enum conf_key key;
		const char *name;
	} needed[] = {
		{ CONF_telnyx_api_key, "telnyx_api_key" },
		{ CONF_telnyx_connection_id, "telnyx_connection_id" },
		{ CONF_telnyx_phone_number, "telnyx_phone_number" },
		{ CONF_api_base_url, "api_base_url" },
	};
	const char *problem = webhook_keys_problem(conf_text(CONF_telnyx_public_key));
	bool is_complete = problem == NULL;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (conf_text(needed[i].key)[0] == '\0') {
			provider_conf_add(problems, needed[i].name, "is not set");
			is_complete = false;
		}
	if (problem != NULL)
		provider_conf_add(problems, "telnyx_public_key", problem);
	return is_complete;
}
