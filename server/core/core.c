/* core - the door: one partition, its life, and looking at it.
 * SPDX-License-Identifier: MIT */
#include "core/core.h"

#include <stdlib.h>

#include "base/assert.h"
#include "core/aways.h"
#include "core/batches.h"
#include "core/crons.h"
#include "core/job_timers.h"
#include "core/jobs.h"
#include "core/keeper.h"
#include "core/kind.h"
#include "core/queues.h"
#include "core/remnant.h"
#include "core/state.h"
#include "core/timer.h"
#include "core/unique.h"
#include "core/wait.h"
#include "core/waiter.h"

struct core *core_new(uint64_t seed)
{
    struct core *core = calloc(1, sizeof *core);

    if (core == NULL)
        return NULL;
    rq_rand_seed(&core->rand, seed);
    if (index_init(&core->index, rq_rand_u64(&core->rand)) < 0) {
        free(core);
        return NULL;
    }
    rq_map_init(&core->queues, queue_key_of);
    rq_map_init(&core->kinds, kind_key_of);
    rq_map_init(&core->keepers, keeper_key_of);
    rq_map_init(&core->remnants, remnant_key_of);
    rq_map_init(&core->awaited, awaited_key_of);
    rq_map_init(&core->uniques, unique_key_of);
    rq_heap_init(&core->keep_timers, timer_less);
    job_timers_init(core);
    rq_heap_init(&core->wait_timers, timer_less);
    rq_heap_init(&core->gate_timers, timer_less);
    rq_heap_init(&core->cron_heap, cron_less);
    rq_map_init(&core->crons_by_name, cron_key_of);
    rq_list_init(&core->crons);
    rq_map_init(&core->batches, batch_key_of);
    rq_heap_init(&core->batch_timers, timer_less);
    rq_list_init(&core->all_batches);
    rq_list_init(&core->changed_batches);
    rq_list_init(&core->recorded_batches);
    rq_list_init(&core->openings);
    rq_list_init(&core->all_queues);
    rq_list_init(&core->holders);
    rq_list_init(&core->departures);
    rq_list_init(&core->changed);
    rq_list_init(&core->recorded);
    return core;
}

static void free_holders(struct core *core)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&core->holders)) != NULL) {
        struct holder *holder = RQ_LIST_ENTRY(link, struct holder, all);

        while (!rq_list_empty(&holder->waiters))
            waiter_free(core,
                        RQ_LIST_ENTRY(holder->waiters.next, struct waiter, of_holder));
        free(holder);
    }
}

static void free_jobs(struct core *core)
{
    struct job *job = index_next(&core->index, NULL);

    while (job != NULL) {
        struct job *next = index_next(&core->index, job);

        if (job_extra(job) != NULL) {
            job_timer_stop(core, job_extra(job));
            job_extra(job)->holder = NULL; /* freed with the others */
            job_extra(job)->keeper = NULL;
        }
        job_free(core, job);
        job = next;
    }
}

void core_free(struct core *core)
{
    if (core == NULL)
        return;
    free_holders(core);
    free_jobs(core);
    departures_free(core);
    keepers_free(core);
    remnants_free(core);
    crons_free(core);
    batches_free(core);
    uniques_free(core);
    away_free(core);
    while (!rq_list_empty(&core->all_queues))
        queue_free(core, RQ_LIST_ENTRY(core->all_queues.next, struct queue, all));
    ASSERT(core->extra_count == 0 && core->kinds.count == 0 && core->queues.count == 0);
    index_fini(&core->index);
    rq_map_fini(&core->queues);
    rq_map_fini(&core->kinds);
    rq_map_fini(&core->keepers);
    rq_map_fini(&core->remnants);
    rq_map_fini(&core->awaited);
    rq_map_fini(&core->uniques);
    rq_heap_fini(&core->keep_timers);
    job_timers_fini(core);
    rq_spares_fini(&core->spares);
    rq_heap_fini(&core->wait_timers);
    rq_heap_fini(&core->gate_timers);
    rq_heap_fini(&core->cron_heap);
    rq_map_fini(&core->crons_by_name);
    rq_map_fini(&core->batches);
    rq_heap_fini(&core->batch_timers);
    free(core);
}

void core_set_epoch(struct core *core, uint64_t epoch)
{
    ASSERT(epoch > core->epoch && epoch > core->epoch_seen);
    core->epoch = epoch;
    core->number = 0;
}

const struct job *core_find_job(const struct core *core, struct job_id id)
{
    return index_get(&core->index, id);
}

const struct queue *core_find_queue(const struct core *core, struct rq_slice name)
{
    return queue_find(core, name);
}

const struct queue *core_next_queue(const struct core *core, size_t *cursor)
{
    return rq_map_next(&core->queues, cursor);
}

void core_sums(const struct core *core, struct core_sums *out)
{
    *out = (struct core_sums){
        .queues = core->queues.count,
        .jobs = core->index.count,
        .ready = core->count[JOB_READY],
        .delayed = core->count[JOB_DELAYED],
        .leased = core->count[JOB_LEASED],
        .dead = core->count[JOB_DEAD],
        .unfinished = core->index.count - core->count[JOB_DEAD] - core->ending_dead,
        .getters = core->getter_count,
        .joiners = core->joiner_count,
        .putters = core->putter_count,
        .kept = core->remnants.count,
        .body_bytes = core->body_bytes,
        .away = core->away_count,
        .lost = core->lost_count,
        .totals = core->totals,
    };
}
