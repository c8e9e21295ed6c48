/* worker - takes jobs, has handlers work on them, and tells the server what became of
 * them.  The picture is in lib/worker.h.
 *
 * One turn of the loop: what handlers have finished is told, a GET for the idle
 * handlers goes behind it, heartbeats that are due too; all of it is sent; then poll(2)
 * until the server answers, a handler finishes, time passes or somebody wants the end.
 *
 *     taken == settled + RUNNING + WAITING + TELLING
 *
 * SPDX-License-Identifier: MIT */
#include "lib/worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

#include "lib/options.h"
#include "lib/signals.h"

static int fail(ringq_worker *w, int error, const char *text)
{
    w->error = error;
    (void)snprintf(w->text, sizeof w->text, "%s", text);
    return error;
}

void rq_worker_fail(ringq_worker *w, int error, const char *text)
{
    w->ending = true;
    if (w->error == 0) /* a server that is silent cannot be reached */
        rq_ignore(fail(w, error == RINGQ_TIMEOUT ? RINGQ_DISCONNECTED : error, text));
}

/* ---- making one ---- */

static int take_options(ringq_worker *w, const ringq_worker_options *from)
{
    ringq_worker_options *o = &w->options;

    if (rq_options_copy(o, sizeof *o, from) < 0)
        return fail(w, RINGQ_USAGE,
                    "set ringq_worker_options.size to sizeof(ringq_worker_options), "
                    "and the rest to zero or known values");
    if (o->concurrency == 0)
        o->concurrency = 1;
    if (o->concurrency > RQ_WORKER_CONCURRENCY_MAX)
        return fail(w, RINGQ_USAGE, "concurrency is at most 1024");
    if (o->drain_ms < 0)
        return fail(w, RINGQ_USAGE, "drain_ms is negative");
    return 0;
}

static int take_arguments(ringq_worker *w, const char *url,
                          const ringq_options *connect, const char *queues,
                          const ringq_worker_options *options)
{
    int rc;

    if (queues == NULL || w->handler == NULL)
        return fail(w, RINGQ_USAGE, "a worker needs a queue and a handler");
    rc = take_options(w, options);
    if (rc == 0)
        rc = rq_settings_read(&w->set, url, connect, w->text, sizeof w->text);
    if (rc < 0)
        return w->error = rc;
    w->queues = strdup(queues);
    w->socket_ctx.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->queues == NULL || w->socket_ctx.stop_fd < 0)
        return fail(w, RINGQ_NOMEM, "out of memory or descriptors");
    return 0;
}

ringq_worker *ringq_worker_new(const char *url, const ringq_options *connect,
                               const char *queues, ringq_handler *handler, void *arg,
                               const ringq_worker_options *options)
{
    ringq_worker *w = calloc(1, sizeof *w);

    if (w == NULL)
        return NULL;
    w->handler = handler;
    w->arg = arg;
    w->socket_ctx.stop_fd = -1;
    w->unusable = take_arguments(w, url, connect, queues, options);
    w->set.transport = &rq_socket_transport;
    w->set.ctx = &w->socket_ctx;
    w->settler_set = w->set;
    if (w->settler_set.connect_timeout_ms > RQ_WORKER_SETTLER_CONNECT_MS)
        w->settler_set.connect_timeout_ms = RQ_WORKER_SETTLER_CONNECT_MS;
    return w;
}

void ringq_worker_free(ringq_worker *w)
{
    if (w == NULL)
        return;
    rq_settings_fini(&w->set);
    free(w->queues);
    if (w->socket_ctx.stop_fd >= 0)
        (void)close(w->socket_ctx.stop_fd);
    free(w);
}

const char *ringq_worker_error_text(const ringq_worker *w)
{
    return w == NULL ? "out of memory" : w->text;
}

void ringq_worker_stop(ringq_worker *w)
{
    uint64_t one = 1;

    atomic_fetch_add(&w->stops, 1);
    if (w->socket_ctx.stop_fd >= 0) /* it takes one more, always: it is read to zero */
        rq_ignore(write(w->socket_ctx.stop_fd, &one, sizeof one) < 0);
}

/* ---- the loop ---- */

static void see_stops(ringq_worker *w)
{
    unsigned stops = atomic_load(&w->stops);

    if (stops >= 1)
        w->ending = true;
    if (stops >= 2 && !w->hurried) {
        w->hurried = true;
        rq_taker_lose_jobs(w);
    }
}

static void collect(ringq_worker *w)
{
    ringq_work *work;

    while ((work = rq_pool_take(&w->pool)) != NULL) {
        w->in_hand--;
        rq_teller_add(w, work);
    }
    if (w->options.max_jobs > 0 && w->taken >= w->options.max_jobs)
        w->ending = true;
}

static int timeout_ms(const ringq_worker *w)
{
    int64_t taker = rq_taker_idle_until(w), teller = rq_teller_idle_until(w);
    int64_t until = taker < teller ? taker : teller;
    int64_t ms;

    if (until == INT64_MAX)
        return -1;
    ms = (rq_clock_until(until, w->now_ns) + RQ_WORKER_NS_PER_MS - 1) /
         RQ_WORKER_NS_PER_MS;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static struct pollfd watch(const struct rq_conn *c)
{
    int want = rq_conn_is_open(c) ? rq_conn_want(c) : 0;

    return (struct pollfd){
        .fd = rq_conn_is_open(c) ? rq_socket_fd(c->socket) : -1,
        .events = (short)((want & RINGQ_READABLE ? POLLIN : 0) |
                          (want & RINGQ_WRITABLE ? POLLOUT : 0)),
    };
}

/* Waits for anything, and takes in what the server has said. */
static void wait_and_pump(ringq_worker *w)
{
    struct pollfd fds[] = {
        watch(&w->taker.conn),
        watch(&w->settler.conn),
        {.fd = w->pool.wake_fd, .events = POLLIN},
        {.fd = w->socket_ctx.stop_fd, .events = POLLIN},
    };
    uint64_t count;

    /* An error of poll() (EINTR, ENOMEM) is an early turn. */
    if (poll(fds, sizeof fds / sizeof *fds, timeout_ms(w)) < 0)
        memset(fds, 0, sizeof fds);
    w->now_ns = rq_clock_boottime_ns();
    if (fds[3].revents != 0)
        rq_ignore(read(w->socket_ctx.stop_fd, &count, sizeof count) < 0);
    see_stops(w); /* before jobs that come at the same time */
    if (fds[0].revents != 0 || rq_conn_limit_ns(&w->taker.conn) <= w->now_ns)
        rq_taker_pump(w);
    if (fds[1].revents != 0 || rq_conn_limit_ns(&w->settler.conn) <= w->now_ns)
        rq_teller_pump(w);
}

static bool is_over(const ringq_worker *w)
{
    return w->ending && w->taken == w->settled;
}

static void loop(ringq_worker *w)
{
    for (;;) {
        collect(w);
        see_stops(w); /* a stop from before a job's end: nothing more is asked for */
        rq_taker_connect(w);
        rq_teller_settle(w);
        rq_teller_touch(w);
        rq_taker_ask(w);
        if (is_over(w))
            return;
        rq_conn_send(&w->taker.conn);
        rq_conn_send(&w->settler.conn);
        wait_and_pump(w);
    }
}

/* ---- a run ---- */

static int prepare(ringq_worker *w)
{
    uint64_t seed;

    w->work_count = w->options.concurrency + RQ_WORKER_TELLING_MAX;
    w->works = calloc(w->work_count, sizeof *w->works);
    if (w->works == NULL)
        return fail(w, RINGQ_NOMEM, "out of memory");
    rq_rand_system(&seed, sizeof seed);
    rq_rand_seed(&w->rand, seed);
    rq_list_init(&w->free);
    rq_list_init(&w->waiting);
    for (unsigned i = 0; i < w->work_count; i++)
        rq_list_push_back(&w->free, &w->works[i].link);
    w->free_count = w->work_count;
    rq_conn_init(&w->taker.conn, &w->set);
    rq_conn_init(&w->settler.conn, &w->settler_set);
    w->taker.retry = w->settler.retry = w->refused = (struct rq_retry){.failures = 0};
    w->taker.retry_at_ns = w->settler.retry_at_ns = w->ask_at_ns = 0;
    w->now_ns = w->job_at_ns = rq_clock_boottime_ns();
    w->touch_at_ns = INT64_MAX;
    w->taken = w->settled = 0;
    w->in_hand = 0;
    w->quiet = w->asking = w->ending = w->hurried = w->told_of_loss = false;
    w->error = 0;
    w->text[0] = '\0';
    return 0;
}

static void clear_up(ringq_worker *w)
{
    uint64_t count;

    rq_conn_fini(&w->taker.conn);
    rq_conn_fini(&w->settler.conn);
    free(w->works);
    w->works = NULL;
    w->work_count = 0;
    atomic_store(&w->stops, 0);
    rq_ignore(read(w->socket_ctx.stop_fd, &count, sizeof count) < 0);
}

static int run(ringq_worker *w)
{
    int rc = rq_pool_start(&w->pool, w->options.concurrency, w->handler, w->arg);

    if (rc < 0)
        return fail(w, RINGQ_NOMEM, "the handler threads cannot be started");
    if (w->options.handle_signals)
        rc = rq_signals_enter(w);
    if (rc < 0) {
        rq_pool_end(&w->pool);
        return fail(w, RINGQ_USAGE,
                    "another worker of this program handles the signals; set "
                    "handle_signals for one of them");
    }
    loop(w);
    if (w->options.handle_signals)
        rq_signals_exit();
    rq_pool_end(&w->pool);
    return w->error;
}

long ringq_worker_run(ringq_worker *w)
{
    int rc;

    if (w == NULL)
        return RINGQ_NOMEM;
    if (w->unusable != 0)
        return w->unusable;
    rc = prepare(w);
    if (rc < 0)
        return rc;
    rc = run(w);
    clear_up(w);
    return rc < 0 ? rc : (long)w->settled;
}
