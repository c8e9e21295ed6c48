/* batch - BATCH NEW and CLOSE, JOIN BATCH: jobs that end together.
 * SPDX-License-Identifier: MIT */
#include "lib/args.h"
#include "lib/client.h"
#include "lib/joined.h"

static int begin(ringq *q, const char *id)
{
    int rc = rq_client_begin(q);

    if (rc < 0 || id != NULL)
        return rc;
    return rq_client_fail(q, RINGQ_USAGE, "the batch is missing");
}

static int read_id(ringq *q, const struct rq_reply *reply, char *out)
{
    if (reply->str.ptr == NULL || reply->str.len >= RINGQ_ID_SIZE)
        return rq_client_distrust(q, RINGQ_PROTOCOL,
                                  "the reply to BATCH NEW is not an id");
    memcpy(out, reply->str.ptr, reply->str.len + 1);
    return 0;
}

int ringq_batch_new(ringq *q, int64_t keep_ms, char *out_id)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = rq_client_begin(q);

    if (rc == 0 && out_id == NULL)
        rc = rq_client_fail(q, RINGQ_USAGE, "BATCH NEW needs a place for the id");
    if (rc < 0)
        return rc;
    rq_args_init(&a, "BATCH");
    rq_args_str(&a, "NEW");
    if (keep_ms >= 0)
        rq_args_number(&a, "KEEP", keep_ms);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = read_id(q, reply, out_id);
    rq_reply_free(reply);
    return rc;
}

int ringq_batch_close(ringq *q, const char *id)
{
    struct rq_args a;
    int rc = begin(q, id);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "BATCH");
    rq_args_str(&a, "CLOSE");
    rq_args_str(&a, id);
    return rq_client_send(q, &a, NULL);
}

int ringq_batch_join(ringq *q, const char *id, int64_t block_ms, ringq_joined *out)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int rc = begin(q, id);

    if (rc < 0)
        return rc;
    rq_args_init(&a, "JOIN");
    rq_args_str(&a, "BATCH");
    rq_args_str(&a, id);
    if (block_ms >= 0)
        rq_args_number(&a, "BLOCK", block_ms);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0)
        rc = rq_joined_read(q, reply, out);
    rq_reply_free(reply);
    return rc;
}
