/* job - from the reply of GET to a ringq_job.
 *
 * A job keeps the reply it came in: queue, body, error and headers point into it.
 * SPDX-License-Identifier: MIT */
#include "lib/job.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

struct job {
    ringq_job job; /* first: a ringq_job is the address of one of these */
    struct rq_reply *source;
    char nothing[1]; /* the error of a first attempt */
    ringq_header headers[];
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

/* Of a map, or of the array of names and values that RESP2 has for one. */
static size_t count_headers(const struct rq_reply *headers)
{
    return headers != NULL ? headers->count / 2 : 0;
}

static bool fill_headers(struct job *j, const struct rq_reply *headers)
{
    size_t n = count_headers(headers);

    for (size_t i = 0; i < n; i++) {
        const struct rq_reply *name = &headers->elements[2 * i], *value = name + 1;

        if (name->str.ptr == NULL || value->str.ptr == NULL)
            return false;
        j->headers[i] = (ringq_header){(const char *)name->str.ptr,
                                       (const char *)value->str.ptr, value->str.len};
    }
    j->job.headers = j->headers;
    j->job.header_count = n;
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
        queue->str.ptr == NULL || body == NULL || body->str.ptr == NULL ||
        !fill_headers(j, rq_reply_field(map, "headers")))
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
    size_t headers = count_headers(rq_reply_field(map, "headers"));
    struct job *j = calloc(1, sizeof *j + headers * sizeof j->headers[0]);

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

const char *ringq_job_header(const ringq_job *job, const char *name)
{
    for (size_t i = 0; name != NULL && i < job->header_count; i++)
        if (strcasecmp(job->headers[i].name, name) == 0)
            return job->headers[i].value;
    return NULL;
}

void ringq_job_free(ringq_job *job)
{
    struct job *j = (struct job *)job;

    if (j == NULL)
        return;
    rq_reply_free(j->source);
    free(j);
}
