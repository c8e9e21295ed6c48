/* units.h - numbers, durations, times and sizes, as people type and read them.
 *
 * Parsers are strict: the whole text, no blanks, no sign.  A duration names its units
 * ("1h30m", "500ms"), because half of the world takes a bare 5 for seconds.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_UNITS_H
#define CLI_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum {
    UNITS_TEXT_SIZE = 32, /* enough for any text written here */
};

/* Errors  -EINVAL  not decimal digits
 *         -ERANGE  not in min..max */
int units_parse_number(const char *text, int64_t min, int64_t max, int64_t *out);

/* Reads "90s", "1.5h", "1h30m", "500ms", "2d"; a bare "0" needs no unit.
 *
 * Errors  -EINVAL  not a duration, or one without its unit
 *         -ERANGE  more than 100 years */
int units_parse_duration(const char *text, int64_t *out_ms);

/* Reads unix milliseconds, or ISO 8601: a date, or date and time, with an offset or Z;
 * without one it is local time.
 *
 * Errors  -EINVAL  neither of them
 *         -ERANGE  no such date, or a number so small that it must be seconds */
int units_parse_time(const char *text, int64_t *out_unix_ms);

/* Each writes one short text and returns `buf`.
 * Shape  buf: UNITS_TEXT_SIZE bytes */
const char *units_duration(char *buf, int64_t us);   /* "0.85 ms", "3m12s" */
const char *units_count(char *buf, int64_t n);       /* "1,204" */
const char *units_bytes(char *buf, int64_t bytes);   /* "1.2 MiB" */
const char *units_clock(char *buf, int64_t unix_ms); /* local "2024-11-21 15:00:05" */

#endif
