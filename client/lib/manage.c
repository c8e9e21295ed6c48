/* manage - what operators do to jobs, queues and the server.
 * SPDX-License-Identifier: MIT */
#include "lib/args.h"
#include "lib/client.h"
#include "lib/job.h"
#include "lib/many.h"
#include "lib/options.h"

/* Begins a call that is about a queue or a job: `name`. */
static int begin(ringq *q, const char *name)
{
    int rc = rq_client_begin(q);

    if (rc < 0 || name != NULL)
        return rc;
    return rq_client_fail(q, RINGQ_USAGE, "the queue or the job is missing");
}

/* ---- jobs ---- */

static int64_t send_counted(ringq *q, struct rq_args *a)
{
    struct rq_reply *reply = NULL;
    int64_t n = 0;
    int rc = rq_client_send(q, a, &reply);

    if (rc == 0 && rq_job_number(reply, 0, INT64_MAX, &n) < 0)
        rc = rq_client_distrust(q, RINGQ_PROTOCOL, "the reply is no count");
    rq_reply_free(reply);
    return rc < 0 ? rc : n;
}

int64_t ringq_kick(ringq *q, const char *queue, int64_t max)
{
    struct rq_args a;
    int rc = begin(q, queue);

    if (rc < 0 || max == 0)
        return rc;
    rq_args_init(&a, "KICK");
    rq_args_str(&a, queue);
    if (max > 0)
        rq_args_number(&a, "COUNT", max);
    return send_counted(q, &a);
}

int64_t ringq_kick_ids(ringq *q, const char *queue, const char *const *ids, size_t n,
                       size_t *out_changed)
{
    int rc = begin(q, queue);

    if (rc == 0 && ids == NULL && n > 0)
        rc = rq_client_fail(q, RINGQ_USAGE, "the ids are missing");
    if (rc < 0)
        return rc;
    return rq_client_many(q, (const char *const[]){"KICK", queue, "ID"}, 3, ids, n,
                          out_changed);
}

int64_t ringq_cancel(ringq *q, const char *const *ids, size_t n, size_t *out_changed)
{
    int rc = rq_client_begin(q);

    if (rc == 0 && ids == NULL && n > 0)
        rc = rq_client_fail(q, RINGQ_USAGE, "the ids are missing");
    if (rc < 0)
        return rc;
    return rq_client_many(q, (const char *const[]){"CANCEL"}, 1, ids, n, out_changed);
}

int64_t ringq_purge(ringq *q, const char *queue, const char *state)
{
    struct rq_args a;
    int rc = begin(q, queue);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "PURGE");
    rq_args_str(&a, queue);
    if (state != NULL) {
        rq_args_str(&a, "STATE");
        rq_args_str(&a, state);
    }
    return send_counted(q, &a);
}

int ringq_reschedule(ringq *q, const char *id, int64_t delay_ms, int64_t at_unix_ms)
{
    struct rq_args a;
    int rc = begin(q, id);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "RESCHEDULE");
    rq_args_str(&a, id);
    if (delay_ms >= 0)
        rq_args_number(&a, "DELAY", delay_ms);
    else
        rq_args_number(&a, "AT", at_unix_ms);
    return rq_client_send(q, &a, NULL);
}

int ringq_requeue(ringq *q, const char *id, const char *queue)
{
    struct rq_args a;
    int rc = begin(q, id);

    if (rc == 0)
        rc = begin(q, queue);
    if (rc < 0)
        return rc;
    rq_args_init(&a, "REQUEUE");
    rq_args_str(&a, id);
    rq_args_str(&a, queue);
    return rq_client_send(q, &a, NULL);
}

static void build_peek(struct rq_args *a, const char *queue,
                       const ringq_peek_options *o)
{
    rq_args_init(a, "PEEK");
    rq_args_str(a, queue);
    if (o->state != NULL) {
        rq_args_str(a, "STATE");
        rq_args_str(a, o->state);
    }
    if (o->count != 0)
        rq_args_number(a, "COUNT", o->count);
    if (o->after != NULL) {
        rq_args_str(a, "AFTER");
        rq_args_str(a, o->after);
    }
    if (o->match != NULL) {
        rq_args_str(a, "MATCH");
        rq_args_str(a, o->match);
    }
}

int ringq_peek(ringq *q, const char *queue, const ringq_peek_options *options,
               ringq_reply **out)
{
    ringq_peek_options o;
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = begin(q, queue);

    if (rc < 0)
        return rc;
    if (out == NULL || rq_options_copy(&o, sizeof o, options) < 0)
        return rq_client_fail(q, RINGQ_USAGE,
                              "PEEK needs a place for its reply, and "
                              "ringq_peek_options.size set");
    build_peek(&a, queue, &o);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        *out = (ringq_reply *)reply;
    return rc;
}

/* ---- queues ---- */

static void add_settings(struct rq_args *a, const ringq_queue_options *o)
{
    static const char *const orders[] = {NULL, "FIFO", "LIFO"};
    const struct {
        const char *word;
        int64_t value;
    } numbers[] = {
        {"MAXSIZE", o->maxsize},       {"TTR", o->ttr_ms},
        {"TRIES", o->tries},           {"RATE", o->rate},
        {"DEADMAX", o->deadmax},       {"CONCURRENCY", o->concurrency},
        {"GROUPLIMIT", o->grouplimit},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].value >= 0)
            rq_args_number(a, numbers[i].word, numbers[i].value);
    if (o->order != RINGQ_ORDER_KEEP) {
        rq_args_str(a, "ORDER");
        rq_args_str(a, orders[o->order]);
    }
    if (o->open)
        rq_args_str(a, "OPEN");
}

int ringq_queue_set(ringq *q, const char *queue, const ringq_queue_options *options)
{
    ringq_queue_options o;
    struct rq_args a;
    int rc = begin(q, queue);

    if (rc < 0)
        return rc;
    if (options == NULL || rq_options_copy(&o, sizeof o, options) < 0)
        return rq_client_fail(q, RINGQ_USAGE, "begin with RINGQ_QUEUE_OPTIONS");
    if ((unsigned)o.order > RINGQ_ORDER_LIFO)
        return rq_client_fail(q, RINGQ_USAGE, "order is one of enum ringq_order");
    rq_args_init(&a, "QUEUE");
    rq_args_str(&a, "SET");
    rq_args_str(&a, queue);
    add_settings(&a, &o);
    return rq_client_send(q, &a, NULL);
}

/* A command that is answered with OK. */
static int order(ringq *q, const char *verb, const char *queue, const char *word)
{
    struct rq_args a;

    rq_args_init(&a, verb);
    if (queue != NULL)
        rq_args_str(&a, queue);
    if (word != NULL)
        rq_args_str(&a, word);
    return rq_client_send(q, &a, NULL);
}

int ringq_pause(ringq *q, const char *queue, enum ringq_side side)
{
    static const char *const sides[] = {NULL, "IN", "OUT"};
    int rc = begin(q, queue);

    if (rc < 0)
        return rc;
    if ((unsigned)side > RINGQ_OUT)
        return rq_client_fail(q, RINGQ_USAGE, "side is one of enum ringq_side");
    return order(q, "PAUSE", queue, sides[side]);
}

int ringq_resume(ringq *q, const char *queue)
{
    int rc = begin(q, queue);

    return rc < 0 ? rc : order(q, "RESUME", queue, NULL);
}

int ringq_shutdown(ringq *q, const char *queue, bool immediate)
{
    int rc = begin(q, queue);

    return rc < 0 ? rc : order(q, "SHUTDOWN", queue, immediate ? "IMMEDIATE" : NULL);
}

int ringq_drain(ringq *q)
{
    int rc = rq_client_begin(q);

    return rc < 0 ? rc : order(q, "DRAIN", NULL, NULL);
}

int ringq_undrain(ringq *q)
{
    int rc = rq_client_begin(q);

    return rc < 0 ? rc : order(q, "UNDRAIN", NULL, NULL);
}
