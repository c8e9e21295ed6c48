/* runner.c - asyncio.run and asyncio.Runner: the loop's life from outside.
 *
 * Ctrl-C: while a run is going on in the main thread, and the program has no SIGINT
 * handler of its own, the first SIGINT cancels main and the run returns -EINTR.  The
 * second one has its default effect.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rio/sim.h"
#include "rio/task.h"

/* A task that ignores its cancellation is asked so often before the run gives up on it.
 */
enum { SHUTDOWN_ROUNDS = 1000 };

struct rio_runner {
    struct rio_loop *loop; /* closed, it stays as a husk until the runner is freed */
    struct rio__vars
        *vars; /* what the last main has set; the next one goes on with it */
};

/* ---- SIGINT ---- */

/* Set by the main thread; a signal handler and the loops of other threads look. */
static struct rio_loop *_Atomic interrupt_loop;
static atomic_bool interrupts;

static void on_interrupt(int signo)
{
    struct rio_loop *l = atomic_load(&interrupt_loop);

    (void)signo;
    atomic_store(&interrupts, true);
    if (l != NULL)
        l->io->wake(l->io);
}

static bool watch_interrupt(struct rio_loop *l)
{
    struct sigaction old, sa = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};

    (void)sigemptyset(&sa.sa_mask);
    if (gettid() != getpid() || atomic_load(&interrupt_loop) != NULL ||
        sigaction(SIGINT, NULL, &old) < 0 || old.sa_handler != SIG_DFL)
        return false;
    atomic_store(&interrupts, false);
    atomic_store(&interrupt_loop, l);
    return sigaction(SIGINT, &sa, NULL) == 0;
}

static void unwatch_interrupt(void)
{
    struct sigaction old, sa = {.sa_handler = SIG_DFL};

    (void)sigemptyset(&sa.sa_mask);
    if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler == on_interrupt)
        (void)sigaction(SIGINT, &sa, NULL);
    atomic_store(&interrupt_loop, NULL);
}

/* Turns the first SIGINT into a cancel of main. */
static void take_interrupt(struct rio_loop *l, rio_task *main_task)
{
    if (!atomic_load(&interrupts) || l->interrupted ||
        atomic_load(&interrupt_loop) != l)
        return;
    l->interrupted = true;
    unwatch_interrupt();
    (void)rio_task_cancel(main_task);
}

/* ---- run ---- */

static int enter(struct rio_runner *r)
{
    if (r == NULL || r->loop->closed)
        return -EBADF;
    if (rio__loop != NULL)
        return -EBUSY;
    if (!pthread_equal(r->loop->thread, pthread_self()))
        return -EXDEV;
    rio__loop = r->loop;
    rio__loop->running = true;
    rio__loop->stop = false;
    rio__loop->interrupted = false;
    return 0;
}

static void leave(struct rio_loop *l)
{
    l->running = false;
    l->hurried = false;
    rio__loop = NULL;
}

/* With main the run ends, and what it leaves runs at the loop's pace. */
static void main_ended(void *arg, long result)
{
    struct rio_loop *l = arg;

    (void)result;
    l->hurried = false;
}

static long run_until_done(struct rio_loop *l, rio_task *main_task)
{
    struct rio__task *t = rio__task_of(main_task);

    t->on_done = main_ended;
    t->on_done_arg = l;
    l->hurried = true;
    while (main_task->state == RIO__PENDING) {
        if (l->stop)
            return -EINTR;
        take_interrupt(l, main_task);
        if (!rio__loop_can_wake(l)) {
            (void)fprintf(stderr, "rio: deadlock: nothing can wake these tasks:\n");
            rio__dump(l, stderr);
            return -EDEADLK;
        }
        rio__loop_turn(l, INT64_MAX);
    }
    rio__task_thread_msg(rio_task_error(main_task));
    if (l->interrupted && rio_future_cancelled(main_task))
        return -EINTR;
    return rio_future_result(main_task);
}

long rio_runner_run(rio_runner *r, rio_fn *fn, void *arg)
{
    struct rio__task *t;
    bool watching;
    long rc;

    if (fn == NULL)
        return -EINVAL;
    rc = enter(r);
    if (rc < 0)
        return rc;
    t = rio__task_new(r->loop, fn, arg, 0, &(rio_task_opts){.name = "main"});
    if (t == NULL) {
        leave(r->loop);
        return -ENOMEM;
    }
    rio_ref(&t->f);
    t->vars = rio__vars_ref(r->vars);
    watching = watch_interrupt(r->loop);
    rio__task_thread_msg(NULL);
    rc = run_until_done(r->loop, &t->f);
    if (watching)
        unwatch_interrupt();
    rio__vars_unref(r->vars);
    r->vars = rio__vars_ref(t->vars);
    rio_unref(&t->f);
    leave(r->loop);
    return rc;
}

int rio_runner_run_forever(rio_runner *r)
{
    int rc = enter(r);

    if (rc < 0)
        return rc;
    r->loop->hurried = true;
    while (!r->loop->stop)
        rio__loop_turn(r->loop, INT64_MAX);
    leave(r->loop);
    return 0;
}

int rio_runner_run_once(rio_runner *r, int64_t timeout)
{
    int rc = enter(r);

    if (rc < 0)
        return rc;
    rio__loop_turn(r->loop, timeout == RIO_FOREVER
                                ? INT64_MAX
                                : rio__timer_after(r->loop, timeout));
    leave(r->loop);
    return 0;
}

rio_loop *rio_runner_get_loop(rio_runner *r)
{
    if (r == NULL || r->loop->closed) {
        errno = EBADF;
        return NULL;
    }
    r->loop->exposed = true;
    return r->loop;
}

/* ---- life ---- */

static rio_runner *new_runner(unsigned flags, const rio_sim_opts *sim)
{
    rio_runner *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->loop = rio__loop_new(flags, sim);
    if (r->loop == NULL) {
        int err = errno;

        free(r);
        errno = err;
        return NULL;
    }
    rio_set_debug(r->loop, (flags & RIO_DEBUG) != 0);
    rio__overflow_watch();
    return r;
}

rio_runner *rio_runner_new(unsigned flags)
{
    unsigned io = flags & (RIO_IO_URING | RIO_IO_EPOLL | RIO_IO_SIM);

    if ((flags & ~(io | RIO_DEBUG)) != 0 || (io & (io - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return new_runner(flags, NULL);
}

rio_runner *rio_sim_runner(const rio_sim_opts *opts)
{
    return new_runner(RIO_IO_SIM, opts);
}

static void cancel_all(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->tasks)
    {
        (void)rio_task_cancel(&RQ_LIST_ENTRY(link, struct rio__task, all)->f);
    }
}

/* Ends the joins themselves, which otherwise pass a request on: in a circle, for ever.
 */
static void break_joins(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->tasks)
    {
        struct rio__task *t = RQ_LIST_ENTRY(link, struct rio__task, all);

        if (t->wait != NULL && t->wait->joins != NULL)
            t->wait->cancel(t->wait);
    }
}

/* Cancels every task and waits for it, and for what runs in threads.  A task that waits
 * on, for nothing that can come, is asked again. */
static void end_tasks(struct rio_loop *l)
{
    unsigned rounds = 0;

    cancel_all(l);
    while (l->task_count > 0 || rio__pool_busy(l) > 0) {
        l->exposed = false; /* other threads cannot help any more */
        l->stop = false;
        if (!rio__loop_can_wake(l)) {
            if (++rounds > SHUTDOWN_ROUNDS) {
                (void)fprintf(stderr, "rio: these tasks ignore their cancellation:\n");
                rio__dump(l, stderr);
            }
            ASSERT(rounds <= SHUTDOWN_ROUNDS);
            break_joins(l);
            cancel_all(l);
        }
        rio__loop_turn(l, INT64_MAX);
    }
}

/* The clean-up in the bodies of generators may suspend: a task does it. */
static void close_generators(struct rio_loop *l)
{
    rio_task *t = rio__gens_close(l);

    if (t == NULL)
        return;
    while (t->state == RIO__PENDING) {
        l->stop = false;
        if (rio__loop_can_wake(l))
            rio__loop_turn(l, INT64_MAX);
        else
            end_tasks(l); /* it waits for nothing that can come */
    }
    rio_unref(t);
    end_tasks(l);
}

/* Runs until nothing is in flight.  What callbacks make ready is still run, but not for
 * ever. */
static void drain(struct rio_loop *l)
{
    unsigned rounds = 0;

    while (l->ops.live > 0 || !rq_list_empty(&l->flushes) ||
           (!rq_list_empty(l->ready) && ++rounds < SHUTDOWN_ROUNDS)) {
        l->stop = false;
        rio__loop_turn(l, INT64_MAX);
    }
}

static void close_loop(struct rio_loop *l)
{
    l->closing = true;
    rio__servers_close(l);
    if (l->debug)
        rio__debug_closing(l);
    end_tasks(l);
    close_generators(l);
    rio__pool_close(l);
    rio__loop_close_remotes(l);
    rio__callbacks_close(l);
    rio__processes_close(l);
    rio__streams_abort(l);
    rio__signals_close(l);
    drain(l);
    rio__servers_free(l);
    rio__gens_free(l);
    rio__signals_free(l);
    rio__callbacks_free(l);
    ASSERT(l->timers.count == 0);
    rq_heap_fini(&l->timers);
    rio__ops_fini(&l->ops);
    l->io->free(l->io);
    l->io = NULL;
    l->closed = true;
    rio__watch_stop(l);
    rio__overflow_unwatch();
}

int rio_runner_close(rio_runner *r)
{
    int rc;

    if (r == NULL || r->loop->closed)
        return 0;
    rc = enter(r);
    if (rc < 0)
        return rc;
    close_loop(r->loop);
    leave(r->loop);
    return 0;
}

void rio_runner_free(rio_runner *r)
{
    int rc = rio_runner_close(r);

    ASSERT(rc == 0); /* not from inside a run, nor from another thread */
    if (r == NULL)
        return;
    if (r->loop->debug)
        rio__debug_closed(r->loop);
    rio__loop_free(r->loop);
    rio__vars_unref(r->vars);
    free(r);
}

long rio_run(rio_fn *main_fn, void *arg)
{
    rio_runner *r;
    long rc;

    if (main_fn == NULL)
        return -EINVAL;
    if (rio__loop != NULL)
        return -EBUSY;
    r = rio_runner_new(0);
    if (r == NULL)
        return -errno;
    rc = rio_runner_run(r, main_fn, arg);
    rio_runner_free(r);
    return rc;
}
