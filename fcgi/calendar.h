/*
 * calendar.h - dates and times as texts: ISO 8601, RFC 3339
 *
 * Only whether they exist; the database computes with them.
 */
#ifndef VALS_CALENDAR_H
#define VALS_CALENDAR_H

#include <stdbool.h>

/* 2026-02-28: a day of the Gregorian calendar in the years 1 to 9999. */
bool calendar_is_date(const char *text);

/* A day, or 2026-02-28T23:59[:59[.999]] with Z or an offset of up to 14 hours. */
bool calendar_is_time(const char *text);

#endif
