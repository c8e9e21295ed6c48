/* civil - the year begins in March here, so that the leap day is its last; 400 years
 * have 146097 days.
 * SPDX-License-Identifier: MIT */
#include "core/civil.h"

#include "base/assert.h"

enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    EPOCH_DAY = 719468, /* 1970-01-01, counted from 0000-03-01 */
    THURSDAY = 4,       /* 1970-01-01 */
};

int64_t civil_floor(int64_t value, int64_t unit)
{
    int64_t rest = value % unit;

    return (value - rest) / unit - (rest < 0);
}

struct civil civil_of_day(int64_t day)
{
    int64_t shifted = day + EPOCH_DAY;
    int64_t era = civil_floor(shifted, ERA_DAYS);
    int64_t in_era = shifted - era * ERA_DAYS;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t march = (5 * in_year + 2) / 153; /* months since March */
    int month = (int)(march < 10 ? march + 3 : march - 9);

    return (struct civil){.year = year + era * ERA_YEARS + (month <= 2),
                          .month = month,
                          .day = (int)(in_year - (153 * march + 2) / 5 + 1)};
}

int64_t civil_to_day(int64_t year, int month, int day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = civil_floor(shifted, ERA_YEARS);
    int64_t in_era = shifted - era * ERA_YEARS;
    int64_t march = month > 2 ? month - 3 : month + 9;
    int64_t in_year = (153 * march + 2) / 5 + day - 1;

    ASSERT(month >= 1 && month <= 12);
    return era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year -
           EPOCH_DAY;
}

int civil_weekday(int64_t day)
{
    int64_t days = day + THURSDAY;

    return (int)(days - 7 * civil_floor(days, 7));
}

int civil_month_days(int64_t year, int month)
{
    int64_t next =
        month == 12 ? civil_to_day(year + 1, 1, 1) : civil_to_day(year, month + 1, 1);

    return (int)(next - civil_to_day(year, month, 1));
}
