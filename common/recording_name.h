/*
 * recording_name.h - what the files of recordings are called
 *
 * YEAR/MONTH/UUID.FORMAT below the folder of recordings. Who writes them and who has them served
 * agree here, and nothing else is ever written, deleted or served.
 */
#ifndef VALS_RECORDING_NAME_H
#define VALS_RECORDING_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define RECORDING_NAME_SIZE 64

/*
 * The name of a recording that is kept at a time (unix seconds): id is a uuid in lower case, format mp3 or wav.
 * False when they are not.
 */
bool recording_name(char out[static RECORDING_NAME_SIZE], const char *id, const char *format, int64_t at);

/* Whether the text is such a name. */
bool recording_name_is_valid(const char *name);

/* The media type of a valid name. */
const char *recording_name_type(const char *name);

#endif
