/* zone - TZif: a table of past changes, and behind it a rule for all later ones, in the
 * notation of the variable TZ: `CET-1CEST,M3.5.0,M10.5.0/3`.
 *
 *     header | the same with 32 bits, passed over | header | times, types | \n rule \n
 *
 * SPDX-License-Identifier: MIT */
#include "core/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/civil.h"

enum {
    HEADER_BYTES = 44,
    TIMES_MAX = 4096,
    TYPES_MAX = 256,
    TYPE_BYTES = 6,
    OFFSET_MAX_S = 26 * CIVIL_HOUR,
    RULE_HOURS_MAX = 167,
};

/* `M3.5.0/2`: when, in local time. */
struct change_day {
    char
        form; /* 'M': month.week.weekday; 'J': day without leap days; 'N': day from 0 */
    int month, week, weekday, day;
    int32_t time_s;
};

struct zone {
    int32_t standard_s, summer_s; /* of the rule */
    bool has_summer;
    struct change_day begin, end; /* of the summer */
    int32_t first_s;              /* before the first time of the table */
    size_t count;
    struct {
        int64_t at_s;
        int32_t offset_s;
    } changes[];
};

/* ---- the rule ---- */

static bool take_char(struct rq_slice *in, char c)
{
    if (in->len == 0 || in->ptr[0] != (uint8_t)c)
        return false;
    in->ptr++;
    in->len--;
    return true;
}

static bool take_number(struct rq_slice *in, int max, int *out)
{
    int v = 0;
    size_t n = 0;

    while (n < in->len && n < 3 && in->ptr[n] >= '0' && in->ptr[n] <= '9')
        v = v * 10 + (in->ptr[n++] - '0');
    if (n == 0 || v > max)
        return false;
    in->ptr += n;
    in->len -= n;
    *out = v;
    return true;
}

/* `EST`, or `<+0330>` */
static bool take_name(struct rq_slice *in)
{
    bool quoted = take_char(in, '<');
    size_t n = 0;

    for (; n < in->len; n++) {
        uint8_t c = in->ptr[n], lower = c | 0x20;
        bool is_letter = lower >= 'a' && lower <= 'z';
        bool is_other = (c >= '0' && c <= '9') || c == '+' || c == '-';

        if (!is_letter && !(quoted && is_other))
            break;
    }
    if (n < 3)
        return false;
    in->ptr += n;
    in->len -= n;
    return !quoted || take_char(in, '>');
}

/* `[+-]hh[:mm[:ss]]` */
static bool take_time(struct rq_slice *in, int hours_max, int32_t *out_s)
{
    bool negative = take_char(in, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        rq_ignore(take_char(in, '+'));
    if (!take_number(in, hours_max, &hours))
        return false;
    if (take_char(in, ':') && !take_number(in, 59, &minutes))
        return false;
    if (take_char(in, ':') && !take_number(in, 59, &seconds))
        return false;
    *out_s = hours * CIVIL_HOUR + minutes * CIVIL_MINUTE + seconds;
    if (negative)
        *out_s = -*out_s;
    return true;
}

static bool take_day(struct rq_slice *in, struct change_day *out)
{
    *out = (struct change_day){.form = 'N', .time_s = 2 * CIVIL_HOUR};
    if (take_char(in, 'M')) {
        out->form = 'M';
        if (!take_number(in, 12, &out->month) || out->month < 1 ||
            !take_char(in, '.') || !take_number(in, 5, &out->week) || out->week < 1 ||
            !take_char(in, '.') || !take_number(in, 6, &out->weekday))
            return false;
    } else {
        if (take_char(in, 'J'))
            out->form = 'J';
        if (!take_number(in, 365, &out->day) || (out->form == 'J' && out->day < 1))
            return false;
    }
    return !take_char(in, '/') || take_time(in, RULE_HOURS_MAX, &out->time_s);
}

/* In the rule west is positive. */
static bool take_rule(struct rq_slice in, struct zone *out)
{
    if (!take_name(&in) || !take_time(&in, 24, &out->standard_s))
        return false;
    out->standard_s = -out->standard_s;
    if (in.len == 0)
        return true;
    out->has_summer = true;
    if (!take_name(&in))
        return false;
    out->summer_s = out->standard_s + CIVIL_HOUR;
    if (in.len > 0 && in.ptr[0] != ',') {
        if (!take_time(&in, 24, &out->summer_s))
            return false;
        out->summer_s = -out->summer_s;
    }
    return take_char(&in, ',') && take_day(&in, &out->begin) && take_char(&in, ',') &&
           take_day(&in, &out->end) && in.len == 0;
}

/* ---- the file ---- */

struct counts {
    uint32_t isut, isstd, leap, times, types, chars;
};

static uint64_t load_be(const uint8_t *at, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

static bool take_header(struct rq_slice *in, struct counts *out)
{
    uint32_t *const fields[] = {&out->isut,  &out->isstd, &out->leap,
                                &out->times, &out->types, &out->chars};

    if (in->len < HEADER_BYTES || memcmp(in->ptr, "TZif", 4) != 0 || in->ptr[4] < '2')
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = (uint32_t)load_be(in->ptr + 20 + 4 * i, 4);
    *in = rq_slice(in->ptr + HEADER_BYTES, in->len - HEADER_BYTES);
    return out->times <= TIMES_MAX && out->types >= 1 && out->types <= TYPES_MAX &&
           out->leap == 0 && out->chars <= TYPES_MAX && out->isstd <= TYPES_MAX &&
           out->isut <= TYPES_MAX;
}

static size_t block_bytes(const struct counts *n, size_t time_bytes)
{
    return n->times * (time_bytes + 1) + n->types * (size_t)TYPE_BYTES + n->chars +
           n->isstd + n->isut;
}

static bool load_table(const uint8_t *at, const struct counts *n, struct zone *z)
{
    const uint8_t *index = at + n->times * (size_t)8;
    const uint8_t *types = index + n->times;

    for (size_t i = 0; i < n->types; i++) {
        int32_t offset = (int32_t)load_be(types + i * TYPE_BYTES, 4);

        if (offset <= -OFFSET_MAX_S || offset >= OFFSET_MAX_S)
            return false;
    }
    z->first_s = (int32_t)load_be(types, 4);
    for (size_t i = 0; i < n->times; i++) {
        z->changes[i].at_s = (int64_t)load_be(at + 8 * i, 8);
        if (index[i] >= n->types ||
            (i > 0 && z->changes[i].at_s <= z->changes[i - 1].at_s))
            return false;
        z->changes[i].offset_s =
            (int32_t)load_be(types + index[i] * (size_t)TYPE_BYTES, 4);
    }
    z->count = n->times;
    return true;
}

static bool load(struct rq_slice rest, const struct counts *n, struct zone *z)
{
    size_t bytes = block_bytes(n, 8);

    if (rest.len < bytes + 2 || !load_table(rest.ptr, n, z))
        return false;
    rest = rq_slice(rest.ptr + bytes, rest.len - bytes);
    if (!take_char(&rest, '\n') || rest.len == 0 || rest.ptr[rest.len - 1] != '\n')
        return false;
    rest.len--;
    if (rest.len > 0)
        return take_rule(rest, z);
    z->standard_s = z->count > 0 ? z->changes[z->count - 1].offset_s : z->first_s;
    return true;
}

int zone_parse(struct rq_slice tzif, struct zone **out)
{
    struct counts n;
    struct zone *z;

    if (!take_header(&tzif, &n) || tzif.len < block_bytes(&n, 4))
        return RQ_E_MALFORMED;
    size_t old = block_bytes(&n, 4);
    tzif = rq_slice(tzif.ptr + old, tzif.len - old);
    if (!take_header(&tzif, &n))
        return RQ_E_MALFORMED;
    z = calloc(1, sizeof *z + n.times * sizeof *z->changes);
    if (z == NULL)
        return -ENOMEM;
    if (!load(tzif, &n, z)) {
        free(z);
        return RQ_E_MALFORMED;
    }
    *out = z;
    return 0;
}

void zone_free(struct zone *zone)
{
    free(zone);
}

/* ---- asking ---- */

static int64_t day_of(const struct change_day *d, int64_t year)
{
    int64_t first;

    if (d->form == 'N')
        return civil_to_day(year, 1, 1) + d->day;
    if (d->form == 'J') /* the 29th of February is not counted */
        return civil_to_day(year, 1, 1) + d->day - 1 +
               (d->day > 59 && civil_month_days(year, 2) == 29);
    first = civil_to_day(year, d->month, 1);
    int day = (d->weekday - civil_weekday(first) + 7) % 7 + 7 * (d->week - 1);
    while (day >= civil_month_days(year, d->month)) /* 5 is the last one */
        day -= 7;
    return first + day;
}

/* The last change of the rule up to `unix_s`, and the next one. */
static void rule_at(const struct zone *z, int64_t unix_s, struct zone_period *out)
{
    int64_t year = civil_of_day(civil_floor(unix_s + z->standard_s, CIVIL_DAY)).year;

    *out = (struct zone_period){INT64_MIN, INT64_MAX, z->standard_s, z->standard_s};
    if (!z->has_summer)
        return;
    for (int64_t y = year - 1; y <= year + 1; y++) {
        for (int is_begin = 0; is_begin < 2; is_begin++) {
            const struct change_day *d = is_begin ? &z->begin : &z->end;
            int32_t old = is_begin ? z->standard_s : z->summer_s;
            int64_t at = day_of(d, y) * CIVIL_DAY + d->time_s - old;

            if (at <= unix_s && at >= out->from_s) {
                out->from_s = at;
                out->before_s = old;
                out->offset_s = is_begin ? z->summer_s : z->standard_s;
            } else if (at > unix_s && at < out->until_s) {
                out->until_s = at;
            }
        }
    }
}

/* How many changes of the table are at `unix_s` or before. */
static size_t count_until(const struct zone *z, int64_t unix_s)
{
    size_t low = 0, high = z->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (z->changes[mid].at_s <= unix_s)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void zone_at(const struct zone *zone, int64_t unix_s, struct zone_period *out)
{
    *out = (struct zone_period){INT64_MIN, INT64_MAX, 0, 0};
    if (zone == NULL)
        return;
    size_t n = count_until(zone, unix_s);
    int32_t before = n > 1 ? zone->changes[n - 2].offset_s : zone->first_s;

    if (n == zone->count) {
        int64_t last = n > 0 ? zone->changes[n - 1].at_s : INT64_MIN;

        rule_at(zone, unix_s, out);
        if (out->from_s > last)
            return;
        out->from_s = last;
        out->before_s = before;
        return;
    }
    if (n > 0)
        out->from_s = zone->changes[n - 1].at_s;
    out->until_s = zone->changes[n].at_s;
    out->offset_s = n > 0 ? zone->changes[n - 1].offset_s : zone->first_s;
    out->before_s = before;
}
