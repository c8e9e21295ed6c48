/* job - from the reply of GET to a ringq_job.
 *
 * A job keeps the reply it came in: queue, body and error point into it.
 * SPDX-License-Identifier: MIT */
#include "lib/job.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

struct job {
    ringq_job job; /* first: a ringq_job is the address of one of these */
    struct rq_reply *source;
    char nothing[1]; /* the error of a first attempt */
};

int rq_job_number(const struct rq_reply *reply, int64_t min, int64_t max, int64_t *out)
{
    if (reply == NULL)
        return -EINVAL;
    if (reply->type != RQ_REPLY_INT)
        return rq_num_i64(reply->str, min, max, out);
    if (reply->integer < min || reply->integer > max)
        return -ERANGE;
    *out = reply->integer;
    return 0;
}

static bool copy_field(const struct rq_reply *map, const char *name, char *to,
                       size_t size)
{
    const struct rq_reply *f = rq_reply_field(map, name);

    if (f == NULL || f->str.len == 0 || f->str.len >= size)
        return false;
    memcpy(to, f->str.ptr, f->str.len + 1);
    return true;
}

static bool number_field(const struct rq_reply *map, const char *name, unsigned *out)
{
    int64_t v;

    if (rq_job_number(rq_reply_field(map, name), 0, UINT32_MAX, &v) < 0)
        return false;
    *out = (unsigned)v;
    return true;
}

static bool fill(struct job *j, const struct rq_reply *map)
{
    const struct rq_reply *queue = rq_reply_field(map, "queue");
    const struct rq_reply *body = rq_reply_field(map, "body");
    const struct rq_reply *error = rq_reply_field(map, "error");

    if (!copy_field(map, "id", j->job.id, sizeof j->job.id) ||
        !copy_field(map, "lease", j->job.lease, sizeof j->job.lease) ||
        !number_field(map, "attempt", &j->job.attempt) ||
        !number_field(map, "ttr", &j->job.ttr_ms) || queue == NULL ||
        queue->str.ptr == NULL || body == NULL || body->str.ptr == NULL)
        return false;
    j->job.queue = (char *)queue->str.ptr;
    j->job.body = (void *)body->str.ptr;
    j->job.body_len = body->str.len;
    j->job.error =
        error != NULL && error->str.ptr != NULL ? (char *)error->str.ptr : j->nothing;
    return true;
}

int rq_job_from_reply(struct rq_reply *map, ringq_job **out)
{
    struct job *j = calloc(1, sizeof *j);

    if (j == NULL)
        return RINGQ_NOMEM;
    j->source = malloc(sizeof *j->source);
    if (j->source == NULL) {
        free(j);
        return RINGQ_NOMEM;
    }
    if (!fill(j, map)) {
        free(j->source);
        free(j);
        return RINGQ_PROTOCOL;
    }
    *j->source = *map;
    *map = (struct rq_reply){.type = RQ_REPLY_NULL};
    *out = &j->job;
    return 0;
}

void ringq_job_free(ringq_job *job)
{
    struct job *j = (struct job *)job;

    if (j == NULL)
        return;
    rq_reply_free(j->source);
    free(j);
}
