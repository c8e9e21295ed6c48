/* named - see named.h.
 * SPDX-License-Identifier: MIT */
#include "named.h"

#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "core/limits.h"
#include "support/test.h"

void attrs_of(struct rq_buf *out, const char *name)
{
    const struct attr attr = {.kind = ATTR_GROUP, .value = rq_slice(name, 1)};

    rq_buf_init(out, LIMIT_ATTRS_BYTES);
    if (name[0] != '-')
        assert_int_equal(attrs_add(out, &attr), 0);
}

struct job_id put_as(struct world *w, const char *queue, const char *name,
                     struct job_policy policy, int64_t due_wall_ms)
{
    struct rq_buf attrs;
    struct job_id id;

    attrs_of(&attrs, name);
    const struct core_put put = {.queue = rq_slice_str(queue),
                                 .body = rq_slice_str(name),
                                 .attrs = rq_buf_slice(&attrs),
                                 .policy = policy,
                                 .due_wall_ms = due_wall_ms};
    assert_int_equal(world_put_full(w, &put, &id), 0);
    world_land(w);
    rq_buf_fini(&attrs);
    return id;
}

struct job_id put(struct world *w, const char *name)
{
    return put_as(w, "q", name, world_policy(), 0);
}

struct job_id put_pri(struct world *w, const char *name, uint8_t pri)
{
    struct job_policy policy = world_policy();

    policy.pri = pri;
    return put_as(w, "q", name, policy, 0);
}

void put_all(struct world *w, const char *names)
{
    char name[3] = {0};

    for (; *names != '\0'; names += names[2] == ' ' ? 3 : 2) {
        memcpy(name, names, 2);
        put(w, name);
    }
}

const char *name_of(struct world *w, struct job_id id)
{
    static char name[8];
    const struct job_view *view = world_view(w, id);

    assert_true(view->body.len < sizeof name);
    snprintf(name, sizeof name, "%.*s", (int)view->body.len,
             (const char *)view->body.ptr);
    return name;
}

struct taken take(struct world *w, const char *name)
{
    struct taken t;

    t.lease = world_get(w, "q", &t.id);
    assert_int_not_equal(t.lease, 0);
    assert_string_equal(name_of(w, t.id), name);
    return t;
}

void assert_nothing(struct world *w)
{
    assert_int_equal(world_get(w, "q", NULL), 0);
}

void assert_order(struct world *w, const char *names)
{
    char name[3] = {0};

    for (; *names != '\0'; names += names[2] == ' ' ? 3 : 2) {
        memcpy(name, names, 2);
        take(w, name);
    }
    assert_nothing(w);
}

void set_limit(struct world *w, uint32_t grouplimit)
{
    world_set(w, (struct record_settings){.grouplimit = grouplimit});
    world_tick(w);
}

struct taken served(struct world *w, const char *name)
{
    world_tick(w);
    const struct event *e = world_event(w, EFFECT_DELIVER);

    assert_string_equal(name_of(w, e->job), name);
    return (struct taken){e->job, e->lease};
}

void assert_none_is_served(struct world *w)
{
    world_tick(w);
    assert_int_equal(world_count(w, EFFECT_DELIVER), 0);
}

const struct queue *queue(struct world *w)
{
    return core_find_queue(w->core, RQ_LIT("q"));
}

void end_done(struct world *w, struct taken t)
{
    assert_int_equal(world_done(w, t.id, t.lease), 0);
}

void end_fail(struct world *w, struct taken t)
{
    struct core_failed out;

    assert_int_equal(world_fail(w, t.id, t.lease, "x", 1000, false, &out), 0);
}

void end_dead(struct world *w, struct taken t)
{
    struct core_failed out;

    assert_int_equal(world_fail(w, t.id, t.lease, "x", 0, true, &out), 0);
}

void end_release_later(struct world *w, struct taken t)
{
    assert_int_equal(world_release(w, t.id, t.lease, 1000), 0);
}

void end_cancelled(struct world *w, struct taken t)
{
    assert_int_equal(world_cancel_job(w, t.id), 1);
    assert_int_equal(world_release(w, t.id, t.lease, 0), 0);
}

int replace(struct world *w, struct job_id id, const char *name)
{
    struct rq_buf attrs;

    attrs_of(&attrs, name);
    int rc =
        core_replace(w->core, id, rq_slice_str(name), rq_buf_slice(&attrs), &w->fx);
    world_carry(w);
    rq_buf_fini(&attrs);
    return rc;
}
