/* reply.h - the slot of one answer: bytes that come now or when a promise is kept.
 *
 * Slots stand in the order of the commands; the connection's writer sends each when it
 * is resolved.  A slot whose connection has gone is abandoned: it lives until its
 * promise is kept and then frees itself. SPDX-License-Identifier: MIT */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "base/buf.h"
#include "broker/broker.h"
#include "wire/command.h"
#include "wire/resp.h"

struct reply;

/* Slots are recycled with their memory: at a steady pace nothing is allocated. */
struct reply_pool {
    struct reply *free;
    size_t free_count;
    size_t held_bytes; /* of PUTs that wait for room */
};
struct held;
void reply_pool_init(struct reply_pool *pool);
void reply_pool_fini(struct reply_pool *pool);

/* What resolves a reply again and again, until its connection ends: WATCH. */
struct reply_stream {
    void (*stop)(struct reply_stream *stream);  /* frees it */
    void (*again)(struct reply_stream *stream); /* it may be resolved again; or NULL */
};

struct reply_owner {
    /* The reply is resolved; its bytes are in reply->out. */
    void (*resolved)(struct reply_owner *owner, struct reply *reply);
};

struct reply {
    struct promise promise;
    struct reply_pool *pool;
    struct reply_owner *owner; /* NULL: abandoned */
    struct broker *broker;
    struct rq_buf out;
    int protocol;
    bool resolved;
    bool close_after; /* the connection ends behind this reply */
    bool has_waited;  /* a GET that found nothing at first */

    /* The first lease_count were handed over with this reply and wait to be sent. */
    struct broker_lease *leases;
    size_t lease_count, lease_cap;

    struct held *held;           /* a PUT that waits for room; NULL: none */
    struct reply_stream *stream; /* NULL: it is resolved once */

    union { /* what the answer to a kept promise needs, by command */
        struct broker_receipt put;
        struct { /* the leases stand in `leases`; bad_at == asked: none is bad */
            size_t asked, finished, bad_at;
            int bad_code;
        } done;
        struct core_failed fail;
        struct { /* the ids stand in `leases` */
            size_t count;
            bool any;
        } wait;
        struct broker_changed changed;
        struct job_id batch; /* BATCH NEW */
        struct {
            bool has_count;
        } get;
    } u;
    struct reply *next; /* in the pool; behind it in what its connection owes */
};

/* An empty slot.  NULL: no memory.  Owns  gives: reply_free() or reply_abandon() */
struct reply *reply_new(struct reply_pool *pool, struct reply_owner *owner,
                        struct broker *broker, int protocol);
/* Only when resolved, or when no promise holds it. */
void reply_free(struct reply *r);
/* The connection is gone: leases not sent go back; frees now or when the promise is
 * kept. */
void reply_abandon(struct reply *r);
/* Its bytes are with the kernel: its leases are truly handed over. */
void reply_sent(struct reply *r);
/* A reply of a stream is with the kernel: it waits for the next. */
void reply_again(struct reply *r);
/* The peer has hung up before it could be handed what it had waited for: that goes
 * back, and the answer of a resolved GET is nil. */
void reply_take_back(struct reply *r);

/* Makes r->leases at least `n` long: for leases handed over, or as a command's scratch.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int reply_reserve_leases(struct reply *r, size_t n);

struct rq_resp_writer reply_writer(struct reply *r);
/* Ends writing: resolves the reply, or turns it into an error when memory ran out; when
 * there is none even for that the reply is empty, and the connection has to end. */
void reply_resolve(struct reply *r, const struct rq_resp_writer *w);
/* Resolves with `-CODE text`; text NULL: the table's. */
void reply_error(struct reply *r, int code, const char *text);
void reply_complain(struct reply *r, const struct rq_complaint *why);
/* Resolves with what a broker_ call returned: MOVED names the owner, STORE says why. */
void reply_refuse(struct reply *r, int code);
/* Parts of promise_ops: reply_refuse; nil. */
void reply_failed(struct promise *p, int code);
void reply_timed_out(struct promise *p);
void reply_ok(struct reply *r);
void reply_int(struct reply *r, int64_t v);

/* A name and its value, inside a map. */
void reply_pair_u64(struct rq_resp_writer *w, const char *name, uint64_t v);
void reply_pair_str(struct rq_resp_writer *w, const char *name, const char *v);

#endif
