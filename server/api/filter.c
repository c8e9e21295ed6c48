/* filter.c - see filter.h.
 * SPDX-License-Identifier: MIT */
#include "api/filter.h"

#include "base/clock.h"
#include "base/name.h"
#include "core/attrs.h"

static bool is_within(int64_t v, const struct rq_term *t)
{
    return v >= t->low && v <= t->high;
}

static bool has_attr(const struct job_view *job, enum attr_kind kind,
                     const struct rq_term *t)
{
    struct rq_slice rest = job->attrs;
    struct attr a;

    while (attrs_next(&rest, &a) > 0)
        if (a.kind == kind && rq_slice_eq_nocase(a.name, t->name) &&
            rq_name_matches(a.value, t->glob))
            return true;
    return false;
}

static bool holds(const struct rq_term *t, const struct job_view *job,
                  int64_t now_wall_ms)
{
    switch (t->field) {
    case RQ_TERM_ID:
        return job->id.epoch == t->id.epoch && job->id.number == t->id.number;
    case RQ_TERM_ERROR:
        return rq_name_matches(job->error, t->glob);
    case RQ_TERM_HEADER:
        return has_attr(job, ATTR_HEADER, t);
    case RQ_TERM_GROUP:
        return has_attr(job, ATTR_GROUP, t);
    case RQ_TERM_ATTEMPT:
        return is_within(job->attempts, t);
    case RQ_TERM_AGE:
        break;
    }
    return is_within(rq_clock_until(now_wall_ms, job->put_wall_ms), t);
}

bool filter_fits(const struct rq_term *terms, size_t count, const struct job_view *job,
                 int64_t now_wall_ms)
{
    for (size_t i = 0; i < count; i++)
        if (!holds(&terms[i], job, now_wall_ms))
            return false;
    return true;
}
