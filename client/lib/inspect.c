/* inspect - JOIN, STATS, QUEUES, SHOW, QSIZE, PING, and any command.
 * SPDX-License-Identifier: MIT */
#include "lib/args.h"
#include "lib/client.h"
#include "lib/job.h"
#include "lib/joined.h"
#include "lib/options.h"

static bool count_field(const struct rq_reply *map, const char *name, uint64_t *out)
{
    int64_t v;

    if (rq_job_number(rq_reply_field(map, name), 0, INT64_MAX, &v) < 0)
        return false;
    *out = (uint64_t)v;
    return true;
}

int rq_joined_read(ringq *q, const struct rq_reply *reply, ringq_joined *out)
{
    ringq_joined j;

    if (reply->type == RQ_REPLY_NULL)
        return rq_client_fail(q, RINGQ_TIMEOUT,
                              "jobs are still unfinished; JOIN again to wait longer");
    if (!count_field(reply, "done", &j.done) || !count_field(reply, "dead", &j.dead) ||
        !count_field(reply, "expired", &j.expired) ||
        !count_field(reply, "cancelled", &j.cancelled))
        return rq_client_distrust(q, RINGQ_PROTOCOL, "the reply to JOIN has no counts");
    if (out != NULL)
        *out = j;
    return 0;
}

int ringq_join_with(ringq *q, const char *queues, const ringq_join_options *options,
                    ringq_joined *out)
{
    ringq_join_options o = {.block_ms = RINGQ_FOREVER};
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (options != NULL && rq_options_copy(&o, sizeof o, options) < 0)
        return rq_client_fail(q, RINGQ_USAGE,
                              "set ringq_join_options.size to "
                              "sizeof(ringq_join_options)");
    if (queues == NULL)
        return rq_client_fail(q, RINGQ_USAGE, "JOIN needs a queue");
    rq_args_init(&a, "JOIN");
    rq_args_str(&a, queues);
    if (o.block_ms >= 0)
        rq_args_number(&a, "BLOCK", o.block_ms);
    if (o.strict)
        rq_args_str(&a, "STRICT");
    if (o.barrier)
        rq_args_str(&a, "BARRIER");
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = rq_joined_read(q, reply, out);
    rq_reply_free(reply);
    return rc;
}

int ringq_join(ringq *q, const char *queues, int64_t block_ms, bool strict,
               ringq_joined *out)
{
    const ringq_join_options o = {
        .size = sizeof o, .block_ms = block_ms, .strict = strict};

    return ringq_join_with(q, queues, &o, out);
}

/* A command of one or two words whose reply the caller reads itself. */
static int ask(ringq *q, const char *verb, const char *word, const char *second,
               ringq_reply **out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    rq_args_init(&a, verb);
    if (word != NULL)
        rq_args_str(&a, word);
    if (second != NULL)
        rq_args_str(&a, second);
    rc = rq_client_send(q, &a, out != NULL ? &reply : NULL);
    if (rc == 0 && out != NULL)
        *out = (ringq_reply *)reply;
    return rc;
}

int ringq_stats(ringq *q, const char *queue, ringq_reply **out)
{
    return ask(q, "STATS", queue, NULL, out);
}

int ringq_queues(ringq *q, const char *pattern, ringq_reply **out)
{
    return ask(q, "QUEUES", pattern, NULL, out);
}

int ringq_show(ringq *q, const char *id, bool with_body, ringq_reply **out)
{
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (id == NULL)
        return rq_client_fail(q, RINGQ_USAGE, "SHOW needs the id of a job");
    return ask(q, "SHOW", id, with_body ? "BODY" : NULL, out);
}

int64_t ringq_qsize(ringq *q, const char *queue)
{
    ringq_reply *reply = NULL;
    int64_t n = 0;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (queue == NULL)
        return rq_client_fail(q, RINGQ_USAGE, "QSIZE needs a queue");
    rc = ask(q, "QSIZE", queue, NULL, &reply);
    if (rc == 0 && rq_job_number((const struct rq_reply *)reply, 0, INT64_MAX, &n) < 0)
        rc = rq_client_distrust(q, RINGQ_PROTOCOL, "the reply to QSIZE is no number");
    ringq_reply_free(reply);
    return rc < 0 ? rc : n;
}

int ringq_ping(ringq *q)
{
    return ask(q, "PING", NULL, NULL, NULL);
}

int ringq_command(ringq *q, size_t argc, const char *const *argv, const size_t *lens,
                  ringq_reply **out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (argc == 0 || argv == NULL)
        return rq_client_fail(q, RINGQ_USAGE, "a command has at least one word");
    rq_args_init(&a, NULL);
    rq_args_words(&a, argc, argv, lens);
    rc = rq_client_send(q, &a, out != NULL ? &reply : NULL);
    if (rc == 0 && out != NULL)
        *out = (ringq_reply *)reply;
    return rc;
}
