/*
 * log.h - one line per event, on standard error
 *
 * A line is `<priority>level=warn at=NAME program=... pid=... request=... msg="..."`; the
 * priority prefix is what journald reads; when standard error is a terminal or a
 * plain file the time stands there instead. Control characters and quotes are escaped.
 * Never put a token, password, phone number or body in one.
 */
#ifndef VALS_LOG_H
#define VALS_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* Names the program in each line and sets what is shown. */
void log_open(const char *program, enum log_level level);

/* Level by its name (error, warn, info, debug); -1 if there is no such level. */
int log_level_parse(const char *name);

/* The request id added to each line until the next call; NULL for none. */
void log_request(const char *request_id);

void log_line(enum log_level level, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Like log_line, but the text is fields (`status=200 ms=3`) which follow as they
 * are instead of a msg. The caller quotes values that hold blanks.
 */
void log_fields(enum log_level level, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(at, ...) log_line(LOG_LEVEL_ERROR, (at), __VA_ARGS__)
#define log_warn(at, ...)  log_line(LOG_LEVEL_WARN, (at), __VA_ARGS__)
#define log_info(at, ...)  log_line(LOG_LEVEL_INFO, (at), __VA_ARGS__)
#define log_debug(at, ...) log_line(LOG_LEVEL_DEBUG, (at), __VA_ARGS__)

#endif
