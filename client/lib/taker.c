/* taker - the connection that carries GET.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/clock.h"

#include "lib/args.h"
#include "lib/job.h"
#include "lib/worker.h"

/* ---- the connection ---- */

static void say_lost(ringq_worker *w, int error, const char *text)
{
    if (!w->told_of_loss && w->options.on_connection != NULL)
        w->options.on_connection(w->options.arg, error, text);
    w->told_of_loss = true;
}

static void say_made(ringq_worker *w)
{
    if (w->told_of_loss && w->options.on_connection != NULL)
        w->options.on_connection(w->options.arg, 0, "");
    w->told_of_loss = false;
}

void rq_taker_lose_jobs(ringq_worker *w)
{
    for (unsigned i = 0; i < w->work_count; i++)
        if (w->works[i].state == RQ_WORK_RUNNING)
            atomic_store_explicit(&w->works[i].lost, true, memory_order_relaxed);
}

static bool is_passing(int error)
{
    switch (error) {
    case RINGQ_DISCONNECTED:
    case RINGQ_TIMEOUT:
    case RINGQ_BUSY:
    case RINGQ_LOADING:
    case RINGQ_SHUTDOWN:
    case RINGQ_PAUSED:
    case RINGQ_STORE:
    case RINGQ_UNKNOWN:
    case RINGQ_LIMIT:
    case RINGQ_FULL:
        return true;
    default:
        return false;
    }
}

/* The taker is not open, or GET is refused: when to try again, or never. */
static void back_off(ringq_worker *w, struct rq_retry *retry, int64_t *at_ns, int error,
                     const char *text)
{
    int pause = is_passing(error)
                    ? rq_retry_after(retry, w->set.reconnect_ms, w->now_ns, &w->rand)
                    : -1;

    if (pause < 0)
        rq_worker_fail(w, error, text);
    else
        *at_ns = rq_clock_after(w->now_ns, (int64_t)pause * RQ_WORKER_NS_PER_MS);
}

void rq_taker_connect(ringq_worker *w)
{
    struct rq_line *t = &w->taker;

    if (rq_conn_is_open(&t->conn) || w->ending || t->retry_at_ns > w->now_ns)
        return;
    if (rq_conn_open(&t->conn) == 0) {
        t->retry = (struct rq_retry){.failures = 0};
        if (w->set.keep_leases)
            rq_teller_touch_soon(w);
        say_made(w);
        return;
    }
    w->now_ns = rq_clock_boottime_ns();
    if (t->conn.lost == RINGQ_CANCELED) /* asked to stop; the loop will see it */
        return;
    say_lost(w, t->conn.lost, t->conn.why);
    back_off(w, &t->retry, &t->retry_at_ns, t->conn.lost, t->conn.why);
}

/* The taker was open and is not any more. */
static void on_lost(ringq_worker *w)
{
    struct rq_line *t = &w->taker;

    if (!w->set.keep_leases)
        rq_taker_lose_jobs(w); /* the server gives back what this connection took */
    say_lost(w, t->conn.lost, t->conn.why);
    if (!w->ending)
        back_off(w, &t->retry, &t->retry_at_ns, t->conn.lost, t->conn.why);
}

void rq_taker_pump(ringq_worker *w)
{
    struct rq_conn *c = &w->taker.conn;

    if (!rq_conn_is_open(c))
        return;
    if (rq_conn_pump(c) >= 0 && rq_conn_limit_ns(c) <= w->now_ns)
        rq_conn_close(c, RINGQ_TIMEOUT, "the server did not answer in time");
    if (!rq_conn_is_open(c))
        on_lost(w);
}

/* ---- GET ---- */

static unsigned idle_handlers(const ringq_worker *w)
{
    unsigned n = w->options.concurrency - w->in_hand;
    uint64_t left = w->options.max_jobs - w->taken;

    if (n > w->free_count)
        n = w->free_count;
    if (w->options.max_jobs > 0 && n > left)
        n = (unsigned)left;
    return n;
}

/* The server has said so at a heartbeat.  Without a job there is none that could take
 * it back, and GET waits at the server for as long as it is quiet. */
static bool is_quiet(const ringq_worker *w)
{
    return w->quiet && w->in_hand > 0;
}

static int64_t drain_left_ms(const ringq_worker *w)
{
    int64_t end = rq_clock_after(w->job_at_ns,
                                 (int64_t)w->options.drain_ms * RQ_WORKER_NS_PER_MS);

    return rq_clock_until(end, w->now_ns) / RQ_WORKER_NS_PER_MS;
}

static int64_t slice_ms(const ringq_worker *w)
{
    int64_t left;

    if (!w->options.drain)
        return RQ_WORKER_SLICE_MS;
    left = drain_left_ms(w);
    return left < RQ_WORKER_SLICE_MS ? left : RQ_WORKER_SLICE_MS;
}

/* Hands a job to a handler, or back to the server when we are ending. */
static void take(ringq_worker *w, ringq_job *job)
{
    struct rq_list *link = rq_list_pop_front(&w->free);
    ringq_work *work;

    ASSERT(link != NULL); /* COUNT was at most free_count */
    work = RQ_LIST_ENTRY(link, ringq_work, link);
    w->free_count--;
    w->taken++;
    work->job = job;
    work->worker = w;
    work->touch_at_ns = rq_clock_after(w->now_ns, rq_work_touch_after_ns(work));
    work->held_until_ns = rq_work_held_until_ns(work, w->now_ns);
    if (w->touch_at_ns > work->touch_at_ns)
        w->touch_at_ns = work->touch_at_ns;
    if (w->ending) {
        work->outcome = RINGQ_WORK_RELEASE;
        rq_teller_add(w, work);
        return;
    }
    work->state = RQ_WORK_RUNNING;
    if (w->in_hand++ == 0)
        w->quiet = false; /* that was of heartbeats of earlier jobs */
    rq_pool_give(&w->pool, work);
}

static void take_all(ringq_worker *w, struct rq_reply *reply)
{
    bool good = reply->type == RQ_REPLY_ARRAY && reply->count <= w->asked_count;

    for (size_t i = 0; good && i < reply->count; i++) {
        ringq_job *job;
        int rc = rq_job_from_reply(&reply->elements[i], &job);

        good = rc == 0;
        if (rc == 0)
            take(w, job);
        else if (rc == RINGQ_NOMEM)
            rq_worker_fail(w, rc, "out of memory");
    }
    if (!good)
        rq_worker_fail(w, RINGQ_PROTOCOL, "the reply to GET is not a list of jobs");
    w->job_at_ns = w->now_ns;
}

static void on_jobs(void *arg, int error, const char *text, struct rq_reply *reply)
{
    ringq_worker *w = arg;

    w->asking = false;
    if (!rq_conn_is_open(&w->taker.conn))
        return; /* lost; what it took is given back */
    if (error == RINGQ_SHUTDOWN && w->options.drain) {
        w->ending = true; /* empty, and nothing can come */
        return;
    }
    if (error != 0) {
        back_off(w, &w->refused, &w->ask_at_ns, error, text);
        return;
    }
    w->refused = (struct rq_retry){.failures = 0};
    if (reply->type != RQ_REPLY_NULL)
        take_all(w, reply);
    else if (w->options.drain && drain_left_ms(w) == 0)
        w->ending = true;
    rq_reply_free(reply);
}

void rq_taker_ask(ringq_worker *w)
{
    unsigned count = idle_handlers(w);
    int64_t block_ms = slice_ms(w);
    struct rq_args a;
    int rc;

    if (w->asking || w->ending || count == 0 || w->ask_at_ns > w->now_ns ||
        is_quiet(w) || !rq_conn_is_open(&w->taker.conn))
        return;
    rq_args_init(&a, "GET");
    rq_args_str(&a, w->queues);
    rq_args_number(&a, "BLOCK", block_ms);
    rq_args_number(&a, "COUNT", count);
    if (w->options.ttr_ms != 0)
        rq_args_number(&a, "TTR", w->options.ttr_ms);
    rc = rq_conn_submit(&w->taker.conn, a.argc, a.argv, block_ms, on_jobs, w);
    if (rc < 0) {
        rq_worker_fail(w, rc, "out of memory");
        return;
    }
    w->asking = true;
    w->asked_count = count;
}

int64_t rq_taker_idle_until(const ringq_worker *w)
{
    if (rq_conn_is_open(&w->taker.conn)) {
        int64_t limit = rq_conn_limit_ns(&w->taker.conn);

        return !w->asking && !w->ending && !is_quiet(w) && idle_handlers(w) > 0 &&
                       w->ask_at_ns < limit
                   ? w->ask_at_ns
                   : limit;
    }
    return w->ending ? INT64_MAX : w->taker.retry_at_ns;
}
