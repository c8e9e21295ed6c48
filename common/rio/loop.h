/* loop.h - the loop and what every part of the runtime needs of it.
 *
 * One turn: (1) the backend submits, waits, delivers completions; (2) callbacks of
 * other threads; (3) due timers; (4) the ready queue as it stood, first in, first out:
 * what wakes now runs in the next turn; (5) turn-end callbacks; (6) flushes, which
 * prepare operations for the next submission.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_LOOP_H
#define RIO_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/assert.h"
#include "base/heap.h"
#include "base/list.h"
#include "rio/op.h"
#include "rio/rio.h"
#include "rio/sanitize.h"
#include "rio/stack.h"
#include "rio/switch.h"

struct rio__task;
struct rio__watch;  /* watchdog.c */
struct rio__depths; /* depth.h */

/* An entry of the ready queue: part of a task, or a callback with its function. */
struct rio__ready {
    struct rq_list link;
    void (*run)(struct rio__ready *); /* NULL: a task to resume */
};

/* An armed deadline.  Equal ones fire in the order they were armed. */
struct rio__timer {
    struct rq_heap_node node;
    int64_t when;
    uint64_t seq;
    void (*fire)(struct rio__timer *); /* it is out of the heap by then */
};

/* Something to do once, at the end of the turn, after the callbacks. */
struct rio__flush {
    struct rq_list link;
    void (*run)(struct rio__flush *);
};

/* A callback from another thread. */
struct rio__remote {
    struct rio__remote *next;
    void (*run)(struct rio__remote *); /* in the loop; owns the struct from then on */
};

enum { RIO__STEPS_PER_LOOK = 64 }; /* at the clock */

struct rio_loop {
    struct rq_list *ready;    /* what wakes now: for the next turn */
    struct rq_list *batch;    /* what is left of this turn's; empty between turns */
    struct rq_list queues[2]; /* one each; they change places */
    bool hurried; /* a turn may begin without the loop; see rio__loop_turn_over() */
    bool nested;  /* a task is being started eagerly: it comes back to its maker */
    bool stop, debug;
    struct rio__task *current;
    struct rio__task *ended; /* to be let go, now that its stack is left */
    unsigned steps;          /* of this turn */
    struct rio__context context;
    struct rio__fiber fiber;
    uint64_t turns, switches;
    int64_t turn_time; /* of the clock, at its last look; 0: none in this turn */

    struct rq_heap timers;
    uint64_t timer_seq;
    struct rq_list turn_end; /* struct rio__ready */
    struct rq_list flushes;  /* struct rio__flush */

    struct rio_backend *io;
    char io_reason[64]; /* why it is epoll, or empty */
    struct rio__ops ops;
    struct rio__stacks stacks;
    struct rio__callbacks *callbacks; /* callback.c: the slab of handles */

    struct rq_list tasks; /* struct rio__task: those that have not ended */
    size_t task_count, parked;
    size_t handles; /* futures and tasks with references; the loop lives as long */
    uint64_t task_names;
    uint32_t cancel_stamp;

    int64_t slow_limit;          /* of a step, in debug mode */
    struct rio__watch *watch;    /* in debug mode; NULL: no memory for it */
    struct rio__depths *depths;  /* of painted stacks; NULL: none was taken down */
    struct rio_loop *registered; /* the next in rio__loops; registry.c */

    pthread_mutex_t remote_lock;
    struct rio__remote *remote_head, **remote_tail;
    atomic_bool remote_pending;
    bool remote_closed; /* under the lock */
    atomic_bool asleep; /* a wake is needed */

    rio_exception_handler *on_error;
    void *on_error_arg;
    const struct rio__task *reported; /* while on_error is told of its error */
    struct rq_list executors;         /* struct rio_executor, all of them */
    rio_executor *executor;           /* the default one, or NULL: not made yet */
    struct rio__signals *signals;     /* signal.c */
    struct rq_list streams;           /* struct rio_stream that are not closed */
    struct rq_list processes;         /* struct rio_process that are not gone */
    struct rq_list servers;           /* struct rio_server, all of them */
    struct rq_list gens;              /* struct rio_gen that are not freed */

    pthread_t thread;
    bool running, closing, closed, freed;
    bool exposed;     /* somebody may hold a pointer to it in another thread */
    bool interrupted; /* SIGINT came during the run */
};

/* The loop that runs in this thread, or NULL. */
extern __thread struct rio_loop *rio__loop __attribute__((tls_model("initial-exec")));

/* ---- loop.c ---- */

/* A loop with its backend, for which the arguments are.  Returns  NULL and errno */
struct rio_loop *rio__loop_new(unsigned flags, const struct rio_sim_opts *sim);
/* Closes what is left and frees; stays as a husk while handles are referenced. */
void rio__loop_free(struct rio_loop *l);
/* A handle is gone: the last one frees the husk. */
void rio__loop_last_handle(struct rio_loop *l);
static inline void rio__loop_release_handle(struct rio_loop *l)
{
    ASSERT(l->handles > 0);
    if (--l->handles == 0)
        rio__loop_last_handle(l);
}
void rio__loop_turn(struct rio_loop *l, int64_t until);
/* Whether something can still happen without another thread's help. */
bool rio__loop_can_wake(const struct rio_loop *l);

static inline void rio__loop_ready(struct rio_loop *l, struct rio__ready *r)
{
    rq_list_push_back(l->ready, &r->link);
}

/* A turn begins: what is ready becomes its batch. */
static inline void rio__loop_take_ready(struct rio_loop *l)
{
    struct rq_list *empty = l->batch;

    l->batch = l->ready;
    l->ready = empty;
}

/* A task suspends and the batch is empty: may the next turn begin right here, on its
 * stack?  Yes if something is ready and the loop would find nothing else to do in
 * between: no operation in flight, no timer, no callback, nothing for the end of the
 * turn.  Then a hand-off from task to task costs 40 ns less.  After
 * RIO__STEPS_PER_LOOK steps the loop has its turn again in any case. */
static inline bool rio__loop_turn_over(struct rio_loop *l)
{
    if (!l->hurried || l->stop || rq_list_empty(l->ready) || l->ops.live > 0 ||
        l->timers.count > 0 || !rq_list_empty(&l->turn_end) ||
        !rq_list_empty(&l->flushes) || atomic_load(&l->remote_pending))
        return false;
    rio__loop_take_ready(l);
    l->turn_time = 0;
    l->turns++;
    return true;
}

/* A link that points at itself is not armed. */
static inline void rio__loop_flush_later(struct rio_loop *l, struct rio__flush *f)
{
    if (rq_list_empty(&f->link))
        rq_list_push_back(&l->flushes, &f->link);
}

static inline int64_t rio__loop_now(struct rio_loop *l)
{
    return l->io->now(l->io);
}

/* See rio_turn_time(). */
static inline int64_t rio__loop_turn_time(struct rio_loop *l)
{
    if (l->turn_time == 0)
        l->turn_time = rio__loop_now(l);
    return l->turn_time;
}

/* Runs r->run(r) in the loop soon; from any thread.  Errors  -EBADF closed */
int rio__loop_remote(struct rio_loop *l, struct rio__remote *r);
/* Refuses further ones and runs those that came. */
void rio__loop_close_remotes(struct rio_loop *l);

/* ---- timer.c ---- */

bool rio__timer_less(const struct rq_heap_node *a, const struct rq_heap_node *b);
/* Errors  -ENOMEM.  Owns  keeps t until it fires or is cancelled */
RQ_MUST_CHECK int rio__timer_start(struct rio_loop *l, struct rio__timer *t,
                                   int64_t when, void (*fire)(struct rio__timer *));
/* Harmless when it is not armed (a zeroed struct, or fired). */
void rio__timer_stop(struct rio_loop *l, struct rio__timer *t);
/* When the first one is due; INT64_MAX: none. */
int64_t rio__timer_next(const struct rio_loop *l);
void rio__timer_fire_due(struct rio_loop *l);
/* now + delay, saturating; delay may be negative. */
int64_t rio__timer_after(struct rio_loop *l, int64_t delay);

/* ---- callback.c ---- */

int rio__callbacks_init(struct rio_loop *l);
void rio__callbacks_close(struct rio_loop *l); /* drops what was not run */
void rio__callbacks_free(struct rio_loop *l);

/* ---- executor.c, signal.c, process.c, server.c, stream.c: the end of the loop ---- */

/* Work in all executors that has not ended. */
size_t rio__pool_busy(const struct rio_loop *l);
void rio__pool_close(struct rio_loop *l); /* none may be busy */
bool rio__signals_armed(const struct rio_loop *l);
/* Whether a task waits for one. */
bool rio__signals_awaited(const struct rio_loop *l);
void rio__signals_close(struct rio_loop *l); /* ends its operation */
void rio__signals_free(struct rio_loop *l);
void rio__servers_close(struct rio_loop *l);
void rio__servers_free(struct rio_loop *l);
bool rio__processes_run(const struct rio_loop *l);
void rio__processes_close(struct rio_loop *l); /* kills what still runs */
void rio__streams_abort(struct rio_loop *l);
/* A task that closes every generator, to be unreferenced; NULL: there is none open. */
rio_task *rio__gens_close(struct rio_loop *l);
void rio__gens_free(struct rio_loop *l);
/* How many have not been freed; *out_open: how many of them are not even closed. */
size_t rio__gens_left(const struct rio_loop *l, size_t *out_open);

/* ---- debug.c ---- */

/* Hands an error that nobody else can get to the exception handler.  t: whose, or NULL
 */
void rio__report(struct rio_loop *l, const char *what, long err, const rio_task *t);
/* A finding of debug mode, as an error of 0. */
void rio__debug_say(struct rio_loop *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs run(l, link) and says so if that took too long.  t: the task of the step, or
 * NULL
 */
void rio__debug_step(struct rio_loop *l, rio_task *t, struct rq_list *link,
                     void (*run)(struct rio_loop *, struct rq_list *));

/* ---- dump.c ---- */

/* As rio_dump_tasks(). */
void rio__dump(struct rio_loop *l, FILE *f);

/* ---- watchdog.c: from start to stop another thread looks at the steps ---- */

void rio__watch_start(struct rio_loop *l);
void rio__watch_stop(struct rio_loop *l);
void rio__watch_begin(struct rio_loop *l, const char *name);
void rio__watch_end(struct rio_loop *l);

/* ---- registry.c ---- */

void rio__loop_register(struct rio_loop *l);
void rio__loop_unregister(struct rio_loop *l);

/* ---- overflow.c ---- */

/* From here to unwatch a stack overflow in this thread names the task. */
void rio__overflow_watch(void);
void rio__overflow_unwatch(void);

#endif
