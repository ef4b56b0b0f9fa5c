/*
 * calendar.c - does this day, does this hour exist
 */
#include "calendar.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The number of exactly count digits at *text, which moves on; -1 if there are fewer. */
static int
calendar_digits(const char **text, size_t count)
{
	int number = 0;

	for (; count > 0; count--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		number = number * 10 + (**text - '0');
	}
	return number;
}

/* Step over one character; false if it is another. */
static bool
calendar_skip(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static int
calendar_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool
calendar_take_date(const char **text)
{
	int year, month, day;

	if ((year = calendar_digits(text, 4)) < 1 || !calendar_skip(text, '-'))
		return false;
	if ((month = calendar_digits(text, 2)) < 1 || month > 12 || !calendar_skip(text, '-'))
		return false;
	day = calendar_digits(text, 2);
	return day >= 1 && day <= calendar_days(year, month);
}

/* hh:mm, the hour at most hour_max. */
static bool
calendar_take_clock(const char **text, int hour_max)
{
	int hour = calendar_digits(text, 2);
	int minute;

	if (hour < 0 || hour > hour_max || !calendar_skip(text, ':'))
		return false;
	minute = calendar_digits(text, 2);
	return minute >= 0 && minute <= 59;
}

static bool
calendar_take_seconds(const char **text)
{
	int second;

	if (!calendar_skip(text, ':'))
		return true;	/* may be left out */
	second = calendar_digits(text, 2);
	if (second < 0 || second > 59)
		return false;
	if (calendar_skip(text, '.')) {
		if (!isdigit((unsigned char)**text))
			return false;
		*text += strspn(*text, "0123456789");
	}
	return true;
}

static bool
calendar_take_zone(const char **text)
{
	if (calendar_skip(text, 'Z'))
		return true;
	return (calendar_skip(text, '+') || calendar_skip(text, '-')) && calendar_take_clock(text, 15);
}

bool
calendar_is_date(const char *text)
{
	return calendar_take_date(&text) && *text == '\0';
}

bool
calendar_is_hour(const char *text)
{
	return strcmp(text, "24:00") == 0 || (calendar_take_clock(&text, 23) && *text == '\0');
}

/* Whether the zone of this time leads out of the years with four digits. */
static bool
calendar_is_outside(const char *text, const char *zone)
{
	return (*zone == '+' && strncmp(text, "0001-01-01", 10) == 0) ||
	    (*zone == '-' && strncmp(text, "9999-12-31", 10) == 0);
}

bool
calendar_is_time(const char *text)
{
	const char *start = text;
	const char *zone;

	if (!calendar_take_date(&text))
		return false;
	if (*text == '\0')
		return true;
	if (!calendar_skip(&text, 'T') || !calendar_take_clock(&text, 23) || !calendar_take_seconds(&text))
		return false;
	zone = text;
	return calendar_take_zone(&text) && *text == '\0' && !calendar_is_outside(start, zone);
}
