/* cron_spec - the text becomes sets of numbers; the next time is found by a walk that
 * steps over months, days, hours and minutes that do not fit, and stops at each change
 * of the clocks.
 * SPDX-License-Identifier: MIT */
#include "core/cron_spec.h"

#include "base/err.h"
#include "base/num.h"
#include "core/civil.h"
#include "core/zone.h"

/* ---- text ---- */

struct field {
    int min, max;
    const char *names; /* of three letters each, the first means `first`; or NULL */
    int first;
    const char *why;
};

static const struct field fields[] = {
    {0, 59, NULL, 0, "the minute is 0-59, like 0, */15 or 0,30"},
    {0, 23, NULL, 0, "the hour is 0-23, like 3, 9-17 or */2"},
    {1, 31, NULL, 0, "the day of the month is 1-31, like 1 or 1,15"},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1,
     "the month is 1-12 or jan-dec, like 6 or jan,jul"},
    {0, 7, "sunmontuewedthufrisat", 0,
     "the day of the week is 0-7 or sun-sat, like 1-5 or sat,sun"},
};

enum { FIELDS = sizeof fields / sizeof *fields, SUNDAY_AGAIN = 7 };

static const struct {
    const char *name, *spec;
} shortcuts[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void skip(struct rq_slice *in, size_t n)
{
    in->ptr += n;
    in->len -= n;
}

static bool take_char(struct rq_slice *in, char c)
{
    bool is_there = in->len > 0 && in->ptr[0] == (uint8_t)c;

    if (is_there)
        skip(in, 1);
    return is_there;
}

/* One or two digits: `05` is usual. */
static bool take_digits(struct rq_slice *in, int *out)
{
    size_t n = 0;

    *out = 0;
    while (n < in->len && n < 2 && is_digit(in->ptr[n]))
        *out = *out * 10 + (in->ptr[n++] - '0');
    skip(in, n);
    return n > 0;
}

static bool take_name(struct rq_slice *in, const struct field *f, int *out)
{
    if (f->names == NULL || in->len < 3)
        return false;
    for (int i = 0; f->names[3 * i] != '\0'; i++) {
        if (!rq_slice_eq_nocase(rq_slice(in->ptr, 3), rq_slice(f->names + 3 * i, 3)))
            continue;
        skip(in, 3);
        *out = f->first + i;
        return true;
    }
    return false;
}

static bool take_value(struct rq_slice *in, const struct field *f, int *out)
{
    return (take_digits(in, out) || take_name(in, f, out)) && *out >= f->min &&
           *out <= f->max;
}

/* One of a list: *, n, n-m; the first and the last may be followed by a step. */
static bool take_item(struct rq_slice in, const struct field *f, uint64_t *set)
{
    int low = f->min, high = f->max, step = 1;
    bool is_range = take_char(&in, '*');

    if (!is_range) {
        if (!take_value(&in, f, &low))
            return false;
        high = low;
        is_range = take_char(&in, '-');
        if (is_range && !take_value(&in, f, &high))
            return false;
        if (f->max == SUNDAY_AGAIN && high == 0 && low > 0)
            high = SUNDAY_AGAIN; /* fri-sun */
    }
    if (is_range && take_char(&in, '/') && (!take_digits(&in, &step) || step == 0))
        return false;
    if (in.len > 0 || low > high)
        return false;
    for (int v = low; v <= high; v += step)
        *set |= UINT64_C(1) << v;
    return true;
}

static bool read_field(struct rq_slice text, const struct field *f, uint64_t *out)
{
    struct rq_slice item;

    *out = 0;
    if (text.len == 0)
        return false;
    while (rq_slice_split(&text, ',', &item))
        if (!take_item(item, f, out))
            return false;
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The next word; empty at the end. */
static struct rq_slice take_word(struct rq_slice *in)
{
    size_t n = 0;

    while (in->len > 0 && is_blank(in->ptr[0]))
        skip(in, 1);
    while (n < in->len && !is_blank(in->ptr[n]))
        n++;
    struct rq_slice word = rq_slice(in->ptr, n);
    skip(in, n);
    return word;
}

static int refuse(const char **out_why, const char *why)
{
    *out_why = why;
    return RQ_E_BADARG;
}

static int read_fields(struct rq_slice text, struct cron_spec *out,
                       const char **out_why)
{
    static const char *const five =
        "a spec has five fields: minute hour day month weekday, like '30 2 * * *'";
    uint64_t sets[FIELDS];
    bool any[FIELDS];

    for (size_t i = 0; i < FIELDS; i++) {
        struct rq_slice word = take_word(&text);

        if (word.len == 0)
            return refuse(out_why, five);
        if (!read_field(word, &fields[i], &sets[i]))
            return refuse(out_why, fields[i].why);
        any[i] = word.ptr[0] == '*';
    }
    if (take_word(&text).len > 0)
        return refuse(out_why, five);
    *out = (struct cron_spec){
        .minutes = sets[0],
        .hours = (uint32_t)sets[1],
        .days = (uint32_t)sets[2],
        .months = (uint16_t)sets[3],
        .weekdays = (uint8_t)((sets[4] | sets[4] >> SUNDAY_AGAIN) & 0x7f),
        .any_hour = sets[1] == (UINT64_C(1) << 24) - 1,
        .any_day = any[2],
        .any_weekday = any[4],
    };
    return 0;
}

static int read_every(struct rq_slice text, struct cron_spec *out, const char **out_why)
{
    struct rq_slice word = take_word(&text);
    uint64_t ms;

    if (take_word(&text).len > 0 ||
        rq_num_duration(word, CRON_EVERY_MIN_MS, CRON_EVERY_MAX_MS, &ms) < 0)
        return refuse(out_why, "write @every and 1s to 3650d, like '@every 90s'");
    *out = (struct cron_spec){.every_ms = ms};
    return 0;
}

int cron_spec_parse(struct rq_slice text, struct cron_spec *out, const char **out_why)
{
    struct rq_slice rest = text, word;

    if (text.len > CRON_SPEC_MAX)
        return refuse(out_why, "a spec has at most 256 bytes");
    word = take_word(&rest);
    if (word.len == 0 || word.ptr[0] != '@')
        return read_fields(text, out, out_why);
    if (rq_slice_eq_nocase(word, RQ_LIT("@every")))
        return read_every(rest, out, out_why);
    for (size_t i = 0; i < sizeof shortcuts / sizeof *shortcuts; i++)
        if (rq_slice_eq_nocase(word, rq_slice_str(shortcuts[i].name)) &&
            take_word(&rest).len == 0)
            return read_fields(rq_slice_str(shortcuts[i].spec), out, out_why);
    return refuse(out_why, "the words are @every 90s, @hourly, @daily, @weekly, "
                           "@monthly, @yearly");
}

/* ---- time ---- */

enum {
    MS = 1000,
    STEPS_MAX = 4000, /* months of 9 years, days of their Februaries, and more */
    YEARS_MAX = 9,    /* from 1896 to 1904 there is no 29th of February */
    DAYS_PER_YEAR = 366,
};
#define LAST_S INT64_C(253402300799) /* of the year 9999 */

struct local {
    int64_t second; /* since 1970, as the clocks show it */
    int64_t day;
    struct civil date;
    int hour, minute;
};

static struct local local_of(int64_t second)
{
    struct local l = {.second = second, .day = civil_floor(second, CIVIL_DAY)};
    int64_t in_day = second - l.day * CIVIL_DAY;

    l.date = civil_of_day(l.day);
    l.hour = (int)(in_day / CIVIL_HOUR);
    l.minute = (int)(in_day % CIVIL_HOUR / CIVIL_MINUTE);
    return l;
}

static bool fits_day(const struct cron_spec *s, const struct local *l)
{
    bool day = s->days >> l->date.day & 1;
    bool weekday = s->weekdays >> civil_weekday(l->day) & 1;

    return s->any_day || s->any_weekday ? day && weekday : day || weekday;
}

/* How many seconds until a minute may fit; 0: this one does. */
static int64_t distance(const struct cron_spec *s, const struct local *l)
{
    int64_t in_day = l->second - l->day * CIVIL_DAY;

    if (!(s->months >> l->date.month & 1))
        return (civil_month_days(l->date.year, l->date.month) - l->date.day + 1) *
                   (int64_t)CIVIL_DAY -
               in_day;
    if (!fits_day(s, l))
        return CIVIL_DAY - in_day;
    if (!(s->hours >> l->hour & 1))
        return CIVIL_HOUR - in_day % CIVIL_HOUR;
    if (in_day % CIVIL_MINUTE != 0 || !(s->minutes >> l->minute & 1))
        return CIVIL_MINUTE - in_day % CIVIL_MINUTE;
    return 0;
}

/* Does a time that the clocks leave out fit? */
static bool fits_gap(const struct cron_spec *s, const struct zone_period *p)
{
    int64_t end = p->from_s + p->offset_s;

    for (int64_t at = p->from_s + p->before_s; at < end;) {
        struct local l = local_of(at);
        int64_t step = distance(s, &l);

        if (step == 0)
            return true;
        at += step;
    }
    return false;
}

static int64_t next_of_fields(const struct cron_spec *s, const struct zone *zone,
                              int64_t after_ms)
{
    int64_t at = (civil_floor(after_ms, (int64_t)CIVIL_MINUTE * MS) + 1) * CIVIL_MINUTE;
    int64_t end = at + (int64_t)YEARS_MAX * DAYS_PER_YEAR * CIVIL_DAY;

    for (int i = 0; i < STEPS_MAX && at <= end; i++) {
        struct zone_period p;

        zone_at(zone, at, &p);
        if (!s->any_hour && at == p.from_s && fits_gap(s, &p))
            return at * MS;
        struct local l = local_of(at + p.offset_s);
        int64_t step = distance(s, &l);
        /* Clocks were put back, and have shown this before. */
        bool is_again = p.from_s != INT64_MIN && l.second < p.from_s + p.before_s;

        if (step == 0 && (s->any_hour || !is_again))
            return at * MS;
        if (step == 0)
            step = CIVIL_MINUTE;
        at = p.until_s - at < step ? p.until_s : at + step;
    }
    return CRON_NEVER;
}

static int64_t next_of_every(int64_t every_ms, int64_t anchor_ms, int64_t after_ms)
{
    int64_t passed = civil_floor(after_ms - anchor_ms, every_ms);

    return anchor_ms + (passed + 1) * every_ms;
}

int64_t cron_spec_next(const struct cron_spec *spec, const struct zone *zone,
                       int64_t anchor_ms, int64_t after_ms)
{
    if (after_ms < 0 || after_ms > LAST_S * MS || anchor_ms < 0 ||
        anchor_ms > LAST_S * MS)
        return CRON_NEVER;
    return spec->every_ms > 0
               ? next_of_every((int64_t)spec->every_ms, anchor_ms, after_ms)
               : next_of_fields(spec, zone, after_ms);
}
