/* consume - GET, and the four ways to settle a lease.
 * SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include "lib/args.h"
#include "lib/client.h"
#include "lib/job.h"
#include "lib/many.h"

static void build_get(struct rq_args *a, const char *queues, int64_t block_ms,
                      uint32_t ttr_ms)
{
    rq_args_init(a, "GET");
    rq_args_str(a, queues);
    if (block_ms >= 0)
        rq_args_number(a, "BLOCK", block_ms);
    if (ttr_ms != 0)
        rq_args_number(a, "TTR", ttr_ms);
}

/* Errors  set in q: RINGQ_TIMEOUT for a nil */
static int call_get(ringq *q, struct rq_args *a, struct rq_reply **out)
{
    int rc = rq_client_send(q, a, out);

    if (rc == 0 && (*out)->type == RQ_REPLY_NULL)
        return rq_client_fail(q, RINGQ_TIMEOUT, "no job in the time given");
    return rc;
}

/* The job cannot be handed to the caller: closing gives it back to the queue. */
static int distrust_job(ringq *q, int error)
{
    return rq_client_distrust(q, error,
                              error == RINGQ_NOMEM
                                  ? "out of memory; the job is given back"
                                  : "the reply to GET is not a job");
}

int ringq_get(ringq *q, const char *queues, int64_t block_ms, uint32_t ttr_ms,
              ringq_job **out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (queues == NULL || out == NULL)
        return rq_client_fail(q, RINGQ_USAGE,
                              "GET needs a queue and a place for a job");
    build_get(&a, queues, block_ms, ttr_ms);
    rc = call_get(q, &a, &reply);
    if (rc == 0) {
        rc = rq_job_from_reply(reply, out);
        if (rc < 0)
            rc = distrust_job(q, rc);
    }
    rq_reply_free(reply);
    return rc;
}

static long read_jobs(ringq *q, struct rq_reply *reply, ringq_job **out, size_t max)
{
    size_t n = 0;
    int rc = reply->type == RQ_REPLY_ARRAY && reply->count <= max ? 0 : RINGQ_PROTOCOL;

    while (rc == 0 && n < reply->count) {
        rc = rq_job_from_reply(&reply->elements[n], &out[n]);
        n += rc == 0;
    }
    if (rc == 0)
        return (long)n;
    while (n > 0)
        ringq_job_free(out[--n]);
    return distrust_job(q, rc);
}

long ringq_get_many(ringq *q, const char *queues, int64_t block_ms, uint32_t ttr_ms,
                    ringq_job **out, size_t max)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    long rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (queues == NULL || out == NULL || max == 0)
        return rq_client_fail(q, RINGQ_USAGE, "GET needs a queue and places for jobs");
    if (max > RQ_GET_COUNT_MAX)
        max = RQ_GET_COUNT_MAX;
    build_get(&a, queues, block_ms, ttr_ms);
    rq_args_number(&a, "COUNT", (int64_t)max);
    rc = call_get(q, &a, &reply);
    if (rc == 0)
        rc = read_jobs(q, reply, out, max);
    rq_reply_free(reply);
    return rc;
}

static int need_lease(ringq *q, const char *lease)
{
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    return lease != NULL ? 0 : rq_client_fail(q, RINGQ_USAGE, "the lease is missing");
}

int ringq_done(ringq *q, const char *lease, const void *result, size_t len)
{
    struct rq_args a;
    int rc = need_lease(q, lease);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "DONE");
    rq_args_str(&a, lease);
    if (result != NULL) {
        rq_args_str(&a, "RESULT");
        rq_args_add(&a, rq_slice(result, len));
    }
    return rq_client_send(q, &a, NULL);
}

long ringq_done_many(ringq *q, const char *const *leases, size_t n, size_t *out_done)
{
    int rc = rq_client_begin(q);

    if (rc < 0)
        return rc;
    if (leases == NULL && n > 0)
        return rq_client_fail(q, RINGQ_USAGE, "the leases are missing");
    return rq_client_many(q, (const char *const[]){"DONE"}, 1, leases, n, out_done);
}

static int read_failed(ringq *q, const struct rq_reply *reply, ringq_failed *out)
{
    ringq_failed f = {.state = ""};
    const struct rq_reply *state = reply->elements;

    if (reply->type != RQ_REPLY_ARRAY || reply->count < 2 || state->str.ptr == NULL ||
        state->str.len >= sizeof f.state ||
        rq_job_number(&reply->elements[1], 0, INT64_MAX, &f.retry_unix_ms) < 0)
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to FAIL is not state and time");
    memcpy(f.state, state->str.ptr, state->str.len);
    if (out != NULL)
        *out = f;
    return 0;
}

int ringq_fail(ringq *q, const char *lease, const char *error, int64_t delay_ms,
               bool dead, ringq_failed *out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = need_lease(q, lease);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "FAIL");
    rq_args_str(&a, lease);
    if (error != NULL) {
        rq_args_str(&a, "ERROR");
        rq_args_str(&a, error);
    }
    if (dead)
        rq_args_str(&a, "DEAD");
    else if (delay_ms >= 0)
        rq_args_number(&a, "DELAY", delay_ms);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_failed(q, reply, out);
    rq_reply_free(reply);
    return rc;
}

int ringq_release(ringq *q, const char *lease, int64_t delay_ms)
{
    struct rq_args a;
    int rc = need_lease(q, lease);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "RELEASE");
    rq_args_str(&a, lease);
    if (delay_ms > 0)
        rq_args_number(&a, "DELAY", delay_ms);
    return rq_client_send(q, &a, NULL);
}

static int read_deadline(ringq *q, const struct rq_reply *reply, int64_t *out)
{
    const struct rq_reply *first = reply->count > 0 ? &reply->elements[0] : NULL;
    int64_t deadline;

    if (reply->type != RQ_REPLY_ARRAY || first == NULL ||
        first->type != RQ_REPLY_ARRAY || first->count < 2 ||
        rq_job_number(&first->elements[1], 0, INT64_MAX, &deadline) < 0)
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to TOUCH is not lease and deadline");
    if (out != NULL)
        *out = deadline;
    return 0;
}

int ringq_touch(ringq *q, const char *lease, uint32_t ttr_ms,
                int64_t *out_deadline_unix_ms)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = need_lease(q, lease);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "TOUCH");
    rq_args_str(&a, lease);
    if (ttr_ms != 0)
        rq_args_number(&a, "TTR", ttr_ms);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_deadline(q, reply, out_deadline_unix_ms);
    rq_reply_free(reply);
    return rc;
}

int ringq_progress(ringq *q, const char *lease, unsigned percent, const char *note)
{
    struct rq_args a;
    int rc = need_lease(q, lease);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "TOUCH");
    rq_args_str(&a, lease);
    rq_args_number(&a, "PROGRESS", percent);
    if (note != NULL) {
        rq_args_str(&a, "NOTE");
        rq_args_str(&a, note);
    }
    return rq_client_send(q, &a, NULL);
}
