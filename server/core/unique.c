/* unique - see unique.h.
 *
 * A window that is over is found out when somebody asks for the key, or when the
 * remnant goes.
 * SPDX-License-Identifier: MIT */
#include "core/unique.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "core/limits.h"
#include "core/state.h"
#include "core/timer.h"

struct unique {
    struct job_id id;
    struct remnant *remnant; /* NULL: the job is there */
    int64_t until_ns;        /* of the window */
    size_t len;
    uint8_t key[]; /* the queue's address, then what the producer said */
};

struct rq_slice unique_key_of(const void *unique)
{
    const struct unique *u = unique;

    return rq_slice(u->key, u->len);
}

struct rq_slice unique_of(const struct remnant *r)
{
    const struct unique *u = r->unique;
    size_t before = sizeof(struct queue *);

    return u == NULL ? RQ_LIT("") : rq_slice(u->key + before, u->len - before);
}

static struct unique *unique_new(const struct queue *q, struct rq_slice key)
{
    struct unique *u = malloc(sizeof *u + sizeof q + key.len);

    if (u == NULL)
        return NULL;
    *u = (struct unique){.len = sizeof q + key.len};
    memcpy(u->key, &q, sizeof q);
    memcpy(u->key + sizeof q, key.ptr, key.len);
    return u;
}

static struct unique *find(const struct core *core, const struct queue *q,
                           struct rq_slice key)
{
    uint8_t whole[sizeof q + LIMIT_KEY_BYTES];

    ASSERT(key.len <= LIMIT_KEY_BYTES);
    memcpy(whole, &q, sizeof q);
    memcpy(whole + sizeof q, key.ptr, key.len);
    return rq_map_get(&core->uniques, rq_slice(whole, sizeof q + key.len));
}

static void forget(struct core *core, struct unique *u)
{
    void *removed = rq_map_remove(&core->uniques, unique_key_of(u));

    ASSERT(removed == u);
    free(u);
}

bool unique_find(struct core *core, const struct queue *q, struct rq_slice key,
                 struct core_now now, struct job_id *out)
{
    struct unique *u = find(core, q, key);

    if (u == NULL)
        return false;
    if (u->remnant != NULL && u->until_ns <= now.mono_ns) {
        u->remnant->unique = NULL;
        forget(core, u);
        return false;
    }
    *out = u->id;
    return true;
}

/* Into the map.  Owns  consumes `u`.  Errors  -ENOMEM */
static int add(struct core *core, struct unique *u)
{
    int rc = u == NULL ? -ENOMEM : rq_map_put(&core->uniques, u);

    if (rc < 0)
        free(u);
    return rc;
}

int unique_hold(struct core *core, struct job *job, struct rq_slice key)
{
    struct unique *u = unique_new(job_queue(job), key);

    if (u != NULL)
        u->id = job_id(job);
    int rc = add(core, u);
    if (rc == 0)
        job_extra(job)->unique = u;
    return rc;
}

void unique_release(struct core *core, struct job *job)
{
    if (job_extra(job) == NULL || job_extra(job)->unique == NULL)
        return;
    forget(core, job_extra(job)->unique);
    job_extra(job)->unique = NULL;
}

void unique_pass_on(struct job *job, struct remnant *r, int64_t window_ms,
                    struct core_now now)
{
    struct unique *u = job_extra(job)->unique;

    if (u == NULL || window_ms == 0)
        return;
    job_extra(job)->unique = NULL;
    u->remnant = r;
    u->until_ns = timer_after_ms(now.mono_ns, window_ms);
    r->unique = u;
}

int unique_replay(struct core *core, struct remnant *r, struct rq_slice key,
                  int64_t window_ms, struct core_now now)
{
    struct unique *u = unique_new(r->queue, key);

    if (u != NULL) {
        u->id = r->id;
        u->remnant = r;
        u->until_ns = timer_after_ms(now.mono_ns, window_ms);
    }
    int rc = add(core, u);
    if (rc == 0)
        r->unique = u;
    return rc;
}

void unique_drop(struct core *core, struct remnant *r)
{
    if (r->unique != NULL)
        forget(core, r->unique);
    r->unique = NULL;
}

void uniques_free(struct core *core)
{
    struct unique *u;
    size_t cursor = 0;

    while ((u = rq_map_next(&core->uniques, &cursor)) != NULL)
        free(u);
}
