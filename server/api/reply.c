/* reply.c - see reply.h.
 * SPDX-License-Identifier: MIT */
#include "api/reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/held.h"
#include "base/assert.h"
#include "base/err.h"

enum {
    POOL_MAX = 16384,         /* slots kept for later */
    KEEP_BYTES = 4096,        /* of a slot's buffer */
    REPLY_BYTES_MAX = 1 << 30 /* no reply is larger: GET stops long before */
};

void reply_pool_init(struct reply_pool *pool)
{
    *pool = (struct reply_pool){NULL, 0, 0};
}

void reply_pool_fini(struct reply_pool *pool)
{
    struct reply *r;

    while ((r = pool->free) != NULL) {
        pool->free = r->next;
        rq_buf_fini(&r->out);
        free(r->leases);
        free(r);
    }
    pool->free_count = 0;
}

static struct reply *take_slot(struct reply_pool *pool)
{
    struct reply *r = pool->free;

    if (r != NULL) {
        pool->free = r->next;
        pool->free_count--;
        return r;
    }
    r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->pool = pool;
        rq_buf_init(&r->out, REPLY_BYTES_MAX);
    }
    return r;
}

struct reply *reply_new(struct reply_pool *pool, struct reply_owner *owner,
                        struct broker *broker, int protocol)
{
    struct reply *r = take_slot(pool);

    if (r == NULL)
        return NULL;
    promise_init(&r->promise, NULL);
    r->owner = owner;
    r->broker = broker;
    r->protocol = protocol;
    r->resolved = false;
    r->close_after = false;
    r->has_waited = false;
    r->lease_count = 0;
    r->held = NULL;
    r->stream = NULL;
    return r;
}

void reply_free(struct reply *r)
{
    struct reply_pool *pool = r->pool;

    ASSERT(r->promise.waiter == NULL);
    held_drop(r);
    if (r->stream != NULL)
        r->stream->stop(r->stream);
    if (pool->free_count >= POOL_MAX) {
        rq_buf_fini(&r->out);
        free(r->leases);
        free(r);
        return;
    }
    rq_buf_shrink(&r->out, KEEP_BYTES);
    r->next = pool->free;
    pool->free = r;
    pool->free_count++;
}

static void give_back(struct reply *r)
{
    for (size_t i = 0; i < r->lease_count; i++)
        broker_undeliver(r->broker, r->leases[i].id, r->leases[i].n);
    r->lease_count = 0;
}

void reply_take_back(struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);

    ASSERT(r->resolved);
    give_back(r);
    rq_resp_null_array(&w);
}

void reply_abandon(struct reply *r)
{
    give_back(r);
    r->owner = NULL;
    if (r->resolved || r->stream != NULL)
        reply_free(r);
}

void reply_sent(struct reply *r)
{
    r->lease_count = 0;
}

void reply_again(struct reply *r)
{
    ASSERT(r->stream != NULL && r->resolved);
    rq_buf_clear(&r->out);
    r->resolved = false;
    if (r->stream->again != NULL)
        r->stream->again(r->stream);
}

int reply_reserve_leases(struct reply *r, size_t n)
{
    if (n <= r->lease_cap)
        return 0;
    struct broker_lease *leases = realloc(r->leases, n * sizeof *leases);
    if (leases == NULL)
        return -ENOMEM;
    r->leases = leases;
    r->lease_cap = n;
    return 0;
}

struct rq_resp_writer reply_writer(struct reply *r)
{
    rq_buf_clear(&r->out);
    return (struct rq_resp_writer){.out = &r->out, .protocol = r->protocol, .rc = 0};
}

void reply_resolve(struct reply *r, const struct rq_resp_writer *w)
{
    ASSERT(!r->resolved);
    if (w->rc < 0) {
        reply_error(r, RQ_E_LIMIT,
                    "the server has no memory for this reply; ask for less");
        return;
    }
    r->resolved = true;
    if (r->owner != NULL)
        r->owner->resolved(r->owner, r);
    else
        reply_free(r);
}

void reply_error(struct reply *r, int code, const char *text)
{
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_error(&w, rq_err_wire(code), text != NULL ? text : rq_err_text(code));
    if (w.rc < 0)
        rq_buf_clear(&r->out);
    w.rc = 0;
    reply_resolve(r, &w);
}

void reply_complain(struct reply *r, const struct rq_complaint *why)
{
    reply_error(r, why->code, why->text);
}

void reply_refuse(struct reply *r, int code)
{
    char text[320];
    const char *detail = broker_owner(r->broker);

    if (code == RQ_E_STORE && detail[0] == '\0')
        detail = broker_trouble(r->broker);
    if (code == RQ_E_MOVED && detail[0] != '\0') {
        snprintf(text, sizeof text,
                 "%s another server owns this log now; connect to it", detail);
        reply_error(r, code, text);
    } else if (code == RQ_E_STORE && detail[0] != '\0') {
        snprintf(text, sizeof text, "not stored: %s", detail);
        reply_error(r, code, text);
    } else if (code == -ENOMEM) {
        reply_error(r, RQ_E_LIMIT, "the server is out of memory; try again later");
    } else {
        reply_error(r, code, NULL);
    }
}

void reply_failed(struct promise *p, int code)
{
    reply_refuse(RQ_CONTAINER_OF(p, struct reply, promise), code);
}

void reply_timed_out(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_null_array(&w);
    reply_resolve(r, &w);
}

void reply_ok(struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_simple(&w, "OK");
    reply_resolve(r, &w);
}

void reply_int(struct reply *r, int64_t v)
{
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_int(&w, v);
    reply_resolve(r, &w);
}

void reply_pair_u64(struct rq_resp_writer *w, const char *name, uint64_t v)
{
    rq_resp_bulk_str(w, name);
    rq_resp_int(w, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

void reply_pair_str(struct rq_resp_writer *w, const char *name, const char *v)
{
    rq_resp_bulk_str(w, name);
    rq_resp_bulk_str(w, v);
}
