/* writer_test - what a peer is owed: how much of it holds the peer back, and when the
 * writer is woken.
 * SPDX-License-Identifier: MIT */
#include "net/writer.h"

#include "core/limits.h"
#include "support/test.h"

struct line {
    struct reply_pool pool;
    struct reply_owner owner;
    struct writer writer;
};

static void on_resolved(struct reply_owner *owner, struct reply *r)
{
    writer_resolved(&RQ_CONTAINER_OF(owner, struct line, owner)->writer, r);
}

static void begin(struct line *l)
{
    *l = (struct line){.owner = {.resolved = on_resolved}};
    reply_pool_init(&l->pool);
    writer_init(&l->writer, NULL);
}

static void end(struct line *l)
{
    for (struct reply *r = l->writer.first; r != NULL; r = r->next)
        if (!r->resolved)
            reply_ok(r);
    writer_fini(&l->writer);
    reply_pool_fini(&l->pool);
}

static struct reply *owe(struct line *l)
{
    struct reply *r = reply_new(&l->pool, &l->owner, NULL, 2);

    assert_non_null(r);
    writer_owe(&l->writer, r);
    return r;
}

/* Resolves `r` with `len` bytes in all. */
static void resolve_with(struct reply *r, size_t len)
{
    struct rq_resp_writer w = reply_writer(r);
    uint8_t *at = rq_resp_room(&w, len);

    assert_non_null(at);
    memset(at, '+', len);
    rq_resp_laid(&w, at + len);
    reply_resolve(r, &w);
}

static void a_peer_may_be_owed_as_many_replies_as_hello_names(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    for (int i = 0; i < LIMIT_PIPELINE_DEPTH - 1; i++)
        (void)owe(&l);
    assert_false(writer_is_behind(&l.writer));
    (void)owe(&l);
    assert_true(writer_is_behind(&l.writer));
    end(&l);
}

static void replies_that_are_too_large_together_hold_the_peer_back(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    resolve_with(owe(&l), LIMIT_OUTPUT_BYTES);
    assert_false(writer_is_behind(&l.writer));
    resolve_with(owe(&l), 1);
    assert_true(writer_is_behind(&l.writer));
    end(&l);
}

static void only_the_first_that_is_owed_wakes_the_writer(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    struct reply *first = owe(&l), *second = owe(&l);
    reply_ok(second);
    assert_false(rio_event_is_set(&l.writer.due));
    reply_ok(first);
    assert_true(rio_event_is_set(&l.writer.due));
    end(&l);
}

static void a_first_that_is_resolved_when_it_comes_wakes_the_writer(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    struct reply *r = reply_new(&l.pool, &l.owner, NULL, 2);
    assert_non_null(r);
    reply_ok(r);
    assert_false(rio_event_is_set(&l.writer.due));
    writer_owe(&l.writer, r);
    assert_true(rio_event_is_set(&l.writer.due));
    end(&l);
}

static void what_comes_first_after_the_peer_has_left_wakes_the_writer(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    writer_peer_left(&l.writer);
    rio_event_clear(&l.writer.due);
    (void)owe(&l);
    assert_true(rio_event_is_set(&l.writer.due));
    end(&l);
}

TEST_MAIN(cmocka_unit_test(a_peer_may_be_owed_as_many_replies_as_hello_names),
          cmocka_unit_test(replies_that_are_too_large_together_hold_the_peer_back),
          cmocka_unit_test(only_the_first_that_is_owed_wakes_the_writer),
          cmocka_unit_test(a_first_that_is_resolved_when_it_comes_wakes_the_writer),
          cmocka_unit_test(what_comes_first_after_the_peer_has_left_wakes_the_writer))
