/* reply - the public view of a reply's tree: a ringq_reply is a struct rq_reply.
 * Every function takes NULL, and any type of node, and then says nothing.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "wire/reply.h"

#include "lib/job.h"

static const struct rq_reply *node(const ringq_reply *r)
{
    return (const struct rq_reply *)r;
}

enum ringq_type ringq_reply_type(const ringq_reply *r)
{
    if (r == NULL)
        return RINGQ_NULL;
    switch (node(r)->type) {
    case RQ_REPLY_INT:
        return RINGQ_INTEGER;
    case RQ_REPLY_BULK:
    case RQ_REPLY_SIMPLE:
    case RQ_REPLY_ERROR: /* inside an array */
        return RINGQ_STRING;
    case RQ_REPLY_ARRAY:
        return RINGQ_ARRAY;
    case RQ_REPLY_MAP:
        return RINGQ_MAP;
    case RQ_REPLY_BOOL:
        return RINGQ_BOOLEAN;
    case RQ_REPLY_DOUBLE:
        return RINGQ_DOUBLE;
    case RQ_REPLY_NULL:
        break;
    }
    return RINGQ_NULL;
}

int64_t ringq_reply_integer(const ringq_reply *r)
{
    int64_t v;

    if (r == NULL)
        return 0;
    if (node(r)->type == RQ_REPLY_BOOL)
        return node(r)->integer;
    return rq_job_number(node(r), INT64_MIN, INT64_MAX, &v) < 0 ? 0 : v;
}

double ringq_reply_double(const ringq_reply *r)
{
    if (r != NULL && node(r)->type == RQ_REPLY_DOUBLE)
        return node(r)->real;
    return (double)ringq_reply_integer(r);
}

const char *ringq_reply_string(const ringq_reply *r, size_t *len)
{
    bool is_string = r != NULL && node(r)->str.ptr != NULL;

    if (len != NULL)
        *len = is_string ? node(r)->str.len : 0;
    return is_string ? (const char *)node(r)->str.ptr : "";
}

size_t ringq_reply_count(const ringq_reply *r)
{
    if (r == NULL)
        return 0;
    return node(r)->type == RQ_REPLY_MAP ? node(r)->count / 2 : node(r)->count;
}

const ringq_reply *ringq_reply_at(const ringq_reply *r, size_t i)
{
    if (i >= ringq_reply_count(r))
        return NULL;
    if (node(r)->type == RQ_REPLY_MAP)
        i = 2 * i + 1;
    return (const ringq_reply *)&node(r)->elements[i];
}

const char *ringq_reply_key(const ringq_reply *r, size_t i)
{
    if (ringq_reply_type(r) != RINGQ_MAP || i >= ringq_reply_count(r))
        return "";
    return ringq_reply_string((const ringq_reply *)&node(r)->elements[2 * i], NULL);
}

const ringq_reply *ringq_reply_field(const ringq_reply *r, const char *name)
{
    if (r == NULL || name == NULL)
        return NULL;
    return (const ringq_reply *)rq_reply_field(node(r), name);
}

void ringq_reply_free(ringq_reply *r)
{
    rq_reply_free((struct rq_reply *)r);
}
