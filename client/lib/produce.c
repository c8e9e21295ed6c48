/* produce - PUT and MPUT, and any command that is submitted to the pipeline.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "lib/args.h"
#include "lib/client.h"
#include "lib/pipeline.h"

static int fail_memory(ringq *q)
{
    return rq_client_fail(q, RINGQ_NOMEM, "out of memory");
}

/* Queue, body and options of a PUT.  Errors  set in q */
static int build_put(ringq *q, struct rq_args *a, const char *queue, const void *body,
                     size_t len, const ringq_put_options *options)
{
    const char *why;

    if (queue == NULL || (body == NULL && len > 0))
        return rq_client_fail(q, RINGQ_USAGE, "PUT needs a queue and a body");
    rq_args_str(a, queue);
    rq_args_add(a, rq_slice(body, len));
    if (rq_args_put_options(a, options, &why) < 0)
        return rq_client_fail(q, RINGQ_USAGE, "%s", why);
    return a->rc < 0 ? fail_memory(q) : 0;
}

/* Copies a text of the server that has to fit. */
static bool copy_text(const struct rq_reply *from, char *to, size_t size)
{
    if (from->str.ptr == NULL || from->str.len >= size)
        return false;
    memcpy(to, from->str.ptr, from->str.len + 1);
    return true;
}

static int read_receipt(ringq *q, const struct rq_reply *reply, ringq_receipt *out)
{
    ringq_receipt r;

    if (reply->type != RQ_REPLY_ARRAY || reply->count < 3 ||
        !copy_text(&reply->elements[0], r.id, sizeof r.id) ||
        !copy_text(&reply->elements[1], r.state, sizeof r.state) ||
        !copy_text(&reply->elements[2], r.durability, sizeof r.durability))
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to PUT is not id, state, durability");
    if (out != NULL)
        *out = r;
    return 0;
}

int ringq_put(ringq *q, const char *queue, const void *body, size_t len,
              const ringq_put_options *options, ringq_receipt *out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "PUT");
    rc = build_put(q, &a, queue, body, len, options);
    if (rc == 0)
        rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_receipt(q, reply, out);
    rq_reply_free(reply);
    rq_args_fini(&a);
    return rc;
}

static long read_ids(ringq *q, const struct rq_reply *reply, size_t n,
                     char (*ids)[RINGQ_ID_SIZE])
{
    char unused[RINGQ_ID_SIZE];

    if (reply->type != RQ_REPLY_ARRAY || reply->count != n)
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to MPUT is not one id for each body");
    for (size_t i = 0; i < n; i++)
        if (!copy_text(&reply->elements[i], ids != NULL ? ids[i] : unused,
                       RINGQ_ID_SIZE))
            return rq_client_distrust(q, RINGQ_PROTOCOL, "a malformed id");
    return (long)n;
}

long ringq_mput(ringq *q, const char *queue, const ringq_bytes *bodies, size_t n,
                const ringq_put_options *options, char (*ids)[RINGQ_ID_SIZE])
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    const char *why;
    long rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (queue == NULL || bodies == NULL || n == 0)
        return rq_client_fail(q, RINGQ_USAGE, "MPUT needs a queue and bodies");
    rq_args_init(&a, "MPUT");
    rq_args_str(&a, queue);
    if (rq_args_put_options(&a, options, &why) < 0)
        rc = rq_client_fail(q, RINGQ_USAGE, "%s", why);
    rq_args_number(&a, "BODIES", (int64_t)n);
    for (size_t i = 0; i < n; i++)
        rq_args_add(&a, rq_slice(bodies[i].ptr, bodies[i].len));
    if (rc == 0)
        rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_ids(q, reply, n, ids);
    rq_reply_free(reply);
    rq_args_fini(&a);
    return rc;
}

/* rq_client_begin() for calls that callbacks may make too. */
static int begin_submit(ringq *q)
{
    if (q != NULL && q->in_callback)
        return q->unusable;
    return rq_client_begin(q);
}

int ringq_submit(ringq *q, size_t argc, const char *const *argv, const size_t *lens,
                 ringq_done_fn *done, void *arg)
{
    struct rq_args a;
    int rc = begin_submit(q);

    if (rc < 0)
        return rc;
    if (argc == 0 || argv == NULL)
        return rq_client_fail(q, RINGQ_USAGE, "a command has at least one word");
    rq_args_init(&a, NULL);
    rq_args_words(&a, argc, argv, lens);
    rc = a.rc < 0 ? fail_memory(q) : rq_pipeline_submit(q, a.argc, a.argv, done, arg);
    rq_args_fini(&a);
    return rc;
}

int ringq_submit_put(ringq *q, const char *queue, const void *body, size_t len,
                     const ringq_put_options *options, ringq_done_fn *done, void *arg)
{
    struct rq_args a;
    int rc = begin_submit(q);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "PUT");
    rc = build_put(q, &a, queue, body, len, options);
    if (rc == 0)
        rc = rq_pipeline_submit(q, a.argc, a.argv, done, arg);
    rq_args_fini(&a);
    return rc;
}
