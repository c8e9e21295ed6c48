/* options - reads the options of a command by a table.
 * SPDX-License-Identifier: MIT */
#include "wire/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/num.h"

const char *rq_option_show(struct rq_slice word, char *out)
{
    bool cut = word.len > RQ_SHOWN_MAX - 1;
    size_t len = cut ? RQ_SHOWN_MAX - 4 : word.len;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = word.ptr[i];
        out[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    memcpy(out + len, cut ? "..." : "", cut ? 4 : 1);
    return out;
}

int rq_complain(struct rq_complaint *why, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    why->code = code;
    rq_ignore(vsnprintf(why->text, sizeof why->text, fmt, args) < 0); /* cut is fine */
    va_end(args);
    return code;
}

int rq_option_number(const char *name, const char *unit, struct rq_words *words,
                     int64_t min, int64_t max, int64_t *out, struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];
    const char *space = unit != NULL ? " " : "";

    if (unit == NULL)
        unit = "";
    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG,
                           "%s needs a value, %" PRId64 " to %" PRId64 "%s%s", name,
                           min, max, space, unit);
    if (rq_num_i64(*words->next, min, max, out) < 0)
        return rq_complain(why, RQ_E_BADARG,
                           "%s must be %" PRId64 " to %" PRId64 "%s%s, not '%s'", name,
                           min, max, space, unit, rq_option_show(*words->next, shown));
    words->next++;
    return 0;
}

/* Names begin with a capital; most words are none of them after one look. */
static bool is_named(struct rq_slice word, const char *name)
{
    return word.len > 0 && rq_capital(word.ptr[0]) == name[0] &&
           rq_slice_eq_nocase(word, rq_slice_str(name));
}

static const struct rq_option *find(const struct rq_option *options,
                                    struct rq_slice name)
{
    for (const struct rq_option *o = options; o->name != NULL; o++)
        if (is_named(name, o->name))
            return o;
    return NULL;
}

/* Stores a number that is within the range of `o`, which fits its field. */
static void store_number(const struct rq_option *o, int64_t v, void *field)
{
    switch (o->kind) {
    case RQ_OPTION_U8:
        *(uint8_t *)field = (uint8_t)v;
        break;
    case RQ_OPTION_U16:
        *(uint16_t *)field = (uint16_t)v;
        break;
    case RQ_OPTION_U32:
        *(uint32_t *)field = (uint32_t)v;
        break;
    default:
        ASSERT(o->kind == RQ_OPTION_I64);
        *(int64_t *)field = v;
    }
}

/* Reads what stands behind the option's name. */
static int read_value(const struct rq_option *o, struct rq_words *words, void *out,
                      struct rq_complaint *why)
{
    void *field = (char *)out + o->where;
    int64_t v;
    int rc;

    switch (o->kind) {
    case RQ_OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case RQ_OPTION_BYTES:
        if (words->next == words->end)
            return rq_complain(why, RQ_E_BADARG, "%s needs a value", o->name);
        *(struct rq_slice *)field = *words->next++;
        return 0;
    case RQ_OPTION_CALL:
        return o->read(words, out, why);
    default:
        rc = rq_option_number(o->name, o->unit, words, o->min, o->max, &v, why);
        if (rc == 0)
            store_number(o, v, field);
        return rc;
    }
}

/* May `o` come after what has been seen? */
static int check_seen(const struct rq_option *options, const struct rq_option *o,
                      uint32_t seen, struct rq_complaint *why)
{
    if ((seen >> (o - options) & 1) != 0 && !o->repeats)
        return rq_complain(why, RQ_E_BADARG, "%s is given twice", o->name);
    if (o->rival == NULL)
        return 0;

    const struct rq_option *rival = find(options, rq_slice_str(o->rival));
    ASSERT(rival != NULL);
    if ((seen >> (rival - options) & 1) != 0)
        return rq_complain(why, RQ_E_BADARG, "%s and %s exclude each other",
                           rival->name, o->name);
    return 0;
}

/* Takes one option: its name and what stands behind it. */
static int read_option(const struct rq_option *options, struct rq_words *words,
                       uint32_t *seen, void *out, struct rq_complaint *why)
{
    const struct rq_option *o = find(options, *words->next);
    char shown[RQ_SHOWN_MAX];

    if (o == NULL)
        return rq_complain(why, RQ_E_BADARG, "unknown option '%s'",
                           rq_option_show(*words->next, shown));
    words->next++;
    int rc = check_seen(options, o, *seen, why);
    if (rc == 0)
        rc = read_value(o, words, out, why);
    *seen |= UINT32_C(1) << (o - options);
    return rc;
}

int rq_options_read_some(const struct rq_option *options, struct rq_words *words,
                         const char *stop, void *out, struct rq_complaint *why)
{
    uint32_t seen = 0;
    int rc = 0;

    while (rc == 0 && words->next < words->end) {
        if (stop != NULL && is_named(*words->next, stop))
            break;
        rc = read_option(options, words, &seen, out, why);
    }
    return rc;
}
