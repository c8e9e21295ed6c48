/* loop.c - the turn of the wheel; see loop.h.
 * SPDX-License-Identifier: MIT */
#include "rio/loop.h"

#include <errno.h>
#include <stdlib.h>

#include "rio/depth.h"
#include "rio/task.h"

enum {
    COMPLETIONS_PER_TURN = 256, /* then the ready tasks have their turn */
};
#define TURN_BUDGET (500 * RIO_US) /* of steps; then the kernel is asked again */
#define SLOW_STEP (50 * RIO_MS)    /* reported in debug mode, unless set otherwise */

__thread struct rio_loop *rio__loop __attribute__((tls_model("initial-exec")));

/* ---- life ---- */

struct rio_loop *rio__loop_new(unsigned flags, const struct rio_sim_opts *sim)
{
    struct rio_loop *l = calloc(1, sizeof *l);
    int err;

    if (l == NULL)
        return NULL;
    l->ready = &l->queues[0];
    l->batch = &l->queues[1];
    rq_list_init(l->ready);
    rq_list_init(l->batch);
    rq_list_init(&l->turn_end);
    rq_list_init(&l->flushes);
    rq_list_init(&l->tasks);
    rq_list_init(&l->executors);
    rq_list_init(&l->streams);
    rq_list_init(&l->servers);
    rq_list_init(&l->gens);
    rq_list_init(&l->processes);
    rq_heap_init(&l->timers, rio__timer_less);
    rio__ops_init(&l->ops);
    rio__stacks_init(&l->stacks);
    rio__fiber_init(&l->fiber, NULL, 0);
    l->remote_tail = &l->remote_head;
    (void)pthread_mutex_init(&l->remote_lock, NULL);
    l->thread = pthread_self();
    l->slow_limit = SLOW_STEP;
    if (rio__callbacks_init(l) == 0)
        l->io = rio__io_new(l, flags, sim);
    if (l->io != NULL) {
        rio__loop_register(l);
        return l;
    }
    err = l->callbacks == NULL ? ENOMEM : errno;
    rio__callbacks_free(l);
    (void)pthread_mutex_destroy(&l->remote_lock);
    free(l);
    errno = err;
    return NULL;
}

static void free_husk(struct rio_loop *l)
{
    rio__stacks_fini(&l->stacks);
    free(l->depths);
    (void)pthread_mutex_destroy(&l->remote_lock);
    free(l);
}

void rio__loop_last_handle(struct rio_loop *l)
{
    if (l->freed)
        free_husk(l);
}

void rio__loop_free(struct rio_loop *l)
{
    l->freed = true;
    rio__loop_unregister(l);
    if (l->handles == 0)
        free_husk(l);
}

/* ---- other threads ---- */

int rio__loop_remote(struct rio_loop *l, struct rio__remote *r)
{
    int rc = 0;

    (void)pthread_mutex_lock(&l->remote_lock);
    if (l->remote_closed) {
        rc = -EBADF;
    } else {
        r->next = NULL;
        *l->remote_tail = r;
        l->remote_tail = &r->next;
        atomic_store(&l->remote_pending, true);
        /* The loop sets `asleep` and then looks at `remote_pending`: one of us sees it.
         */
        if (atomic_load(&l->asleep))
            l->io->wake(l->io);
    }
    (void)pthread_mutex_unlock(&l->remote_lock);
    return rc;
}

static void run_remotes(struct rio_loop *l)
{
    struct rio__remote *r;

    (void)pthread_mutex_lock(&l->remote_lock);
    r = l->remote_head;
    l->remote_head = NULL;
    l->remote_tail = &l->remote_head;
    atomic_store(&l->remote_pending, false);
    (void)pthread_mutex_unlock(&l->remote_lock);
    while (r != NULL) {
        struct rio__remote *next = r->next;

        r->run(r);
        r = next;
    }
}

void rio__loop_close_remotes(struct rio_loop *l)
{
    (void)pthread_mutex_lock(&l->remote_lock);
    l->remote_closed = true;
    (void)pthread_mutex_unlock(&l->remote_lock);
    run_remotes(l);
}

/* ---- the turn ---- */

/* Moves all of `from` to the empty list `to`. */
static void take_all(struct rq_list *from, struct rq_list *to)
{
    rq_list_init(to);
    if (rq_list_empty(from))
        return;
    to->next = from->next;
    to->prev = from->prev;
    to->next->prev = to;
    to->prev->next = to;
    rq_list_init(from);
}

/* Puts what is left of `rest` in front of `list`. */
static void put_back(struct rq_list *list, struct rq_list *rest)
{
    if (rq_list_empty(rest))
        return;
    rest->prev->next = list->next;
    list->next->prev = rest->prev;
    rest->next->prev = list;
    list->next = rest->next;
    rq_list_init(rest);
}

static void run_one(struct rio_loop *l, struct rq_list *link)
{
    struct rio__ready *r = RQ_LIST_ENTRY(link, struct rio__ready, link);

    if (r->run == NULL)
        rio__task_run(l, RQ_CONTAINER_OF(r, struct rio__task, ready));
    else
        r->run(r);
}

static void run_one_timed(struct rio_loop *l, struct rq_list *link)
{
    struct rio__ready *r = RQ_LIST_ENTRY(link, struct rio__ready, link);
    rio_task *t = NULL;

    if (r->run == NULL)
        t = &RQ_CONTAINER_OF(r, struct rio__task, ready)->f;
    rio__debug_step(l, t, link, run_one);
}

/* Runs the ready queue as it stands, first in, first out.  Tasks take the next one off
 * the batch themselves (task.c). */
static void run_ready(struct rio_loop *l)
{
    struct rq_list *link;
    int64_t start = 0;

    rio__loop_take_ready(l);
    l->steps = 0;
    while ((link = rq_list_pop_front(l->batch)) != NULL) {
        if (RQ_UNLIKELY(l->debug))
            run_one_timed(l, link);
        else
            run_one(l, link);
        if (++l->steps % RIO__STEPS_PER_LOOK != 0)
            continue;
        l->turn_time = rio__loop_now(l);
        if (start == 0)
            start = l->turn_time;
        else if (l->turn_time - start > TURN_BUDGET)
            break;
    }
    put_back(l->ready, l->batch);
}

static void run_turn_end(struct rio_loop *l)
{
    struct rq_list batch, *link;

    take_all(&l->turn_end, &batch);
    while ((link = rq_list_pop_front(&batch)) != NULL) {
        if (RQ_UNLIKELY(l->debug))
            run_one_timed(l, link);
        else
            run_one(l, link);
    }
    while ((link = rq_list_pop_front(&l->flushes)) != NULL) {
        struct rio__flush *f = RQ_LIST_ENTRY(link, struct rio__flush, link);

        f->run(f);
    }
}

static bool has_end_work(const struct rio_loop *l)
{
    return !rq_list_empty(&l->turn_end) || !rq_list_empty(&l->flushes);
}

static bool has_work(const struct rio_loop *l)
{
    return !rq_list_empty(l->ready) || has_end_work(l);
}

void rio__loop_turn(struct rio_loop *l, int64_t until)
{
    if (has_work(l) || l->stop) {
        until = 0;
    } else {
        int64_t first = rio__timer_next(l);

        until = first < until ? first : until;
    }
    l->io->turn(l->io, until, COMPLETIONS_PER_TURN);
    l->turn_time = 0;
    if (atomic_load(&l->remote_pending))
        run_remotes(l);
    if (l->timers.count > 0)
        rio__timer_fire_due(l);
    run_ready(l);
    if (has_end_work(l))
        run_turn_end(l);
    l->turn_time = 0; /* the next run may begin much later */
    l->turns++;
}

bool rio__loop_can_wake(const struct rio_loop *l)
{
    return has_work(l) || l->timers.count > 0 || l->ops.live > 0 || l->exposed ||
           rio__pool_busy(l) > 0 || rio__signals_armed(l) ||
           atomic_load(&l->remote_pending);
}

/* ---- the public face ---- */

rio_loop *rio_get_running_loop(void)
{
    if (rio__loop != NULL)
        rio__loop->exposed = true;
    return rio__loop;
}

void rio_loop_stop(rio_loop *l)
{
    if (l != NULL)
        l->stop = true;
}

int64_t rio_now(void)
{
    return rio__loop == NULL ? rio__io_now() : rio__loop_now(rio__loop);
}

int64_t rio_turn_time(void)
{
    return rio__loop == NULL ? rio__io_now() : rio__loop_turn_time(rio__loop);
}

void rio_turn_time_update(void)
{
    if (rio__loop != NULL)
        rio__loop->turn_time = 0;
}

void rio_random(void *out, size_t n)
{
    if (rio__loop == NULL)
        rio__io_random(out, n);
    else
        rio__loop->io->random(rio__loop->io, out, n);
}

void rio_loop_stats(const rio_loop *l, rio_stats *out)
{
    *out = (rio_stats){
        .tasks = l->task_count,
        .timers = l->timers.count,
        .ops = l->ops.live,
        .waiters = l->parked,
        .stacks = l->stacks.in_use,
        .handles = l->handles,
        .threads = rio__pool_busy(l),
        .turns = l->turns,
        .switches = l->switches,
        .enters = l->io == NULL ? 0 : l->io->enters,
        .io = l->io == NULL ? "closed" : l->io->name,
        .io_reason = l->io_reason,
        .guard = rio__stacks_guard_name(&l->stacks),
        .stack_deepest = l->depths == NULL ? 0 : l->depths->deepest,
    };
}
