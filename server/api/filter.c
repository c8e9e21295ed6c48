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

static bool has_attr(struct filter *f, const struct job_view *job, enum attr_kind kind,
                     const struct rq_term *t)
{
    struct rq_slice rest = job->attrs;
    struct attr a;

    while (attrs_next(&rest, &a) > 0)
        if (a.kind == kind && rq_slice_eq_nocase(a.name, t->name) &&
            rq_name_matches_within(a.value, t->glob, &f->work))
            return true;
    return false;
}

static bool holds(struct filter *f, const struct rq_term *t, const struct job_view *job)
{
    switch (t->field) {
    case RQ_TERM_ID:
        return job->id.epoch == t->id.epoch && job->id.number == t->id.number;
    case RQ_TERM_ERROR:
        return rq_name_matches_within(job->error, t->glob, &f->work);
    case RQ_TERM_HEADER:
        return has_attr(f, job, ATTR_HEADER, t);
    case RQ_TERM_GROUP:
        return has_attr(f, job, ATTR_GROUP, t);
    case RQ_TERM_ATTEMPT:
        return is_within(job->attempts, t);
    case RQ_TERM_AGE:
        break;
    }
    return is_within(rq_clock_until(f->now_wall_ms, job->put_wall_ms), t);
}

bool filter_fits(struct filter *f, const struct job_view *job)
{
    for (size_t i = 0; i < f->count; i++)
        if (!holds(f, &f->terms[i], job))
            return false;
    return true;
}
