/* lane - one connection.
 *
 * `depth` slots go round, each by itself: put, get, done.  Replies come in the order of
 * the requests, so what is under way is a ring of steps (steps.h).  What the replies of
 * one receive lead to is gathered and leaves in one send.
 *
 * A batch that gets fewer jobs than it put asks again for what is missing: at any time
 * there are at least as many jobs as are asked for, and no getter waits for ever.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "load/load.h"
#include "load/steps.h"

enum { IN_MAX = 64 << 20, OUT_MAX = 256 << 20, STEPS_A_SLOT = 2, FILL_DEPTH = 32 };

struct slot {
    unsigned queue; /* of its jobs; each put goes to another, where there are many */
    unsigned left;  /* jobs put and not got yet */
    unsigned taken; /* tokens */
    struct token *tokens;
};

struct lane {
    struct load *load;
    enum load_mode
        mode; /* of the plan; of a producer or a consumer, its part of that */
    rio_stream *stream;
    struct talk talk;
    struct rq_buf out;
    struct slot *slots;
    struct steps steps; /* under way */
    int64_t now_ns, answered_ns;
};

static unsigned batch_of(const struct lane *lane)
{
    return lane->load->plan->batch;
}

/* ---- requests ---- */

static void name_queue(struct lane *lane, unsigned queue)
{
    (void)snprintf(lane->talk.queue, sizeof lane->talk.queue, "bench%u", queue);
}

static void turn_to_queue(struct lane *lane, enum verb verb, struct slot *s)
{
    const struct load_plan *p = lane->load->plan;

    if (p->queues == 1)
        return;
    if (verb == VERB_PUT)
        s->queue = (s->queue + p->conns * p->depth) % p->queues;
    name_queue(lane, s->queue);
}

static int ask(struct lane *lane, enum verb verb, unsigned slot)
{
    const struct dialect *d = lane->load->plan->dialect;
    struct slot *s = &lane->slots[slot];
    unsigned count = verb == VERB_PUT   ? batch_of(lane)
                     : verb == VERB_GET ? s->left
                                        : s->taken;
    int rc = steps_push(&lane->steps, (struct step){verb, slot, count, lane->now_ns});

    if (rc < 0)
        return rc;
    turn_to_queue(lane, verb, s);
    switch (verb) {
    case VERB_PUT:
        return d->put(&lane->talk, &lane->out, count);
    case VERB_GET:
        return d->get(&lane->talk, &lane->out, count);
    case VERB_DONE:
        return d->done(&lane->talk, &lane->out, s->tokens, count);
    case VERB_OPEN:
        break;
    }
    return 0;
}

static long leave(struct lane *lane)
{
    struct rq_slice bytes = rq_buf_slice(&lane->out);
    long rc = bytes.len == 0 ? 0 : rio_stream_write(lane->stream, bytes.ptr, bytes.len);

    rq_buf_clear(&lane->out);
    return rc;
}

/* ---- what follows what ---- */

static int after_put(struct lane *lane, unsigned slot)
{
    struct slot *s = &lane->slots[slot];

    if (lane->mode != LOAD_CYCLE)
        return ask(lane, VERB_PUT, slot);
    s->left = batch_of(lane);
    /* The jobs of the last round are finished beside the next get. */
    int rc = s->taken > 0 ? ask(lane, VERB_DONE, slot) : 0;
    return rc < 0 ? rc : ask(lane, VERB_GET, slot);
}

static int after_get(struct lane *lane, unsigned slot, unsigned count)
{
    struct slot *s = &lane->slots[slot];

    s->taken = count;
    s->left -= count;
    if (!lane->load->plan->fused)
        return ask(lane, VERB_DONE, slot);
    if (lane->mode == LOAD_CYCLE && s->left == 0)
        return ask(lane, VERB_PUT, slot);
    if (lane->mode == LOAD_GET)
        s->left = batch_of(lane);
    int rc = ask(lane, VERB_DONE, slot);
    return rc < 0 ? rc : ask(lane, VERB_GET, slot);
}

static int after_done(struct lane *lane, unsigned slot)
{
    struct slot *s = &lane->slots[slot];

    if (lane->load->plan->fused)
        return 0; /* its get is under way */
    s->taken = 0;
    if (lane->mode == LOAD_CYCLE && s->left == 0)
        return ask(lane, VERB_PUT, slot);
    if (s->left == 0)
        s->left = batch_of(lane);
    return ask(lane, VERB_GET, slot);
}

static int go_on(struct lane *lane, const struct step *step, const struct answer *a)
{
    switch (step->verb) {
    case VERB_PUT:
        return after_put(lane, step->slot);
    case VERB_GET:
        return after_get(lane, step->slot, a->count);
    case VERB_DONE:
        return after_done(lane, step->slot);
    case VERB_OPEN:
        break;
    }
    return 0;
}

/* ---- replies ---- */

static void count(struct lane *lane, const struct step *step, unsigned jobs)
{
    struct load *l = lane->load;
    uint64_t us = (uint64_t)(lane->now_ns - step->since_ns) / 1000;

    if (!l->is_measuring || step->verb == VERB_OPEN)
        return;
    struct rq_hist *h = step->verb == VERB_PUT   ? &l->put_us
                        : step->verb == VERB_GET ? &l->got_us
                                                 : &l->done_us;
    uint64_t *total = step->verb == VERB_PUT   ? &l->put
                      : step->verb == VERB_GET ? &l->got
                                               : &l->done;
    rq_hist_add(h, us);
    *total += jobs;
}

/* The first reply of `in`, if it is whole.  Returns  as dialect->reply() */
static long hear(struct lane *lane, struct rq_slice in, struct step *out_step,
                 struct answer *a)
{
    const struct dialect *d = lane->load->plan->dialect;

    if (d->verb_of != NULL)
        steps_bring(&lane->steps, d->verb_of(in));
    *out_step = *steps_first(&lane->steps);
    a->tokens = lane->slots[out_step->slot].tokens;
    long n = d->reply(&lane->talk, out_step->verb, out_step->count, in, a);
    if (n <= 0)
        return n < 0 ? load_fail(lane->load, n, "unexpected answer", in) : 0;
    steps_drop_first(&lane->steps);
    count(lane, out_step, a->count);
    return n;
}

/* Reads what is there.  `then` is what each reply leads to; NULL: nothing. */
RIO_AWAITS static long receive(struct lane *lane,
                               int (*then)(struct lane *, const struct step *,
                                           const struct answer *))
{
    const void *bytes;
    ssize_t got = await(rio_stream_fill(lane->stream));

    if (got <= 0)
        return load_fail(lane->load, got < 0 ? got : -ECONNRESET, "connection lost",
                         RQ_LIT(""));
    size_t len = rio_stream_peek(lane->stream, &bytes), used = 0;
    lane->now_ns = rio_now();
    while (lane->steps.count > 0 && used < len) {
        struct answer a;
        struct step step;
        long n =
            hear(lane, rq_slice((const uint8_t *)bytes + used, len - used), &step, &a);

        if (n <= 0) {
            RIO_TRY(n);
            break;
        }
        used += (size_t)n;
        if (then != NULL && !lane->load->is_over)
            RIO_TRY(then(lane, &step, &a));
    }
    rio_stream_consume(lane->stream, used);
    lane->answered_ns = lane->now_ns;
    return leave(lane);
}

/* ---- lanes ---- */

RIO_AWAITS static long join_in(struct lane *lane)
{
    const struct dialect *d = lane->load->plan->dialect;

    RIO_TRY(steps_push(&lane->steps, (struct step){VERB_OPEN, 0, 1, 0}));
    RIO_TRY(d->open(&lane->talk, &lane->out));
    RIO_TRY(leave(lane));
    while (lane->steps.count > 0)
        RIO_TRY(await(receive(lane, NULL)));
    return 0;
}

static long make_room(struct lane *lane, unsigned number)
{
    const struct load_plan *p = lane->load->plan;

    RIO_TRY(steps_init(&lane->steps, STEPS_A_SLOT * p->depth + 1));
    lane->slots = calloc(p->depth, sizeof *lane->slots);
    if (lane->slots == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < p->depth; i++) {
        lane->slots[i].queue = (number + i * p->conns) % p->queues;
        lane->slots[i].tokens = calloc(p->batch, sizeof *lane->slots[i].tokens);
        if (lane->slots[i].tokens == NULL)
            return -ENOMEM;
    }
    return 0;
}

static void name_all(struct lane *lane, unsigned number)
{
    const struct load_plan *p = lane->load->plan;
    struct talk *t = &lane->talk;

    name_queue(lane, number % p->queues);
    (void)snprintf(t->consumer, sizeof t->consumer, "bench-c%u", number);
    t->body = lane->load->body;
    t->put_options = p->put_options;
    t->by_count = p->by_count;
    t->serial = (uint64_t)number << 40;
}

static enum load_mode part_of(const struct load_plan *p, unsigned number)
{
    if (p->consumers == 0)
        return p->mode;
    return number < p->producers ? LOAD_PUT : LOAD_GET;
}

RIO_AWAITS long lane_open(struct load *l, unsigned number, struct lane **out)
{
    const struct load_plan *p = l->plan;
    struct lane *lane = calloc(1, sizeof *lane);
    int one = 1;

    if (lane == NULL)
        return -ENOMEM;
    *out = lane;
    lane->load = l;
    lane->mode = part_of(p, number);
    rq_buf_init(&lane->out, OUT_MAX);
    name_all(lane, number);
    RIO_TRY(make_room(lane, number));
    long rc = await(rio_open_connection(p->host, p->port, &lane->stream));
    if (rc < 0)
        return load_unreachable(l, rc);
    (void)setsockopt(rio_stream_fd(lane->stream), IPPROTO_TCP, TCP_NODELAY, &one,
                     sizeof one);
    rio_stream_set_limits(lane->stream, IN_MAX, OUT_MAX);
    return await(join_in(lane));
}

RIO_AWAITS long lane_play(struct lane *lane)
{
    const struct load_plan *p = lane->load->plan;

    lane->now_ns = rio_now();
    for (unsigned i = 0; i < p->depth; i++) {
        lane->slots[i].left = batch_of(lane);
        RIO_TRY(ask(lane, lane->mode == LOAD_GET ? VERB_GET : VERB_PUT, i));
    }
    RIO_TRY(leave(lane));
    while (!lane->load->is_over)
        RIO_TRY(await(receive(lane, go_on)));
    return 0;
}

RIO_AWAITS long lane_fill(struct lane *lane, uint64_t count)
{
    const unsigned depth = lane->load->plan->depth;
    unsigned slot = 0;

    lane->now_ns = rio_now();
    for (uint64_t put = 0; put < count || lane->steps.count > 0;) {
        while (put < count &&
               lane->steps.count < (depth > FILL_DEPTH ? depth : FILL_DEPTH)) {
            RIO_TRY(ask(lane, VERB_PUT, slot));
            slot = (slot + 1) % depth;
            put += batch_of(lane);
        }
        RIO_TRY(leave(lane));
        RIO_TRY(await(receive(lane, NULL)));
    }
    return 0;
}

long lane_put(struct lane *lane, int64_t since_ns)
{
    lane->now_ns = since_ns;
    return ask(lane, VERB_PUT, 0);
}

long lane_send(struct lane *lane)
{
    return leave(lane);
}

RIO_AWAITS long lane_listen(struct lane *lane)
{
    while (!lane->load->is_over)
        RIO_TRY(await(receive(lane, NULL)));
    return 0;
}

RIO_AWAITS long lane_ask(struct lane *lane, enum verb verb)
{
    struct slot *s = &lane->slots[0];

    s->left = s->taken = 1;
    lane->now_ns = rio_now();
    RIO_TRY(ask(lane, verb, 0));
    RIO_TRY(leave(lane));
    while (lane->steps.count > 0)
        RIO_TRY(await(receive(lane, NULL)));
    return 0;
}

int64_t lane_answered_ns(const struct lane *lane)
{
    return lane->answered_ns;
}

void lane_free(struct lane *lane)
{
    if (lane == NULL)
        return;
    if (lane->stream != NULL)
        rio_stream_abort(lane->stream);
    rio_stream_free(lane->stream);
    for (unsigned i = 0; lane->slots != NULL && i < lane->load->plan->depth; i++)
        free(lane->slots[i].tokens);
    free(lane->slots);
    steps_fini(&lane->steps);
    rq_buf_fini(&lane->out);
    free(lane);
}
