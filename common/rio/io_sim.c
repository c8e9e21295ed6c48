/* io_sim.c - the simulated backend; rio/sim.h says what it promises.
 *
 * The descriptors are the kernel's, and each operation is a plain call that does not
 * wait, as with epoll (io_try.h); but when it is made is drawn.  An operation is always
 * in one of these places:
 *
 *     submit ---> due --its time has come: try--> parked on its descriptor
 *                  ^  |                                |
 *                  |  `--> completed                   |
 *                  `---------- news, cancel -----------'
 *
 * Due operations are in a heap by (time, sequence), and by `link` in one of SLOTS
 * lists: of those that a turn with ready tasks makes due, for time stands still while
 * tasks are ready.  An operation is never made due before an older one of its
 * descriptor and direction.
 *
 * The clock moves in pass_time() alone: by a jump, or by a real wait while somebody
 * outside works.  Nothing here may depend on addresses or on the real clock otherwise.
 * SPDX-License-Identifier: MIT */
#include "rio/io_sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rio/io_try.h"
#include "rio/io_watch.h"
#include "rio/loop.h"
#include "rio/sim_order.h"

enum {
    BUFFER_BYTES = 16 << 10,
    BUSY_TURNS_FREE = 1000, /* in a row; then each takes BUSY_TURN_TIME */
    LOOKS_FREE = 1000000,   /* at the clock in one turn; then each takes LOOK_TIME */
    SHORT_BITS_MAX = 14,    /* a short move: up to 2 to the power of 0 to 13 bytes */
};
#define START (1000 * RIO_SEC)
#define STUCK_RETRY (1 * RIO_MS)
#define BUSY_TURN_TIME (10 * RIO_US)
#define LOOK_TIME (1 * RIO_US)

struct sim {
    struct rio_backend base;
    struct rio_loop *loop;
    struct rio__watches watches;
    struct rio__sim_faults faults;
    rio_sim_opts opts;
    struct rq_rand chance; /* the simulation's */
    struct rq_rand lent;   /* the program's: its draws do not change the schedule */
    struct rio__sim_order order;
    struct rq_list failed; /* no memory for their events */
    int64_t now;
    uint64_t busy_row; /* turns with ready tasks, one after the other */
    unsigned looks;    /* at the clock, in this turn */
    bool tried;        /* something, since we looked for news */
    struct rio__sim_outside outside;
    uint64_t steps, hash;
    char *buffer;
};

static struct sim *sim_of(struct rio_backend *b)
{
    return RQ_CONTAINER_OF(b, struct sim, base);
}

static bool draw_one_in(struct sim *s, uint32_t n)
{
    return n > 0 && rq_rand_below(&s->chance, n) == 0;
}

/* ---- submit and cancel ---- */

static void schedule(struct sim *s, struct rio_op *op, int64_t delay)
{
    rio__sim_schedule(&s->order, op, s->now, delay);
}

static void submit(struct rio_backend *b, struct rio_op *op)
{
    struct sim *s = sim_of(b);
    struct rio__sim_event *ev = rio__sim_event_make(&s->order, op);

    op->queued = true; /* until its descriptor is watched for it */
    if (ev == NULL) {
        rq_list_push_back(&s->failed, &op->link);
        return;
    }
    ev->op = op;
    ev->fresh = true;
    ev->ends = ev->cut = false;
    ev->sum = rio__sim_sum(op);
    rio__sim_spoil(op, &ev->kept);
    schedule(s, op, 0);
}

static void cancel(struct rio_backend *b, struct rio_op *op)
{
    struct sim *s = sim_of(b);
    const rio_sim_fault *fault = rio__sim_fault_of_cancel(&s->faults, &s->chance, op);

    if (fault != NULL && fault->kind == RIO_SIM_CANCEL_LOST)
        return;
    op->cancelled = true;
    if (rio__sim_event_of(&s->order, op) != NULL) /* else it fails anyway */
        rio__sim_schedule_cancel(&s->order, op, s->now,
                                 fault == NULL ? 0 : fault->delay);
}

/* ---- completions ---- */

static bool gives_descriptor(const struct rio_op *op)
{
    return op->kind == RIO_OP_ACCEPT || op->kind == RIO_OP_ACCEPTS ||
           op->kind == RIO_OP_OPENAT;
}

static void deliver(struct sim *s, struct rio_op *op, int res, unsigned flags)
{
    int said = res > 0 && gives_descriptor(op) ? 0 : res; /* its number is chance */

    s->steps++;
    s->hash = rio__sim_mix(s->hash, (uint64_t)op->kind << 32 | (uint32_t)said);
    s->hash = rio__sim_mix(s->hash, (uint64_t)(s->now - START) << 1 | flags);
    if (s->opts.on_step != NULL)
        s->opts.on_step(s->steps, s->opts.on_step_arg);
    rio__op_complete(s->loop, op, res, flags);
}

/* Ends the operation.  What a part of it has achieved counts more than why it ended. */
static void finish(struct sim *s, struct rio_op *op, int res)
{
    struct rio__sim_event *ev = rio__sim_event_of(&s->order, op);

    rio__watch_leave(&s->watches, op);
    rio__sim_unschedule(&s->order, ev);
    if (op->progress > 0)
        res = (int)op->progress + (res > 0 ? res : 0);
    rio__sim_restore(op, &ev->kept, res > 0 ? (size_t)res : 0);
    deliver(s, op, res, 0);
}

static void deliver_more(struct sim *s, struct rio_op *op, int res)
{
    struct rio__sim_event *ev = rio__sim_event_of(&s->order, op);
    bool lends = op->kind == RIO_OP_RECVS;

    ev->fresh = true;
    if (ev->ends) {
        finish(s, op, res);
    } else {
        schedule(s, op, 0); /* first: it may be cancelled inside */
        deliver(s, op, res, RIO_OP_MORE);
    }
    if (lends)
        memset(s->buffer, 0xa5, (size_t)res); /* it is over */
}

static unsigned fail_some(struct sim *s)
{
    struct rq_list end;
    unsigned count = 0;

    rq_list_push_back(&s->failed, &end); /* what fails meanwhile fails next time */
    while (s->failed.next != &end) {
        struct rio_op *op =
            RQ_LIST_ENTRY(rq_list_pop_front(&s->failed), struct rio_op, link);

        int res = -ENOMEM;

        if (op->kind == RIO_OP_CLOSE) /* a kernel closes whatever it says */
            res = rio__io_try(op, NULL, 0);
        deliver(s, op, res, 0);
        count++;
    }
    rq_list_remove(&end);
    return count;
}

/* ---- a try ---- */

static void check_buffers(const struct sim *s, const struct rio__sim_event *ev)
{
    bool bytes_in_flight_were_left_alone = rio__sim_sum(ev->op) == ev->sum;

    if (!bytes_in_flight_were_left_alone)
        (void)fprintf(stderr, "rio: simulation, seed %" PRIu64 ", step %" PRIu64 "\n",
                      s->opts.seed, s->steps + 1);
    ASSERT(bytes_in_flight_were_left_alone);
}

/* How many bytes this try may move. */
static size_t draw_size(struct sim *s, struct rio__sim_event *ev)
{
    bool cut = ev->cut;
    uint64_t bits;

    ev->cut = false;
    if (cut)
        return 1;
    if (ev->op->kind != RIO_OP_RECVS && rio__io_rest(ev->op) <= s->opts.short_above)
        return SIZE_MAX;
    if (!draw_one_in(s, s->opts.short_one_in) || !rio__sim_may_be_short(ev->op))
        return SIZE_MAX;
    bits = rq_rand_below(&s->chance, SHORT_BITS_MAX);
    return s->opts.short_above + 1 + rq_rand_below(&s->chance, UINT64_C(1) << bits);
}

enum fate { UNHARMED, LATER, ENDED };

static enum fate suffer(struct sim *s, struct rio__sim_event *ev)
{
    const rio_sim_fault *fault = NULL;

    if (ev->fresh)
        fault = rio__sim_fault_of_try(&s->faults, &s->chance, ev->op);
    ev->fresh = false;
    if (fault == NULL)
        return UNHARMED;
    if (fault->kind == RIO_SIM_DELAY) {
        schedule(s, ev->op, fault->delay);
        return LATER;
    }
    if (fault->kind == RIO_SIM_FAIL) {
        if (fault->error == -ECONNRESET || fault->error == -EPIPE)
            (void)shutdown(ev->op->fd, SHUT_RDWR);
        finish(s, ev->op, fault->error);
        return ENDED;
    }
    if (fault->kind == RIO_SIM_SHOT_END)
        ev->ends = true;
    else
        ev->cut = true;
    return UNHARMED;
}

/* It stays: parked, or due again after `delay`; but if this was its end, it ends.
 * Returns  how many completions that was */
static unsigned keep(struct sim *s, struct rio_op *op, bool parks, int64_t delay,
                     bool ends)
{
    int rc = ends ? -ECANCELED : 0;

    if (rc == 0 && parks)
        rc = rio__watch_park(&s->watches, op);
    else if (rc == 0)
        schedule(s, op, delay);
    if (rc == 0)
        return 0;
    finish(s, op, rc);
    return 1;
}

/* Tries it; `last`: it is being cancelled, and a result would still win.
 * Returns  how many completions that was */
static unsigned attempt(struct sim *s, struct rio__sim_event *ev, bool last)
{
    struct rio_op *op = ev->op;
    enum fate fate = suffer(s, ev);
    int res;

    if (fate == LATER && last)
        return keep(s, op, false, 0, last);
    if (fate != UNHARMED)
        return fate == ENDED;
    res = rio__sim_try(op, draw_size(s, ev), s->buffer, BUFFER_BYTES);
    switch (rio__io_judge(op, res)) {
    case RIO__TRY_DONE:
        finish(s, op, res);
        return 1;
    case RIO__TRY_MORE:
        ev->ends |= last;
        deliver_more(s, op, res);
        return 1;
    case RIO__TRY_PART:
        op->progress += (uint32_t)res;
        return keep(s, op, false, 0, last);
    case RIO__TRY_WAIT:
        return keep(s, op, true, 0, last);
    case RIO__TRY_STUCK:
        return keep(s, op, false, STUCK_RETRY, last);
    case RIO__TRY_AGAIN:
        return keep(s, op, false, 0, last);
    }
    return 0;
}

/* Its time has come.  A result that is there when a cancel arrives wins, or does not.
 * Returns  how many completions that was */
static unsigned step(struct sim *s, const struct rio__sim_due *due)
{
    struct rio__sim_event *ev = due->event;
    bool cancels = due == &ev->cancel;

    s->tried = true;
    check_buffers(s, ev);
    if (!cancels || draw_one_in(s, 2)) {
        rq_list_remove(&ev->op->link); /* it may be parked */
        return attempt(s, ev, cancels);
    }
    finish(s, ev->op, -ECANCELED);
    return 1;
}

/* Does what is due.  What that submits is due later.  Returns  how many completions */
static unsigned run_due(struct sim *s, unsigned max)
{
    unsigned delivered = fail_some(s);
    const struct rio__sim_due *due;

    while (delivered < max && (due = rio__sim_take(&s->order, s->now)) != NULL)
        delivered += step(s, due);
    return delivered;
}

/* ---- time ---- */

/* Returns  true: it was woken */
static bool look(struct sim *s, int64_t left)
{
    struct rq_list news, *link;
    bool woken;

    rq_list_init(&news);
    s->tried = false;
    woken = rio__watches_wait(&s->watches, left, &news);
    while ((link = rq_list_pop_front(&news)) != NULL)
        schedule(s, RQ_LIST_ENTRY(link, struct rio_op, link), 0);
    return woken;
}

/* Nothing can be done before `until`.  Returns  true: it was woken */
static bool pass_time(struct sim *s, int64_t until)
{
    bool helped =
             rio__sim_helped(&s->outside, s->loop, s->watches.ops > 0, until - s->now),
         woken;
    int64_t start, passed;

    if (!helped && until != INT64_MAX) {
        s->now = until;
        return false;
    }
    start = rio__io_now();
    woken = look(s, until == INT64_MAX ? -1 : until - s->now);
    passed = rio__io_now() - start;
    if (helped)
        s->now = passed < until - s->now ? s->now + passed : until;
    return woken;
}

/* Tasks are ready: time stands still, so the turn itself makes some due. */
static void busy_turn(struct sim *s)
{
    if (++s->busy_row > BUSY_TURNS_FREE)
        s->now += BUSY_TURN_TIME;
    rio__sim_busy_turn(&s->order, s->now);
}

static void turn(struct rio_backend *b, int64_t until, unsigned max)
{
    struct sim *s = sim_of(b);
    bool busy = until <= s->now, woken = false;

    s->looks = 0;
    if (busy)
        busy_turn(s);
    if (s->watches.ops > 0)
        woken = look(s, 0);
    if (run_due(s, max) > 0 || busy)
        return;
    s->busy_row = 0;
    while (!woken && s->now < until) {
        int64_t next;

        /* What was tried just now may have what it waits for already. */
        if (s->tried && s->watches.ops > 0 && look(s, 0))
            return;
        next = rio__sim_next(&s->order);
        woken = pass_time(s, next < until ? next : until);
        if (run_due(s, max) > 0)
            return;
    }
}

static int64_t now(struct rio_backend *b)
{
    struct sim *s = sim_of(b);

    if (++s->looks > LOOKS_FREE)
        s->now += LOOK_TIME;
    return s->now;
}

/* ---- the rest of a backend ---- */

static void wake(struct rio_backend *b)
{
    rio__watches_wake(&sim_of(b)->watches);
}

static void fill_random(struct rio_backend *b, void *out, size_t n)
{
    char *at = out;

    while (n > 0) {
        uint64_t word = rq_rand_u64(&sim_of(b)->lent);
        size_t part = n < sizeof word ? n : sizeof word;

        memcpy(at, &word, part);
        at += part;
        n -= part;
    }
}

static int adopt(struct rio_backend *b, int fd)
{
    (void)b;
    return rio__io_unblock(fd);
}

static void sim_free(struct rio_backend *b)
{
    struct sim *s = sim_of(b);

    rio__watches_close(&s->watches);
    rio__sim_faults_fini(&s->faults);
    rio__sim_order_fini(&s->order);
    free(s->buffer);
    free(s);
}

/* ---- life ---- */

static int set_options(struct sim *s, const rio_sim_opts *opts)
{
    int rc = rio__sim_options(&s->opts, opts);

    if (rc < 0)
        return rc;
    s->order.latency_min = s->opts.latency_min;
    s->order.latency_max = s->opts.latency_max;
    rq_rand_seed(&s->chance, s->opts.seed);
    rq_rand_seed(&s->lent, ~s->opts.seed);
    return rio__sim_faults_init(&s->faults, &s->opts);
}

static int set_up(struct sim *s, const rio_sim_opts *opts)
{
    int rc = rio__watches_open(&s->watches, s->loop);

    if (rc == 0)
        rc = set_options(s, opts);
    if (rc < 0)
        return rc;
    s->buffer = malloc(BUFFER_BYTES);
    return s->buffer == NULL ? -ENOMEM : 0;
}

struct rio_backend *rio__sim_new(struct rio_loop *loop, const rio_sim_opts *opts)
{
    struct sim *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL)
        return NULL;
    s->base = (struct rio_backend){
        .name = "sim",
        .free = sim_free,
        .submit = submit,
        .cancel = cancel,
        .turn = turn,
        .wake = wake,
        .now = now,
        .random = fill_random,
        .adopt = adopt,
    };
    s->loop = loop;
    s->now = START;
    rio__sim_order_init(&s->order, &s->chance);
    rq_list_init(&s->failed);
    rc = set_up(s, opts);
    if (rc < 0) {
        sim_free(&s->base);
        errno = -rc;
        return NULL;
    }
    return &s->base;
}

/* ---- the public face ---- */

static const struct sim *sim_of_loop(const rio_loop *l)
{
    if (l == NULL || l->io == NULL || l->io->free != sim_free)
        return NULL;
    return sim_of(l->io);
}

uint64_t rio_sim_seed(const rio_loop *l)
{
    const struct sim *s = sim_of_loop(l);

    return s == NULL ? 0 : s->opts.seed;
}

uint64_t rio_sim_steps(const rio_loop *l)
{
    const struct sim *s = sim_of_loop(l);

    return s == NULL ? 0 : s->steps;
}

uint64_t rio_sim_hash(const rio_loop *l)
{
    const struct sim *s = sim_of_loop(l);

    return s == NULL ? 0 : s->hash;
}
