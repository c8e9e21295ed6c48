/* wait - WAIT: the ends of jobs, and their results.
 *
 * The outcomes keep the reply they came in: results point into it.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "lib/args.h"
#include "lib/client.h"

struct ringq_outcomes {
    struct rq_reply *source;
    size_t count;
    ringq_outcome list[];
};

static bool copy_text(const struct rq_reply *from, char *to, size_t size)
{
    if (from->str.ptr == NULL || from->str.len >= size)
        return false;
    memcpy(to, from->str.ptr, from->str.len + 1);
    return true;
}

/* id, state, result */
static bool read_outcome(const struct rq_reply *reply, ringq_outcome *out)
{
    if (reply->type != RQ_REPLY_ARRAY || reply->count < 3 ||
        !copy_text(&reply->elements[0], out->id, sizeof out->id) ||
        !copy_text(&reply->elements[1], out->state, sizeof out->state))
        return false;
    out->result = reply->elements[2].str.ptr;
    out->result_len = reply->elements[2].str.len;
    return true;
}

/* Owns  consumes `reply`, when it returns 0 */
static int read_outcomes(ringq *q, struct rq_reply *reply, size_t n, bool any,
                         ringq_outcomes **out)
{
    ringq_outcomes *o;

    if (reply->type == RQ_REPLY_NULL)
        return rq_client_fail(q, RINGQ_TIMEOUT,
                              "not ended yet; WAIT again to wait longer");
    o = calloc(1, sizeof *o + n * sizeof o->list[0]);
    if (o == NULL)
        return rq_client_fail(q, RINGQ_NOMEM, "out of memory");
    bool good = reply->type == RQ_REPLY_ARRAY && (any || reply->count == n);
    for (size_t i = 0; good && i < n; i++)
        good = read_outcome(any ? reply : &reply->elements[i], &o->list[i]);
    if (!good) {
        free(o);
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to WAIT is not id, state, result");
    }
    o->source = reply;
    o->count = n;
    *out = o;
    return 0;
}

static int check(ringq *q, const char *const *ids, size_t n, ringq_outcomes **out)
{
    bool good = ids != NULL && n > 0 && out != NULL;

    for (size_t i = 0; good && i < n; i++)
        good = ids[i] != NULL;
    return good ? 0
                : rq_client_fail(q, RINGQ_USAGE,
                                 "WAIT needs ids and a place for their outcomes");
}

long ringq_wait(ringq *q, const char *const *ids, size_t n, int64_t block_ms, bool any,
                ringq_outcomes **out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc == 0)
        rc = check(q, ids, n, out);
    if (rc < 0)
        return rc;
    rq_args_init(&a, "WAIT");
    rq_args_words(&a, n, ids, NULL);
    if (any)
        rq_args_str(&a, "ANY");
    if (block_ms >= 0)
        rq_args_number(&a, "BLOCK", block_ms);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_outcomes(q, reply, any ? 1 : n, any, out);
    if (rc < 0)
        rq_reply_free(reply);
    return rc < 0 ? rc : any ? 1 : (long)n;
}

const ringq_outcome *ringq_outcome_at(const ringq_outcomes *outcomes, size_t i)
{
    return outcomes != NULL && i < outcomes->count ? &outcomes->list[i] : NULL;
}

void ringq_outcomes_free(ringq_outcomes *outcomes)
{
    if (outcomes == NULL)
        return;
    rq_reply_free(outcomes->source);
    free(outcomes);
}
