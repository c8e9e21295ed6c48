/* gate - see gate.h.
 * SPDX-License-Identifier: MIT */
#include "core/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/aways.h"
#include "core/hand.h"
#include "core/jobs.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/waiter.h"

static const int64_t second_ns = 1000000000;

int gate_need(struct core *core, struct queue *q)
{
    struct gate *g;

    if (q->gate != NULL)
        return 0;
    /* There is always room for the timers of all gates. */
    int rc = rq_heap_reserve(&core->gate_timers,
                             core->gate_count + 1 - core->gate_timers.count);
    if (rc < 0)
        return rc;
    g = calloc(1, sizeof *g);
    if (g == NULL)
        return -ENOMEM;
    rq_list_init(&g->putters);
    g->queue = q;
    q->gate = g;
    core->gate_count++;
    return 0;
}

void gate_free(struct core *core, struct queue *q)
{
    if (q->gate == NULL)
        return;
    timer_stop(&core->gate_timers, &q->gate->timer);
    free(q->gate);
    q->gate = NULL;
    core->gate_count--;
}

bool gate_settings_are_valid(const struct record_settings *s)
{
    return s->order <= RECORD_LIFO &&
           s->paused <= (RECORD_PAUSED_IN | RECORD_PAUSED_OUT) &&
           s->shut <= RECORD_SHUT_NOW && s->tries <= UINT16_MAX;
}

/* ---- out ---- */

static int64_t interval_ns(const struct gate *g)
{
    return second_ns / g->settings.rate;
}

/* When RATE lets the next one pass: deliveries are paid for one after the other, and
 * one second may be owed. */
static int64_t next_ns(const struct gate *g)
{
    return g->booked_ns - (second_ns - interval_ns(g));
}

bool gate_is_open(const struct core *core, const struct queue *q, struct core_now now)
{
    const struct gate *g = q->gate;

    if (core->is_draining || core->is_held)
        return false;
    if (g == NULL)
        return true;
    if (g->settings.paused & RECORD_PAUSED_OUT)
        return false;
    if (g->settings.concurrency > 0 && q->count[JOB_LEASED] >= g->settings.concurrency)
        return false;
    return g->settings.rate == 0 || next_ns(g) <= now.mono_ns;
}

void gate_passed(struct core *core, struct queue *q, struct core_now now)
{
    struct gate *g = q->gate;

    if (g == NULL || g->settings.rate == 0)
        return;
    if (g->booked_ns < now.mono_ns)
        g->booked_ns = now.mono_ns;
    g->booked_ns += interval_ns(g);
    if (next_ns(g) > now.mono_ns)
        timer_arm(core, &core->gate_timers, &g->timer, next_ns(g));
}

bool gate_has_next(const struct core *core, const struct queue *q, struct core_now now)
{
    return ready_first(q) != NULL && gate_is_open(core, q, now);
}

bool gate_is_dry(const struct queue *q)
{
    return q->gate != NULL && q->gate->settings.shut != RECORD_OPEN &&
           q->count[JOB_PENDING] + q->count[JOB_READY] + q->count[JOB_DELAYED] == 0;
}

void gate_look(struct core *core, struct queue *q)
{
    if (rq_list_empty(&q->opening))
        rq_list_push_back(&core->openings, &q->opening);
}

/* ---- in ---- */

static bool has_room(const struct queue *q, uint64_t count)
{
    const struct gate *g = q->gate;
    uint64_t size = q->count[JOB_PENDING] + q->count[JOB_DELAYED] +
                    q->count[JOB_READY] + g->admitted;

    return g->settings.maxsize == 0 ||
           (size <= g->settings.maxsize && count <= g->settings.maxsize - size);
}

int gate_admits(const struct core *core, const struct queue *q, uint64_t count)
{
    const struct gate *g = q == NULL ? NULL : q->gate;

    if (core->is_draining)
        return RQ_E_SHUTDOWN;
    if (g == NULL)
        return 0;
    if (g->settings.shut != RECORD_OPEN)
        return RQ_E_SHUTDOWN;
    if (g->settings.paused & RECORD_PAUSED_IN)
        return RQ_E_PAUSED;
    if (g->settings.maxsize > 0 && count > g->settings.maxsize)
        return RQ_E_BADARG;
    return g->putter_count == 0 && has_room(q, count) ? 0 : RQ_E_FULL;
}

/* ---- serving those who wait ---- */

static int refuse(struct core *core, struct waiter *w, int code, struct effects *fx)
{
    int rc = effects_reserve(fx, 1);

    if (rc < 0)
        return rc;
    struct effect *e = effects_add(fx, EFFECT_REFUSED);
    e->u.refused.cookie = w->cookie;
    e->u.refused.code = code;
    waiter_free(core, w);
    return 1;
}

/* A ready job for the first getter. */
static int serve_getter(struct core *core, struct queue *q, struct core_now now,
                        struct effects *fx)
{
    if (q->getter_count == 0 || !gate_is_open(core, q, now))
        return 0;
    struct job *job = ready_first(q);
    if (job == NULL)
        return 0;
    return job->is_away ? away_want_first(core, q) : hand_ready(core, job, now, fx);
}

static bool can_come_for(const struct core *core, const struct waiter *w,
                         struct core_now now)
{
    for (size_t i = 0; i < w->link_count; i++)
        if (gate_has_next(core, w->links[i].queue, now))
            return true;
    return false;
}

/* A getter that would not wait has done so while there was a job that was away: nothing
 * is left. */
static int send_away(struct core *core, struct queue *q, struct core_now now,
                     struct effects *fx)
{
    if (q->short_count == 0 || core->is_held)
        return 0; /* while held, nobody can say that nothing is left */
    RQ_LIST_EACH(link, &q->getters)
    {
        struct waiter *w = RQ_LIST_ENTRY(link, struct waiter_link, link)->waiter;

        if (!w->is_short || can_come_for(core, w, now))
            continue;
        int rc = effects_reserve(fx, 1);
        if (rc < 0)
            return rc;
        effects_add(fx, EFFECT_TIMEOUT)->u.timeout.cookie = w->cookie;
        waiter_free(core, w);
        return 1;
    }
    return 0;
}

static bool is_dry_for(const struct waiter *w)
{
    for (size_t i = 0; i < w->link_count; i++)
        if (!gate_is_dry(w->links[i].queue))
            return false;
    return true;
}

/* A getter that waits for queues which are all shut and empty has nothing to wait for.
 */
static int dismiss_getter(struct core *core, struct queue *q, struct effects *fx)
{
    if (!gate_is_dry(q))
        return 0;
    RQ_LIST_EACH(link, &q->getters)
    {
        struct waiter *w = RQ_LIST_ENTRY(link, struct waiter_link, link)->waiter;

        if (is_dry_for(w))
            return refuse(core, w, RQ_E_SHUTDOWN, fx);
    }
    return 0;
}

static int admit_putter(struct core *core, struct queue *q, struct effects *fx)
{
    struct gate *g = q->gate;

    if (g == NULL || g->putter_count == 0)
        return 0;
    struct waiter *w = RQ_LIST_ENTRY(g->putters.next, struct waiter_link, link)->waiter;
    if (core->is_draining || g->settings.shut != RECORD_OPEN)
        return refuse(core, w, RQ_E_SHUTDOWN, fx);
    if (g->settings.maxsize > 0 && w->count > g->settings.maxsize)
        return refuse(core, w, RQ_E_BADARG, fx);
    if (g->settings.paused & RECORD_PAUSED_IN || !has_room(q, w->count))
        return 0;
    int rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    effects_add(fx, EFFECT_ADMITTED)->u.admitted.cookie = w->cookie;
    g->admitted += w->count;
    waiter_free(core, w);
    return 1;
}

/* Row 24: too many have died; the one that did so first goes. */
static int drop_dead(struct core *core, struct queue *q, struct core_now now,
                     struct effects *fx)
{
    const struct gate *g = q->gate;

    if (g == NULL || g->settings.deadmax == 0 ||
        q->count[JOB_DEAD] <= g->settings.deadmax)
        return 0;
    int rc = effects_reserve(fx, 1);
    if (rc < 0)
        return rc;
    hand_end(core, RQ_LIST_ENTRY(q->dead.next, struct job, at.link),
             RECORD_END_CANCELLED, RQ_LIT(""), now, fx);
    return 1;
}

static int serve_one(struct core *core, struct queue *q, struct core_now now,
                     struct effects *fx)
{
    int rc = serve_getter(core, q, now, fx);

    if (rc == 0)
        rc = dismiss_getter(core, q, fx);
    if (rc == 0)
        rc = send_away(core, q, now, fx);
    if (rc == 0)
        rc = admit_putter(core, q, fx);
    return rc != 0 ? rc : drop_dead(core, q, now, fx);
}

long gate_serve(struct core *core, struct queue *q, size_t max, struct core_now now,
                struct effects *fx)
{
    long served = 0;
    int rc = 1;

    q->pins++; /* the last waiter would take the queue with it */
    while (rc > 0 && (size_t)served < max) {
        rc = serve_one(core, q, now, fx);
        served += rc > 0;
    }
    q->pins--;
    rq_list_remove(&q->opening);
    if (rc != 0)
        gate_look(core, q); /* there may be more */
    return rc < 0 && served == 0 ? rc : served;
}

/* ---- the door ---- */

int core_admits(const struct core *core, struct rq_slice queue, uint64_t count)
{
    return gate_admits(core, queue_find(core, queue), count);
}

int core_wait_for_room(struct core *core, const struct core_room *room,
                       struct holder *holder, void *cookie, struct core_now now,
                       struct waiter **out_waiter)
{
    const struct waiter_call call = {.kind = WAITER_PUT,
                                     .queues = &room->queue,
                                     .queue_count = 1,
                                     .block_ms = room->block_ms,
                                     .holder = holder,
                                     .cookie = cookie};
    struct gate *g;
    struct waiter *w;
    int rc = waiter_new(core, &call, now, &w);

    if (rc < 0)
        return rc;
    g = w->links[0].queue->gate;
    ASSERT(g != NULL); /* only a bounded queue makes anybody wait */
    w->count = room->count;
    rq_list_push_back(&g->putters, &w->links[0].link);
    g->putter_count++;
    *out_waiter = w;
    return 0;
}

void core_room_used(struct core *core, struct rq_slice queue, uint64_t count)
{
    struct queue *q = queue_find(core, queue);

    ASSERT(q != NULL && q->gate != NULL && q->gate->admitted >= count);
    q->gate->admitted -= count;
    gate_look(core, q);
}

static void look_at_all(struct core *core)
{
    RQ_LIST_EACH(link, &core->all_queues)
    {
        gate_look(core, RQ_LIST_ENTRY(link, struct queue, all));
    }
}

void core_drain(struct core *core, bool on)
{
    core->is_draining = on;
    look_at_all(core);
}

bool core_is_draining(const struct core *core)
{
    return core->is_draining;
}

void core_hold(struct core *core, bool on)
{
    core->is_held = on;
    look_at_all(core);
}

bool core_is_held(const struct core *core)
{
    return core->is_held;
}
