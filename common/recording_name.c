/*
 * recording_name.c - what the files of recordings are called
 */
#include "recording_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool
recording_name(char out[static RECORDING_NAME_SIZE], const char *id, const char *format, int64_t at)
{
	time_t seconds = (time_t)at;
	struct tm day;
	int len;

	if (gmtime_r(&seconds, &day) == NULL)
		return false;
	len = snprintf(out, RECORDING_NAME_SIZE, "%04d/%02d/%s.%s", day.tm_year + 1900, day.tm_mon + 1, id, format);
	return len < RECORDING_NAME_SIZE && recording_name_is_valid(out);
}

bool
recording_name_is_valid(const char *name)
{
	/* 0 stands for a digit, x for a digit of a uuid, anything else for itself. */
	static const char form[] = "0000/00/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.";
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == '0' ? !isdigit((unsigned char)name[i]) :
			form[i] == 'x' ? strchr("0123456789abcdef", name[i]) == NULL || name[i] == '\0' :
					 name[i] != form[i])
			return false;
	}
	return strcmp(name + i, "mp3") == 0 || strcmp(name + i, "wav") == 0;
}

const char *
recording_name_type(const char *name)
{
	return strcmp(strrchr(name, '.'), ".wav") == 0 ? "audio/wav" : "audio/mpeg";
}
