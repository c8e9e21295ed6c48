/* batch_rig - batches in a world.
 * SPDX-License-Identifier: MIT */
#include "batch_rig.h"

#include "base/err.h"
#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"

int batch_cookie;

/* A PUT into a batch, not landed yet.  Returns  as core_put() */
int batch_put_into(struct world *w, const char *queue, struct job_id batch,
                   struct job_id *out)
{
    struct rq_buf attrs;

    rq_buf_init(&attrs, LIMIT_ATTRS_BYTES);
    assert_int_equal(attrs_add_batch(&attrs, batch), 0);
    int rc = world_put_attrs(w, queue, "x", rq_buf_slice(&attrs), 0, 0, out);
    rq_buf_fini(&attrs);
    return rc;
}

struct job_id batch_put(struct world *w, const char *queue, struct job_id batch)
{
    struct job_id id;

    assert_int_equal(batch_put_into(w, queue, batch, &id), 0);
    world_land(w);
    return id;
}

/* An open batch in the log, of a world that begins. */
struct job_id batch_begin(struct world *w)
{
    world_init(w);
    struct job_id batch = world_batch(w, BATCH_KEEP);
    world_land(w);
    return batch;
}

void batch_close_landed(struct world *w, struct job_id batch)
{
    assert_int_equal(world_close(w, batch), 1);
    world_land(w);
}

void batch_finish(struct world *w, const char *queue)
{
    struct job_id id;
    uint64_t lease = world_get(w, queue, &id);

    assert_int_equal(world_done(w, id, lease), 0);
}

/* Takes a job and lets it die. */
struct job_id batch_kill_one(struct world *w)
{
    struct core_failed failed;
    struct job_id id;
    uint64_t lease = world_get(w, "q", &id);

    assert_int_equal(world_fail(w, id, lease, "no", -1, true, &failed), 0);
    world_land(w);
    return id;
}

/* JOIN BATCH that waits. */
void batch_wait_for(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, -1, &batch_cookie, &waiter), 0);
    assert_non_null(waiter);
    assert_int_equal(world_count(w, EFFECT_JOINED), 0);
}

void batch_assert_counts(const struct event *e, struct join_counts want)
{
    assert_int_equal(e->counts.done, want.done);
    assert_int_equal(e->counts.dead, want.dead);
    assert_int_equal(e->counts.expired, want.expired);
    assert_int_equal(e->counts.cancelled, want.cancelled);
}

/* It is over: JOIN BATCH BLOCK 0 says so. */
void batch_assert_over(struct world *w, struct job_id batch, struct join_counts want)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, 0, &batch_cookie, &waiter), 0);
    batch_assert_counts(world_event(w, EFFECT_JOINED), want);
}

void batch_assert_not_over(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    assert_int_equal(world_join_batch(w, batch, 0, &batch_cookie, &waiter), 0);
    assert_int_equal(world_count(w, EFFECT_JOINED), 0);
    assert_int_equal(world_count(w, EFFECT_TIMEOUT), 1);
}

int batch_join_code(struct world *w, struct job_id batch)
{
    struct waiter *waiter;

    return world_join_batch(w, batch, 0, &batch_cookie, &waiter);
}
