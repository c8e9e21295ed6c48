/* waiter - somebody waits.
 *
 * A waiting GET is linked into every queue that it names; a waiting JOIN into one of
 * them (join.c); a waiting PUT into the gate of its queue (gate.c); a WAIT into the
 * jobs that it names (wait.c).  Either way it is
 * one object, answered once, and leaves all queues together. SPDX-License-Identifier:
 * MIT */
#include "core/waiter.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "core/gate.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/timer.h"
#include "core/wait.h"

static void unpin(struct core *core, struct queue *q)
{
    ASSERT(q->pins > 0);
    q->pins--;
    queue_release(core, q);
}

/* Pins each queue of the call once, however often it is named. */
static int pin_all(struct core *core, const struct waiter_call *call, struct waiter *w)
{
    core->mark++;
    for (size_t i = 0; i < call->queue_count; i++) {
        struct queue *q;
        int rc = queue_need(core, call->queues[i], LIMIT_QUEUES, &q);

        if (rc < 0)
            return rc;
        if (q->mark == core->mark)
            continue;
        q->mark = core->mark;
        q->pins++;
        struct waiter_link *link = &w->links[w->link_count++];
        *link = (struct waiter_link){.queue = q, .waiter = w};
        rq_list_init(&link->link);
    }
    return 0;
}

int waiter_new(struct core *core, const struct waiter_call *call, struct core_now now,
               struct waiter **out)
{
    struct holder *holder = call->holder;
    struct waiter *w;

    if (holder->waiter_count >= LIMIT_WAITERS_PER_CONNECTION)
        return RQ_E_LIMIT;
    int rc = rq_heap_reserve(&core->wait_timers, 1);
    if (rc < 0)
        return rc;
    w = calloc(1, sizeof *w + call->queue_count * sizeof w->links[0]);
    if (w == NULL)
        return -ENOMEM;
    rc = pin_all(core, call, w);
    if (rc < 0) {
        while (w->link_count > 0)
            unpin(core, w->links[--w->link_count].queue);
        free(w);
        return rc;
    }

    w->kind = call->kind;
    w->holder = holder;
    w->cookie = call->cookie;
    rq_list_push_back(&holder->waiters, &w->of_holder);
    holder->waiter_count++;
    holder->getter_count += w->kind == WAITER_GET;
    core->getter_count += w->kind == WAITER_GET;
    core->joiner_count += w->kind == WAITER_JOIN;
    core->putter_count += w->kind == WAITER_PUT;
    core->wait_count += w->kind == WAITER_WAIT;
    if (call->block_ms >= 0)
        timer_arm(core, &core->wait_timers, &w->timer,
                  timer_after_ms(now.mono_ns, call->block_ms));
    *out = w;
    return 0;
}

/* How many wait there as this one does. */
static uint32_t *count_of(struct queue *q, const struct waiter *w)
{
    switch (w->kind) {
    case WAITER_GET:
        return &q->getter_count;
    case WAITER_JOIN:
        return w->has_barrier ? &q->barrier_count : &q->joiner_count[w->strict];
    case WAITER_PUT:
    case WAITER_WAIT: /* in no queue */
        break;
    }
    return &q->gate->putter_count;
}

static void unlink_one(struct core *core, struct waiter *w, struct waiter_link *link)
{
    struct queue *q = link->queue;
    uint32_t *count;

    if (rq_list_empty(&link->link))
        return;
    rq_list_remove(&link->link);
    count = count_of(q, w);
    ASSERT(*count > 0);
    (*count)--;
    q->short_count -= w->is_short;
    if (w->kind == WAITER_PUT)
        gate_look(core, q); /* the next one may need less room */
}

void waiter_free(struct core *core, struct waiter *w)
{
    struct holder *holder = w->holder;

    timer_stop(&core->wait_timers, &w->timer);
    wait_forget(core, w);
    for (size_t i = 0; i < w->link_count; i++) {
        unlink_one(core, w, &w->links[i]);
        unpin(core, w->links[i].queue);
    }
    rq_list_remove(&w->of_holder);
    ASSERT(holder->waiter_count > 0);
    holder->waiter_count--;
    holder->getter_count -= w->kind == WAITER_GET;
    core->getter_count -= w->kind == WAITER_GET;
    core->joiner_count -= w->kind == WAITER_JOIN;
    core->putter_count -= w->kind == WAITER_PUT;
    core->wait_count -= w->kind == WAITER_WAIT;
    free(w);
}

void core_waiter_cancel(struct core *core, struct waiter *w)
{
    waiter_free(core, w);
}

void waiter_listen(struct waiter *w)
{
    ASSERT(w->kind == WAITER_GET);
    for (size_t i = 0; i < w->link_count; i++) {
        struct queue *q = w->links[i].queue;

        rq_list_push_back(&q->getters, &w->links[i].link);
        q->getter_count++;
        q->short_count += w->is_short;
    }
}

struct waiter *waiter_first_getter(const struct queue *q)
{
    ASSERT(!rq_list_empty(&q->getters));
    return RQ_LIST_ENTRY(q->getters.next, struct waiter_link, link)->waiter;
}
