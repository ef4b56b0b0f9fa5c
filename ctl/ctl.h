/*
 * ctl.h - what the commands of valsctl share
 */
#ifndef VALS_CTL_H
#define VALS_CTL_H

#include <stdbool.h>

#include "stmts.h"

/* What a command was called with; texts are NULL when not given. */
struct ctl_options {
	const char *email;
	const char *name;
	const char *role;
	const char *expires;
	const char *prefix;
	const char *sql_dir;
	const char *format;
	const char *operand;	/* what is no option: a file */
	const char *since;
	const char *id;
	long ttl_s;
	bool has_password_stdin;
	bool is_dry_run;
	bool is_commit;
	bool is_unprocessed;
};

/* The connection as vals_migrate, opened; NULL with the reason printed. */
struct db *ctl_connect(void);

/* Run a statement; NULL with the reason printed. */
struct db_result *ctl_call(struct db *db, enum stmt stmt, const char *const *args);

/* Print why the last call failed. */
void ctl_complain(const struct db *db, const char *what);

/* Each returns the exit status. */
int ctl_doctor(const struct ctl_options *options);		/* doctor.c */
int ctl_import(const struct ctl_options *options);		/* import.c */
int ctl_migrate(const struct ctl_options *options);		/* migrate.c */
int ctl_user_add(const struct ctl_options *options);		/* users.c */
int ctl_user_password(const struct ctl_options *options);
int ctl_user_list(const struct ctl_options *options);
int ctl_token(const struct ctl_options *options);
int ctl_apikey_add(const struct ctl_options *options);		/* keys.c */
int ctl_apikey_list(const struct ctl_options *options);
int ctl_apikey_revoke(const struct ctl_options *options);
int ctl_key_rotate(const struct ctl_options *options);
int ctl_webhook_replay(const struct ctl_options *options);	/* webhooks.c */

#endif
