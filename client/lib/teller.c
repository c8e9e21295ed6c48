/* teller - tells the server what has become of jobs, and that others are still in hand.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "lib/args.h"
#include "lib/worker.h"

/* ---- which connection ---- */

static void end(ringq_worker *w, ringq_work *work, int error, const char *text);

/* Nobody can be told: what waits ends without. */
static void give_up(ringq_worker *w, const char *text)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&w->waiting)) != NULL) {
        ringq_work *work = RQ_LIST_ENTRY(link, ringq_work, link);

        end(w, work, work->told_before ? RINGQ_UNKNOWN : RINGQ_DISCONNECTED, text);
    }
}

static void connect_settler(ringq_worker *w)
{
    struct rq_line *s = &w->settler;
    int pause;

    if (s->retry_at_ns > w->now_ns)
        return;
    if (rq_conn_open(&s->conn) == 0) {
        s->retry = (struct rq_retry){.failures = 0};
        return;
    }
    w->now_ns = rq_clock_boottime_ns();
    pause = w->error == RINGQ_DISCONNECTED /* the taker has tried for long enough */
                ? -1
                : rq_retry_after(&s->retry, w->set.reconnect_ms, w->now_ns, &w->rand);
    if (pause < 0) {
        if (w->ending && !rq_conn_is_open(&w->taker.conn))
            give_up(w, s->conn.why);
        s->retry = (struct rq_retry){.failures = 0}; /* not vital: again, later */
        pause = RQ_RETRY_MAX_MS;
    }
    s->retry_at_ns = rq_clock_after(w->now_ns, (int64_t)pause * RQ_WORKER_NS_PER_MS);
}

/* Where to tell something now; NULL: nowhere. */
static struct rq_conn *best_line(ringq_worker *w)
{
    if (!rq_conn_is_open(&w->settler.conn))
        connect_settler(w);
    if (rq_conn_is_open(&w->settler.conn))
        return &w->settler.conn;
    return rq_conn_is_open(&w->taker.conn) ? &w->taker.conn : NULL;
}

static struct rq_conn *line_of(ringq_worker *w, const ringq_work *work)
{
    return work->over_settler ? &w->settler.conn : &w->taker.conn;
}

/* ---- DONE, FAIL, RELEASE ---- */

static void recycle(ringq_worker *w, ringq_work *work)
{
    if (work->touching) { /* its address is still in a pipeline */
        work->state = RQ_WORK_ENDED;
        return;
    }
    rq_work_clear(work);
    work->state = RQ_WORK_FREE;
    rq_list_push_front(&w->free, &work->link); /* warm */
    w->free_count++;
}

static void end(ringq_worker *w, ringq_work *work, int error, const char *text)
{
    w->settled++;
    if (w->options.on_settled != NULL) {
        if (error == 0)
            text = work->error != NULL ? work->error : "";
        w->options.on_settled(w->options.arg, work->job, work->outcome, error, text);
    }
    recycle(w, work);
}

void rq_teller_add(ringq_worker *w, ringq_work *work)
{
    /* Hurried out of its work, it has not failed. */
    if (w->hurried && work->outcome == RINGQ_WORK_RETRY)
        work->outcome = RINGQ_WORK_RELEASE;
    work->state = RQ_WORK_WAITING;
    rq_list_push_back(&w->waiting, &work->link);
}

/* The server may have stored nothing: the lease still holds, so try again for a while.
 * Returns  false when that is over */
static bool tell_later(ringq_worker *w, ringq_work *work)
{
    int pause = rq_retry_after(&work->telling, w->set.reconnect_ms,
                               rq_clock_boottime_ns(), &w->rand);

    if (pause < 0)
        return false;
    work->tell_at_ns = rq_clock_after(w->now_ns, (int64_t)pause * RQ_WORKER_NS_PER_MS);
    rq_teller_add(w, work);
    return true;
}

static void on_settled(void *arg, int error, const char *text, struct rq_reply *reply)
{
    ringq_work *work = arg;
    ringq_worker *w = work->worker;

    rq_reply_free(reply);
    if (error != 0 && !rq_conn_is_open(line_of(w, work))) {
        work->told_before |= error == RINGQ_UNKNOWN;
        rq_teller_add(w, work);
        return;
    }
    if ((error == RINGQ_STORE || error == RINGQ_LOADING) && tell_later(w, work))
        return;
    end(w, work, error, text);
}

static void build_settle(struct rq_args *a, const ringq_work *work)
{
    static const char *const verbs[] = {"DONE", "FAIL", "FAIL", "RELEASE"};

    rq_args_init(a, verbs[work->outcome]);
    rq_args_str(a, work->job->lease);
    if (work->outcome == RINGQ_WORK_DONE && work->result != NULL) {
        rq_args_str(a, "RESULT");
        rq_args_add(a, rq_slice(work->result, work->result_len));
    }
    if ((work->outcome == RINGQ_WORK_RETRY || work->outcome == RINGQ_WORK_DEAD) &&
        work->error != NULL) {
        rq_args_str(a, "ERROR");
        rq_args_str(a, work->error);
    }
    if (work->outcome == RINGQ_WORK_DEAD)
        rq_args_str(a, "DEAD");
}

void rq_teller_settle(ringq_worker *w)
{
    RQ_LIST_EACH_SAFE(link, &w->waiting)
    {
        ringq_work *work = RQ_LIST_ENTRY(link, ringq_work, link);
        struct rq_args a;
        struct rq_conn *c;

        if (work->tell_at_ns > w->now_ns)
            continue;
        c = best_line(w);
        if (c == NULL)
            return;
        rq_list_remove(&work->link);
        work->state = RQ_WORK_TELLING;
        work->over_settler = c == &w->settler.conn;
        build_settle(&a, work);
        if (rq_conn_submit(c, a.argc, a.argv, 0, on_settled, work) < 0)
            end(w, work, RINGQ_NOMEM, "out of memory; the lease runs out by itself");
    }
}

/* ---- TOUCH ---- */

static void read_notices(ringq_work *work, const struct rq_reply *reply)
{
    const struct rq_reply *one = reply->count > 0 ? &reply->elements[0] : NULL;
    bool quiet = false;

    /* lease, deadline, notices */
    for (size_t i = 2; one != NULL && i < one->count; i++) {
        if (rq_slice_eq(one->elements[i].str, RQ_LIT("cancel")))
            atomic_store_explicit(&work->cancelled, true, memory_order_relaxed);
        quiet |= rq_slice_eq(one->elements[i].str, RQ_LIT("quiet"));
    }
    work->worker->quiet = quiet;
}

static void on_touched(void *arg, int error, const char *text, struct rq_reply *reply)
{
    ringq_work *work = arg;

    (void)text;
    work->touching = false;
    if (work->state == RQ_WORK_ENDED)
        recycle(work->worker, work);
    else if (error == RINGQ_STALE || error == RINGQ_NOJOB)
        atomic_store_explicit(&work->lost, true, memory_order_relaxed);
    else if (error == 0) {
        work->held_until_ns = rq_work_held_until_ns(work, work->sent_at_ns);
        read_notices(work, reply);
    }
    rq_reply_free(reply);
}

static bool is_held(const ringq_work *work)
{
    return (work->state == RQ_WORK_RUNNING || work->state == RQ_WORK_WAITING) &&
           !atomic_load_explicit(&work->lost, memory_order_relaxed);
}

static void touch(ringq_worker *w, ringq_work *work, struct rq_conn *c)
{
    struct rq_args a;

    rq_args_init(&a, "TOUCH");
    rq_args_str(&a, work->job->lease);
    if (w->options.ttr_ms != 0)
        rq_args_number(&a, "TTR", w->options.ttr_ms);
    /* Without memory the next heartbeat may do better. */
    work->touching = rq_conn_submit(c, a.argc, a.argv, 0, on_touched, work) == 0;
    work->sent_at_ns = w->now_ns;
    work->touch_at_ns = rq_clock_after(w->now_ns, rq_work_touch_after_ns(work));
}

/* Nobody has told the server for as long as the lease: others may have the job. */
static void lose_if_over(ringq_worker *w, ringq_work *work)
{
    if (w->set.keep_leases && work->held_until_ns <= w->now_ns &&
        !rq_conn_is_open(&w->settler.conn) && !rq_conn_is_open(&w->taker.conn))
        atomic_store_explicit(&work->lost, true, memory_order_relaxed);
}

void rq_teller_touch_soon(ringq_worker *w)
{
    w->touch_at_ns = w->now_ns;
    for (unsigned i = 0; i < w->work_count; i++)
        w->works[i].touch_at_ns = w->now_ns;
}

void rq_teller_touch(ringq_worker *w)
{
    int64_t next = INT64_MAX;

    if (w->touch_at_ns > w->now_ns)
        return;
    for (unsigned i = 0; i < w->work_count; i++) {
        ringq_work *work = &w->works[i];
        struct rq_conn *c = NULL;

        if (!is_held(work))
            continue;
        if (work->touch_at_ns <= w->now_ns && !work->touching)
            c = best_line(w);
        if (c == NULL)
            lose_if_over(w, work);
        if (c != NULL)
            touch(w, work, c);
        else if (work->touch_at_ns <= w->now_ns) /* the one before is unanswered */
            work->touch_at_ns = rq_clock_after(w->now_ns, rq_work_touch_after_ns(work));
        if (next > work->touch_at_ns)
            next = work->touch_at_ns;
    }
    w->touch_at_ns = next;
}

/* ---- the settler ---- */

void rq_teller_pump(ringq_worker *w)
{
    struct rq_conn *c = &w->settler.conn;

    if (!rq_conn_is_open(c))
        return;
    if (rq_conn_pump(c) >= 0 && rq_conn_limit_ns(c) <= w->now_ns)
        rq_conn_close(c, RINGQ_TIMEOUT, "the server did not answer in time");
}

int64_t rq_teller_idle_until(const ringq_worker *w)
{
    int64_t until = w->touch_at_ns;

    RQ_LIST_EACH(link, &w->waiting)
    {
        const ringq_work *work = RQ_LIST_ENTRY(link, ringq_work, link);

        if (until > work->tell_at_ns)
            until = work->tell_at_ns;
    }
    /* With nowhere to tell, the next attempt to connect is what we wait for. */
    if (until < w->settler.retry_at_ns && !rq_list_empty(&w->waiting) &&
        !rq_conn_is_open(&w->taker.conn) && !rq_conn_is_open(&w->settler.conn))
        until = w->settler.retry_at_ns;
    if (rq_conn_is_open(&w->settler.conn) && until > rq_conn_limit_ns(&w->settler.conn))
        until = rq_conn_limit_ns(&w->settler.conn);
    return until;
}
