/*
 * password.c - the rule for passwords, for the API and for valsctl
 */
#include "password.h"

#include <stdbool.h>
#include <string.h>

const char *
password_problem(const char *password)
{
	size_t len = strlen(password);
	bool has_lower = false, has_upper = false, has_digit = false, has_special = false;

	if (len < PASSWORD_MIN || len > PASSWORD_MAX)
		return "must have 12 to 128 characters";
	for (; *password != '\0'; password++) {
		has_lower |= *password >= 'a' && *password <= 'z';
		has_upper |= *password >= 'A' && *password <= 'Z';
		has_digit |= *password >= '0' && *password <= '9';
		has_special |= strchr(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", *password) != NULL;
	}
	if (!has_lower || !has_upper || !has_digit || !has_special)
		return "must have a lower-case and an upper-case letter, a digit and a special character";
	return NULL;
}
