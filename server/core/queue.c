/* queue - the jobs of one name, and their numbers.
 *
 * unfinished = pending + delayed + ready + leased + ending + leaving.
 * SPDX-License-Identifier: MIT */
#include "core/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/name.h"
#include "core/gate.h"
#include "core/kind.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"

struct rq_slice queue_key_of(const void *value)
{
    return queue_name(value);
}

struct queue *queue_find(const struct core *core, struct rq_slice name)
{
    struct queue *recent = core->recent;

    if (recent != NULL && rq_slice_eq(queue_name(recent), name))
        return recent;
    recent = rq_map_get(&core->queues, name);
    if (recent != NULL)
        ((struct core *)(uintptr_t)core)->recent = recent; /* a guess, not a change */
    return recent;
}

static struct queue *queue_new(struct rq_slice name)
{
    struct queue *q = calloc(1, sizeof *q + name.len);

    if (q == NULL)
        return NULL;
    ready_init(&q->ready);
    rq_list_init(&q->delayed);
    rq_list_init(&q->leased);
    rq_list_init(&q->dead);
    rq_list_init(&q->getters);
    rq_list_init(&q->joiners[0]);
    rq_list_init(&q->joiners[1]);
    rq_list_init(&q->barriers);
    rq_list_init(&q->changed);
    rq_list_init(&q->recorded);
    rq_list_init(&q->all);
    rq_list_init(&q->opening);
    q->name_len = (uint8_t)name.len;
    memcpy(q->name, name.ptr, name.len);
    return q;
}

int queue_need(struct core *core, struct rq_slice name, size_t queues_max,
               struct queue **out)
{
    ASSERT(name.len > 0 && name.len <= RQ_NAME_MAX);
    struct queue *q = queue_find(core, name);

    if (q == NULL) {
        if (core->queues.count >= queues_max)
            return RQ_E_LIMIT;
        q = queue_new(name);
        if (q == NULL)
            return -ENOMEM;
        if (rq_map_put(&core->queues, q) < 0) {
            free(q);
            return -ENOMEM;
        }
        rq_list_push_back(&core->all_queues, &q->all);
    }
    *out = q;
    return 0;
}

void queue_free(struct core *core, struct queue *q)
{
    void *removed = rq_map_remove(&core->queues, queue_name(q));

    ASSERT(removed == q);
    if (core->recent == q)
        core->recent = NULL;
    kind_unref(core, q->last_put);
    rq_list_remove(&q->changed);
    rq_list_remove(&q->recorded);
    rq_list_remove(&q->all);
    rq_list_remove(&q->opening);
    gate_free(core, q);
    ASSERT(q->groups == NULL);
    ready_fini(&q->ready);
    rates_fini(&q->rates);
    rq_hist_fini(&q->wait);
    rq_hist_fini(&q->run);
    free(q);
}

void queue_release(struct core *core, struct queue *q)
{
    static const struct record_totals none;

    if (q->pins > 0 || q->gate != NULL || queue_unfinished(q, true) > 0 ||
        q->totals_home != 0 || q->totals_open ||
        memcmp(&q->totals, &none, sizeof none) != 0)
        return;
    queue_free(core, q);
}

uint64_t queue_unfinished(const struct queue *q, bool strict)
{
    uint64_t sum = strict ? q->count[JOB_DEAD] + q->ending_dead : 0;

    return sum - q->ending_dead + q->count[JOB_PENDING] + q->count[JOB_DELAYED] +
           q->count[JOB_READY] + q->count[JOB_LEASED] + q->count[JOB_ENDING] +
           q->leaving - (strict ? 0 : q->leaving_dead);
}

static void view_rates(const struct rates *r, enum rate_event what, int64_t now_ns,
                       uint64_t out[3])
{
    static const unsigned seconds[3] = {1, 10, 60};

    for (size_t i = 0; i < 3; i++)
        out[i] = rates_milli(r, what, now_ns, seconds[i]);
}

struct record_settings queue_settings(const struct queue *q)
{
    return q->gate == NULL ? (struct record_settings){0} : q->gate->settings;
}

void queue_view(const struct queue *q, int64_t now_mono_ns, struct queue_view *out)
{
    int64_t oldest_ns = ready_oldest_ns(q);

    *out = (struct queue_view){
        .name = queue_name(q),
        .ready = q->count[JOB_READY],
        .delayed = q->count[JOB_DELAYED],
        .leased = q->count[JOB_LEASED],
        .dead = q->count[JOB_DEAD],
        .unfinished = queue_unfinished(q, false),
        .waiting_getters = q->getter_count,
        .waiting_putters = q->gate == NULL ? 0 : q->gate->putter_count,
        .settings = queue_settings(q),
        .totals = q->totals,
        .wait = &q->wait,
        .run = &q->run,
        .groups = q->groups == NULL ? 0 : q->groups->by_key.count,
        .oldest_ready_ms = rq_clock_until(now_mono_ns, oldest_ns) / 1000000,
    };
    view_rates(&q->rates, RATE_PUT, now_mono_ns, out->rate_put_milli);
    view_rates(&q->rates, RATE_DELIVERED, now_mono_ns, out->rate_delivered_milli);
    view_rates(&q->rates, RATE_DONE, now_mono_ns, out->rate_done_milli);
}
