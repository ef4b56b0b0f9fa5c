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

/* 09:30: a time of the day, up to 24:00. */
bool calendar_is_hour(const char *text);

/* A day, or 2026-02-28T23:59[:59[.999]] with Z or an offset below 16 hours that stays within these years. */
bool calendar_is_time(const char *text);

#endif
