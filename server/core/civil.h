/* civil.h - days since 1970 <-> dates of the Gregorian calendar, without a clock.
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_CIVIL_H
#define CORE_CIVIL_H

#include <stdint.h>

enum { CIVIL_MINUTE = 60, CIVIL_HOUR = 3600, CIVIL_DAY = 86400 };

struct civil {
    int64_t year;
    int month, day; /* from 1 */
};

/* Any int64_t that is some seconds over 86400. */
struct civil civil_of_day(int64_t day);
int64_t civil_to_day(int64_t year, int month, int day);
/* 0 is Sunday. */
int civil_weekday(int64_t day);
int civil_month_days(int64_t year, int month);
/* Rounds towards the past. */
int64_t civil_floor(int64_t value, int64_t unit);

#endif
