/* units - numbers, durations, times and sizes, as people type and read them.
 * SPDX-License-Identifier: MIT */
#include "cli/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MS_PER_SECOND = 1000,
    MS_PER_MINUTE = 60 * MS_PER_SECOND,
    MS_PER_HOUR = 60 * MS_PER_MINUTE,
    MS_PER_DAY = 24 * MS_PER_HOUR,
};
static const int64_t duration_max_ms = (int64_t)36525 * MS_PER_DAY;

/* A unix time in milliseconds below this is one in seconds, mistyped. */
static const int64_t unix_ms_min = 100000000000;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int units_parse_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    int64_t value = 0;

    if (*text == '\0')
        return -EINVAL;
    for (const char *p = text; *p != '\0'; p++) {
        if (!is_digit(*p))
            return -EINVAL;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (value > (INT64_MAX - (*p - '0')) / 10)
            return -ERANGE;
        value = value * 10 + (*p - '0');
    }
    if (value < min || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

/* The unit at *at, 0 for none; moves *at behind it. */
static int64_t take_unit(const char **at)
{
    /* "ms" before "m": the longer word first. */
    static const struct {
        const char *word;
        int64_t ms;
    } units[] = {
        {"ms", 1},          {"s", MS_PER_SECOND}, {"m", MS_PER_MINUTE},
        {"h", MS_PER_HOUR}, {"d", MS_PER_DAY},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t len = strlen(units[i].word);
        if (strncmp(*at, units[i].word, len) == 0) {
            *at += len;
            return units[i].ms;
        }
    }
    return 0;
}

/* One "1.5h" of a duration. */
static int take_duration_part(const char **at, int64_t *out_ms)
{
    int64_t whole = 0, fraction = 0, scale = 1;

    if (!is_digit(**at))
        return -EINVAL;
    for (; is_digit(**at); (*at)++) {
        if (whole > duration_max_ms)
            return -ERANGE;
        whole = whole * 10 + (**at - '0');
    }
    if (**at == '.') {
        (*at)++;
        if (!is_digit(**at))
            return -EINVAL;
        for (; is_digit(**at); (*at)++) {
            if (scale >= 1000000)
                continue; /* finer than any unit here can show */
            fraction = fraction * 10 + (**at - '0');
            scale *= 10;
        }
    }
    int64_t unit = take_unit(at);
    if (unit == 0)
        return -EINVAL;
    if (whole > duration_max_ms / unit)
        return -ERANGE;
    *out_ms = whole * unit + fraction * unit / scale;
    return 0;
}

int units_parse_duration(const char *text, int64_t *out_ms)
{
    int64_t total = 0;

    if (strcmp(text, "0") == 0) {
        *out_ms = 0;
        return 0;
    }
    if (*text == '\0')
        return -EINVAL;
    while (*text != '\0') {
        int64_t part;
        int rc = take_duration_part(&text, &part);
        if (rc < 0)
            return rc;
        if (part > duration_max_ms - total)
            return -ERANGE;
        total += part;
    }
    *out_ms = total;
    return 0;
}

/* Exactly `digits` digits. */
static bool take_digits(const char **at, int digits, int *out)
{
    int value = 0;

    for (int i = 0; i < digits; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ":SS" and ".mmm", which may be missing. */
static bool take_seconds(const char **at, struct tm *tm, int *out_ms)
{
    *out_ms = 0;
    if (!take_char(at, ':'))
        return true;
    if (!take_digits(at, 2, &tm->tm_sec))
        return false;
    if (!take_char(at, '.'))
        return true;
    int scale = 100;
    if (!is_digit(**at))
        return false;
    for (; is_digit(**at); (*at)++, scale /= 10)
        *out_ms += (**at - '0') * scale;
    return true;
}

/* "Z", "+01:00", "-0530"; without any of them the time is local. */
static bool take_offset(const char **at, bool *out_local, int *out_seconds)
{
    int hours, minutes;

    *out_seconds = 0;
    *out_local = false;
    if (take_char(at, 'Z'))
        return true;
    bool west = **at == '-';
    if (!west && **at != '+') {
        *out_local = true;
        return true;
    }
    (*at)++;
    if (!take_digits(at, 2, &hours))
        return false;
    (void)take_char(at, ':');
    if (!take_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *out_seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
    return true;
}

/* libc carries 30 February over into March; we would rather hear of it. */
static int to_unix(struct tm tm, bool local, int64_t *out)
{
    struct tm normal = tm;

    normal.tm_isdst = -1;
    time_t at = local ? mktime(&normal) : timegm(&normal);
    if (normal.tm_year != tm.tm_year || normal.tm_mon != tm.tm_mon ||
        normal.tm_mday != tm.tm_mday || normal.tm_min != tm.tm_min || tm.tm_hour > 23 ||
        tm.tm_sec > 59)
        return -ERANGE;
    *out = at;
    return 0;
}

static int parse_iso(const char *at, int64_t *out_unix_ms)
{
    struct tm tm = {0};
    int ms = 0, offset = 0;
    bool local = true;
    int64_t seconds;

    if (!take_digits(&at, 4, &tm.tm_year) || !take_char(&at, '-') ||
        !take_digits(&at, 2, &tm.tm_mon) || !take_char(&at, '-') ||
        !take_digits(&at, 2, &tm.tm_mday))
        return -EINVAL;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if (take_char(&at, 'T') || take_char(&at, ' ')) {
        if (!take_digits(&at, 2, &tm.tm_hour) || !take_char(&at, ':') ||
            !take_digits(&at, 2, &tm.tm_min) || !take_seconds(&at, &tm, &ms) ||
            !take_offset(&at, &local, &offset))
            return -EINVAL;
    }
    if (*at != '\0')
        return -EINVAL;
    int rc = to_unix(tm, local, &seconds);
    if (rc < 0)
        return rc;
    int64_t unix_ms = (seconds - offset) * MS_PER_SECOND + ms;
    if (unix_ms < unix_ms_min)
        return -ERANGE;
    *out_unix_ms = unix_ms;
    return 0;
}

int units_parse_time(const char *text, int64_t *out_unix_ms)
{
    int rc = units_parse_number(text, unix_ms_min, INT64_MAX, out_unix_ms);

    return rc == -EINVAL ? parse_iso(text, out_unix_ms) : rc;
}

/* Three digits are enough for a person. */
static void write_short(char *buf, double value, const char *unit)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

    (void)snprintf(buf, UNITS_TEXT_SIZE, "%.*f %s", decimals, value, unit);
}

const char *units_duration(char *buf, int64_t us)
{
    int64_t seconds = us / 1000000;

    if (us == 0)
        (void)snprintf(buf, UNITS_TEXT_SIZE, "0 s");
    else if (us < 100)
        (void)snprintf(buf, UNITS_TEXT_SIZE, "%d us", (int)us);
    else if (us < 1000000)
        write_short(buf, (double)us / 1e3, "ms");
    else if (seconds < 60)
        write_short(buf, (double)us / 1e6, "s");
    else if (seconds < 3600)
        (void)snprintf(buf, UNITS_TEXT_SIZE, "%dm%02ds", (int)(seconds / 60),
                       (int)(seconds % 60));
    else if (seconds < 86400)
        (void)snprintf(buf, UNITS_TEXT_SIZE, "%dh%02dm", (int)(seconds / 3600),
                       (int)(seconds / 60 % 60));
    else
        (void)snprintf(buf, UNITS_TEXT_SIZE, "%lldd%02dh", (long long)(seconds / 86400),
                       (int)(seconds / 3600 % 24));
    return buf;
}

const char *units_count(char *buf, int64_t n)
{
    char digits[UNITS_TEXT_SIZE];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    char *to = buf;

    for (int i = 0; i < len; i++) {
        *to++ = digits[i];
        int left = len - 1 - i;
        if (left > 0 && left % 3 == 0 && is_digit(digits[i]))
            *to++ = ',';
    }
    *to = '\0';
    return buf;
}

const char *units_bytes(char *buf, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(buf, UNITS_TEXT_SIZE,
                   unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value,
                   units[unit]);
    return buf;
}

const char *units_clock(char *buf, int64_t unix_ms)
{
    time_t at = unix_ms / MS_PER_SECOND;
    struct tm tm;

    if (localtime_r(&at, &tm) == NULL ||
        strftime(buf, UNITS_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        (void)snprintf(buf, UNITS_TEXT_SIZE, "%lld", (long long)unix_ms);
    return buf;
}
