/*
 * users.c - accounts of people, and tokens made for them by hand
 */
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "crypto.h"
#include "password.h"
#include "token.h"

#define USER_PASSWORD_SIZE (PASSWORD_MAX + 3)	/* one too long shows as such, and has its end */

/* A password from standard input, or a generated one. -1 with the reason printed. */
static int
user_take_password(const struct ctl_options *options, char password[static USER_PASSWORD_SIZE],
    char hash[static CRYPTO_PASSWORD_SIZE])
{
	char secret[TOKEN_SECRET_SIZE];
	const char *problem;

	if (options->has_password_stdin) {
		if (fgets(password, USER_PASSWORD_SIZE, stdin) == NULL)
			password[0] = '\0';
		password[strcspn(password, "\r\n")] = '\0';
		if ((problem = password_problem(password)) != NULL) {
			fprintf(stderr, "valsctl: the password %s\n", problem);
			return -1;
		}
	} else {
		token_secret(secret);
		/* 120 random bits; the prefix holds one of each kind the rule asks for. */
		snprintf(password, USER_PASSWORD_SIZE, "Va1-%.20s", secret);
	}
	if (crypto_password_hash(password, hash) == -1) {
		fprintf(stderr, "valsctl: could not hash the password: out of memory\n");
		return -1;
	}
	return 0;
}

/* Print a generated password if it is the user's now, by the status of the change. Returns that. */
static int
user_tell_password(const struct ctl_options *options, char password[static USER_PASSWORD_SIZE], int status)
{
	if (status == EXIT_SUCCESS && !options->has_password_stdin)
		printf("%s\n", password);
	explicit_bzero(password, USER_PASSWORD_SIZE);
	return status;
}

/* Run a statement that answers an id; absent is what to say when it answers none. */
static int
user_change(enum stmt stmt, const char *const *args, const char *absent)
{
	struct db *db = ctl_connect();
	struct db_result *result;
	int status = EXIT_FAILURE;

	if (db == NULL)
		return status;
	if ((result = ctl_call(db, stmt, args)) != NULL) {
		if (db_rows(result) > 0 && db_value(result, 0, 0) != NULL)
			status = EXIT_SUCCESS;
		else
			fprintf(stderr, "valsctl: %s\n", absent);
	}
	db_result_free(&result);
	db_free(&db);
	return status;
}

int
ctl_user_add(const struct ctl_options *options)
{
	char password[USER_PASSWORD_SIZE], hash[CRYPTO_PASSWORD_SIZE];

	if (options->email == NULL || options->name == NULL || options->role == NULL) {
		fprintf(stderr, "valsctl: user add needs --email, --name and --role\n");
		return 2;
	}
	if (user_take_password(options, password, hash) == -1)
		return EXIT_FAILURE;
	return user_tell_password(options, password,
	    user_change(STMT_user_add, ARGS(options->email, options->name, options->role, hash), "nobody was added"));
}

int
ctl_user_password(const struct ctl_options *options)
{
	char password[USER_PASSWORD_SIZE], hash[CRYPTO_PASSWORD_SIZE];

	if (options->email == NULL) {
		fprintf(stderr, "valsctl: user password needs --email\n");
		return 2;
	}
	if (user_take_password(options, password, hash) == -1)
		return EXIT_FAILURE;
	return user_tell_password(options, password,
	    user_change(STMT_user_password, ARGS(options->email, hash), "there is no such user"));
}

int
ctl_user_list(const struct ctl_options *options)
{
	struct db *db = ctl_connect();
	struct db_result *users;

	(void)options;
	if (db == NULL)
		return EXIT_FAILURE;
	users = ctl_call(db, STMT_users, NULL);
	for (int i = 0; users != NULL && i < db_rows(users); i++)
		printf("%s\t%s\t%s\t%s\n", db_value(users, i, 0), db_value(users, i, 1), db_value(users, i, 2),
		    strcmp(db_value(users, i, 3), "t") == 0 ? "active" : "inactive");
	db_free(&db);
	if (users == NULL)
		return EXIT_FAILURE;
	db_result_free(&users);
	return EXIT_SUCCESS;
}

int
ctl_token(const struct ctl_options *options)
{
	struct token_claims claims = { .session_id = "" };
	struct db_result *user;
	char token[TOKEN_MAX];
	struct db *db;
	int status = EXIT_FAILURE;

	if (options->email == NULL) {
		fprintf(stderr, "valsctl: token needs --email\n");
		return 2;
	}
	if (token_keys_load(conf_text(CONF_jwt_keys_dir)) == -1 || (db = ctl_connect()) == NULL)
		return EXIT_FAILURE;
	user = ctl_call(db, STMT_user_by_email, ARGS(options->email));
	if (user != NULL && db_rows(user) == 0)
		fprintf(stderr, "valsctl: there is no such active user\n");
	if (user != NULL && db_rows(user) > 0) {
		snprintf(claims.user_id, sizeof(claims.user_id), "%s", db_value(user, 0, 0));
		snprintf(claims.role, sizeof(claims.role), "%s", db_value(user, 0, 1));
		if (token_sign(&claims, options->ttl_s, token) != -1) {
			printf("%s\n", token);
			status = EXIT_SUCCESS;
		}
	}
	db_result_free(&user);
	db_free(&db);
	return status;
}
