/* settings.c - PAUSE, RESUME, QUEUE SET, SHUTDOWN, DRAIN: what operators say about
 * queues. SPDX-License-Identifier: MIT */
#include "api/settings.h"

#include "base/err.h"

struct record_settings settings_of(const struct api_client *c, struct rq_slice queue)
{
    const struct queue *q = core_find_queue(broker_core(c->server->broker), queue);

    return q == NULL ? (struct record_settings){0} : queue_settings(q);
}

static void set_done(struct promise *p)
{
    reply_ok(RQ_CONTAINER_OF(p, struct reply, promise));
}

static const struct promise_ops set_ops = {.done = set_done, .failed = reply_failed};

typedef int apply_settings(struct broker *b, struct rq_slice queue,
                           const struct record_settings *settings,
                           struct promise *promise);

static void say(struct api_client *c, struct rq_slice queue,
                const struct record_settings *settings, apply_settings *apply,
                struct reply *r)
{
    r->promise.ops = &set_ops;
    int rc = apply(c->server->broker, queue, settings, &r->promise);
    if (rc < 0)
        reply_refuse(r, rc);
}

static void set(struct api_client *c, struct rq_slice queue,
                const struct record_settings *settings, struct reply *r)
{
    say(c, queue, settings, broker_queue_set, r);
}

/* ---- QUEUE SET ---- */

static void change_u32(uint32_t *field, int64_t said)
{
    if (said >= 0)
        *field = (uint32_t)said;
}

static void change_u64(uint64_t *field, int64_t said)
{
    if (said >= 0)
        *field = (uint64_t)said;
}

void api_queue(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_queue_set said;
    struct rq_complaint why;

    if (rq_queue_set_parse(cmd, &said, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    struct record_settings settings = settings_of(c, said.queue);
    change_u64(&settings.maxsize, said.maxsize);
    change_u64(&settings.deadmax, said.deadmax);
    change_u32(&settings.ttr_ms, said.ttr_ms);
    change_u32(&settings.tries, said.tries);
    change_u32(&settings.rate, said.rate);
    change_u32(&settings.concurrency, said.concurrency);
    change_u32(&settings.grouplimit, said.grouplimit);
    if (said.order >= 0)
        settings.order = said.order == RQ_ORDER_LIFO ? RECORD_LIFO : RECORD_FIFO;
    if (said.open)
        settings.shut = RECORD_OPEN;
    set(c, said.queue, &settings, r);
}

/* ---- PAUSE, RESUME, SHUTDOWN ---- */

void api_pause(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_pause pause;

    if (rq_pause_parse(cmd, &pause, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    struct record_settings settings = settings_of(c, pause.queue);
    unsigned paused = settings.paused | (pause.in ? RECORD_PAUSED_IN : 0u) |
                      (pause.out ? RECORD_PAUSED_OUT : 0u);
    settings.paused = (uint8_t)paused;
    set(c, pause.queue, &settings, r);
}

void api_resume(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_slice queue = cmd->argv[1];

    if (!rq_name_is_valid(queue)) {
        reply_error(r, RQ_E_BADARG,
                    "a queue is named by 1 to 128 of A-Z a-z 0-9 . _ -");
        return;
    }
    struct record_settings settings = settings_of(c, queue);
    settings.paused = 0;
    set(c, queue, &settings, r);
}

void api_shutdown(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_shutdown shutdown;
    struct rq_complaint why;

    if (rq_shutdown_parse(cmd, &shutdown, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    struct record_settings settings = settings_of(c, shutdown.queue);
    settings.shut = shutdown.immediate ? RECORD_SHUT_NOW : RECORD_SHUT;
    say(c, shutdown.queue, &settings,
        shutdown.immediate ? broker_shut_now : broker_queue_set, r);
}

/* ---- DRAIN ---- */

void api_drain(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)cmd;
    broker_drain(c->server->broker, true);
    reply_ok(r);
}

void api_undrain(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)cmd;
    broker_drain(c->server->broker, false);
    reply_ok(r);
}
