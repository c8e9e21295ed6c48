/* queue.h - the jobs of one name, in order, and their numbers.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "base/hist.h"
#include "core/record.h"

struct queue;

struct queue_view {
    struct rq_slice name; /* lends */
    uint64_t ready, delayed, leased, dead, unfinished;
    uint64_t waiting_getters, waiting_putters;
    struct record_settings settings;
    struct record_totals totals;
    /* Events per second over the last 1, 10 and 60 full seconds, times 1000. */
    uint64_t rate_put_milli[3], rate_delivered_milli[3], rate_done_milli[3];
    const struct rq_hist *wait, *run; /* put (or due) to get; get to done; never NULL */
    size_t groups;                    /* that have a job */
    int64_t oldest_ready_ms;          /* age of the oldest ready job; 0: none */
};
struct record_settings queue_settings(const struct queue *q);
/* `now_mono_ns`: for rates and ages. */
void queue_view(const struct queue *q, int64_t now_mono_ns, struct queue_view *out);

#endif
