/*
 * log.c - one line per event, on standard error
 *
 * A line is built in a buffer on the stack and leaves in one write(2), so the
 * lines of several processes on one pipe do not mix (up to PIPE_BUF, which is
 * also the buffer's size). What does not fit is cut.
 */
#include "log.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define LOG_LINE_SIZE PIPE_BUF
#define LOG_TAIL_SIZE 3		/* closing quote, newline, NUL */

struct line {
	char text[LOG_LINE_SIZE];
	size_t len;		/* at most LOG_LINE_SIZE - LOG_TAIL_SIZE */
};

/* Level names and the priorities of syslog(3), which journald reads. */
static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static struct {
	char program[32];
	enum log_level level;
	bool wants_priority;	/* the reader is a pipe or socket: presumably journald */
	char request[64];
} state = { .program = "vals", .level = LOG_LEVEL_INFO };

void
log_open(const char *program, enum log_level level)
{
	struct stat sb;

	snprintf(state.program, sizeof(state.program), "%s", program);
	state.level = level;
	state.wants_priority = fstat(STDERR_FILENO, &sb) == 0 && !S_ISREG(sb.st_mode) &&
	    !S_ISCHR(sb.st_mode);
}

int
log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

void
log_request(const char *request_id)
{
	snprintf(state.request, sizeof(state.request), "%s", request_id != NULL ? request_id : "");
}

/* Append text as far as it fits. */
static void
line_add(struct line *line, const char *text, size_t len)
{
	size_t room = sizeof(line->text) - LOG_TAIL_SIZE - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void line_addf(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
line_addf(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - LOG_TAIL_SIZE - line->len;
	va_list ap;
	int len;

	/* The tail leaves space for the NUL that vsnprintf adds. */
	va_start(ap, format);
	len = vsnprintf(line->text + line->len, room + 1, format, ap);
	va_end(ap);
	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room;
}

static bool
line_is_special(unsigned char c, bool is_quoted)
{
	return c < 0x20 || c == 0x7f || (is_quoted && (c == '"' || c == '\\'));
}

/*
 * Append text so that it stays one line: control characters become \n, \t or
 * \xNN. Inside quotes, quotes and backslashes are escaped too.
 */
static void
line_add_escaped(struct line *line, const char *text, bool is_quoted)
{
	while (*text != '\0') {
		size_t plain = 0;

		while (text[plain] != '\0' && !line_is_special((unsigned char)text[plain], is_quoted))
			plain++;
		line_add(line, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		if (*text == '\n' || *text == '\t')
			line_addf(line, *text == '\n' ? "\\n" : "\\t");
		else if (*text == '"' || *text == '\\')
			line_addf(line, "\\%c", *text);
		else
			line_addf(line, "\\x%02x", (unsigned char)*text);
		text++;
	}
}

static void
line_start(struct line *line, enum log_level level, const char *at)
{
	char now[CLOCK_ISO_SIZE];

	line->len = 0;
	if (state.wants_priority)
		line_addf(line, "<%d>", levels[level].priority);
	else
		line_addf(line, "time=%s ", clock_iso(now));
	line_addf(line, "level=%s at=%s program=%s pid=%d", levels[level].name, at, state.program,
	    (int)getpid());
	if (state.request[0] != '\0') {
		line_addf(line, " request=");
		line_add_escaped(line, state.request, false);
	}
}

/* A log that cannot be written has nowhere to be reported: the result is dropped. */
static void
line_write(struct line *line)
{
	ssize_t written;

	line->text[line->len++] = '\n';
	written = write(STDERR_FILENO, line->text, line->len);
	(void)written;
}

void
log_line(enum log_level level, const char *at, const char *format, ...)
{
	char message[LOG_LINE_SIZE];
	struct line line;
	va_list ap;

	if (level > state.level)
		return;
	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	line_start(&line, level, at);
	line_addf(&line, " msg=\"");
	line_add_escaped(&line, message, true);
	line.text[line.len++] = '"';
	line_write(&line);
}

void
log_fields(enum log_level level, const char *at, const char *format, ...)
{
	char fields[LOG_LINE_SIZE];
	struct line line;
	va_list ap;

	if (level > state.level)
		return;
	va_start(ap, format);
	vsnprintf(fields, sizeof(fields), format, ap);
	va_end(ap);
	line_start(&line, level, at);
	line_add(&line, " ", 1);
	line_add_escaped(&line, fields, false);
	line_write(&line);
}
