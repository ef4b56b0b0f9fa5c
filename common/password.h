/*
 * password.h - what a password must look like
 */
#ifndef VALS_PASSWORD_H
#define VALS_PASSWORD_H

#define PASSWORD_MIN 12
#define PASSWORD_MAX 128	/* bytes */

/* NULL if this password is fine, else what is wrong with it, as the end of a sentence. */
const char *password_problem(const char *password);

#endif
