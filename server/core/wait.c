/* wait - WAIT: until one of some jobs is over, or all of them are.
 *
 * A job that somebody waits for has an entry in core->awaited, with a reference of each
 * waiter.  When it is over the references are marked: a job that is kicked afterwards
 * has been over all the same.  They stay until their waiters go, so that the end of a
 * job can be asked for as long as somebody waits for others besides.
 * SPDX-License-Identifier: MIT */
#include "core/wait.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "core/jobs.h"
#include "core/limits.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/waiter.h"

enum { KEEP_MS = 60000 }; /* what is waited for is kept so long */

struct rq_slice awaited_key_of(const void *awaited)
{
    const struct awaited *a = awaited;

    return rq_slice(&a->id, sizeof a->id);
}

static struct awaited *find(const struct core *core, struct job_id id)
{
    return rq_map_get(&core->awaited, rq_slice(&id, sizeof id));
}

bool wait_is_awaited(const struct core *core, struct job_id id)
{
    return find(core, id) != NULL;
}

/* ---- outcomes ---- */

static const char *end_name(unsigned end)
{
    return end == RECORD_END_DONE      ? "done"
           : end == RECORD_END_EXPIRED ? "expired"
                                       : "cancelled";
}

int core_outcome(const struct core *core, struct job_id id, struct core_outcome *out)
{
    const struct job *job = index_get(&core->index, id);
    const struct remnant *r = job == NULL ? remnant_find(core, id) : NULL;

    if (job != NULL && job->state != JOB_PENDING) {
        *out =
            (struct core_outcome){.is_over = job->state == JOB_DEAD,
                                  .state = job_state_name((enum job_state)job->state),
                                  .queue = queue_name(job_queue(job))};
        return 0;
    }
    if (r == NULL)
        return RQ_E_NOJOB;
    ASSERT(r->queue != NULL); /* the job is gone, so it is kept */
    *out = (struct core_outcome){.is_over = true,
                                 .state = end_name(r->end),
                                 .queue = queue_name(r->queue),
                                 .result = rq_slice(r->result, r->result_len),
                                 .has_result = r->has_result,
                                 .kept_wall_ms = r->kept_wall_ms};
    return 0;
}

/* Makes sure that a job will be kept.  Returns  1: it is over; 0; < 0 */
static int prepare(struct core *core, struct job_id id, struct core_now now)
{
    struct job *job = index_get(&core->index, id);
    struct core_outcome outcome;
    int rc = core_outcome(core, id, &outcome);

    if (rc < 0)
        return rc;
    if (job == NULL)
        return 1; /* it is kept */
    rc = job_need_extra(core, job);
    if (rc == 0)
        rc = remnant_need(core, job, KEEP_MS); /* a dead one, too: it may be purged */
    if (rc == 0 && job->state == JOB_ENDING)
        remnant_fix(job, now); /* its DONE is on the way: kept in memory alone */
    return rc < 0 ? rc : outcome.is_over;
}

/* ---- references ---- */

static void drop_if_unused(struct core *core, struct awaited *a)
{
    const struct job_id id = a->id;

    if (a->is_settling || !rq_list_empty(&a->refs))
        return;
    void *removed = rq_map_remove(&core->awaited, awaited_key_of(a));
    ASSERT(removed == a);
    free(a);
    remnant_look(core, id);
}

static int add_ref(struct core *core, struct waiter *w, struct job_id id, bool is_over)
{
    struct wait_ref *ref = &w->refs[w->ref_count];
    struct awaited *a = find(core, id);

    if (a == NULL) {
        a = calloc(1, sizeof *a);
        if (a == NULL)
            return -ENOMEM;
        a->id = id;
        rq_list_init(&a->refs);
        if (rq_map_put(&core->awaited, a) < 0) {
            free(a);
            return -ENOMEM;
        }
    }
    *ref = (struct wait_ref){.waiter = w, .id = id, .is_over = is_over};
    rq_list_push_back(&a->refs, &ref->link);
    w->ref_count++;
    w->left += !is_over;
    remnant_look(core, id);
    return 0;
}

void wait_forget(struct core *core, struct waiter *w)
{
    for (size_t i = 0; i < w->ref_count; i++) {
        struct wait_ref *ref = &w->refs[i];

        rq_list_remove(&ref->link);
        drop_if_unused(core, find(core, ref->id));
    }
    free(w->refs);
    w->refs = NULL;
    w->ref_count = 0;
}

/* ---- the end of a job ---- */

size_t wait_effects_max(const struct core *core, struct job_id id)
{
    const struct awaited *a = core->awaited.count == 0 ? NULL : find(core, id);
    size_t n = 0;

    if (a == NULL)
        return 0;
    RQ_LIST_EACH(link, &a->refs)
    {
        (void)link;
        n++;
    }
    return n;
}

void wait_settle(struct core *core, struct job_id id, struct effects *fx)
{
    struct awaited *a = core->awaited.count == 0 ? NULL : find(core, id);

    if (a == NULL)
        return;
    a->is_settling = true;
    RQ_LIST_EACH_SAFE(link, &a->refs)
    {
        struct wait_ref *ref = RQ_LIST_ENTRY(link, struct wait_ref, link);
        struct waiter *w = ref->waiter; /* it has one reference here */

        if (ref->is_over)
            continue;
        ref->is_over = true;
        ASSERT(w->left > 0);
        if (--w->left > 0)
            continue;
        effects_add(fx, EFFECT_WAITED)->u.waited.cookie = w->cookie;
        waiter_free(core, w);
    }
    a->is_settling = false;
    drop_if_unused(core, a);
}

/* ---- WAIT ---- */

static int refer_to_all(struct core *core, struct waiter *w,
                        const struct core_wait *wait)
{
    int rc = 0;

    w->refs = calloc(wait->count, sizeof *w->refs);
    if (w->refs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < wait->count && rc == 0; i++) {
        struct core_outcome outcome;

        rc = core_outcome(core, wait->ids[i], &outcome);
        if (rc == 0)
            rc = add_ref(core, w, wait->ids[i], outcome.is_over);
    }
    if (wait->any)
        w->left = 1;
    return rc;
}

static int wait_for_them(struct core *core, const struct core_wait *wait,
                         struct holder *holder, void *cookie, struct core_now now,
                         struct waiter **out)
{
    const struct waiter_call call = {.kind = WAITER_WAIT,
                                     .block_ms = wait->block_ms,
                                     .holder = holder,
                                     .cookie = cookie};
    struct waiter *w;
    int rc = waiter_new(core, &call, now, &w);

    if (rc < 0)
        return rc;
    rc = refer_to_all(core, w, wait);
    if (rc < 0) {
        waiter_free(core, w);
        return rc;
    }
    *out = w;
    return 0;
}

int core_wait(struct core *core, const struct core_wait *wait, struct holder *holder,
              void *cookie, struct core_now now, struct effects *fx,
              struct waiter **out_waiter, size_t *out_bad)
{
    size_t over = 0;

    ASSERT(wait->count > 0 && wait->count <= LIMIT_IDS_PER_COMMAND);
    int rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < wait->count; i++) {
        rc = prepare(core, wait->ids[i], now);
        *out_bad = i;
        if (rc < 0)
            return rc;
        over += rc > 0;
    }
    *out_waiter = NULL;
    if (over == wait->count || (wait->any && over > 0))
        effects_add(fx, EFFECT_WAITED)->u.waited.cookie = cookie;
    else if (wait->block_ms == 0)
        effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = cookie;
    else
        return wait_for_them(core, wait, holder, cookie, now, out_waiter);
    return 0;
}
