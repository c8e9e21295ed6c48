/* listener.c - see listener.h.
 * SPDX-License-Identifier: MIT */
#include "broker/listener.h"

#include "base/assert.h"
#include "broker/inner.h"

void listener_add(struct broker *b, struct listener *l)
{
    rq_list_init(&l->link);
    rq_list_push_back(&b->listeners, &l->link);
}

void listener_remove(struct listener *l)
{
    rq_list_remove(&l->link);
}

static void tell(struct broker *b, const struct job_view *view, const char *what)
{
    const struct broker_event event = {what, view, broker__now(b).wall_ms};

    RQ_LIST_EACH_SAFE(link, &b->listeners)
    {
        struct listener *l = RQ_LIST_ENTRY(link, struct listener, link);

        if (l->queue.len == 0 || rq_slice_eq(l->queue, view->queue))
            l->heard(l, &event);
    }
}

/* What a record that nobody waits for means; NULL: it is told of when it is in the log.
 */
static const char *name_of(const struct record *r)
{
    if (r->type == RECORD_LEASE)
        return "leased";
    if (r->type != RECORD_STATE)
        return NULL;
    switch (r->state) {
    case RECORD_READY:
        return "ready";
    case RECORD_DELAYED:
        return "delayed";
    case RECORD_CANCELLING:
        return "cancelling";
    case RECORD_DEAD:
        break;
    }
    return NULL;
}

void broker__tell_logged(struct broker *b, const struct effect *logged)
{
    const char *what;
    struct job_view view;

    if (rq_list_empty(&b->listeners) || logged->u.log.job == NULL)
        return;
    what =
        logged->u.log.departure != NULL ? "requeued" : name_of(&logged->u.log.record);
    if (what == NULL)
        return;
    job_view(logged->u.log.job, &view);
    tell(b, &view, what);
}

void broker__tell_confirmed(struct broker *b, const struct job *job)
{
    static const char *const ends[] = {[0] = "dead",
                                       [RECORD_END_DONE] = "done",
                                       [RECORD_END_EXPIRED] = "expired",
                                       [RECORD_END_CANCELLED] = "cancelled"};
    struct job_view view;

    if (rq_list_empty(&b->listeners))
        return;
    job_view(job, &view);
    if (view.is_returning)
        return; /* that was told before */
    tell(b, &view, view.state == JOB_PENDING ? "put" : ends[view.end]);
}
