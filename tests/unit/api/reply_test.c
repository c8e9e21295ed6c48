/* reply_test - slots: resolved once, in the protocol of their command, recycled; and
 * what becomes of those whose connection has gone.
 * SPDX-License-Identifier: MIT */
#include "api/reply.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"
#include "unit/broker/rig.h"

struct owner {
    struct reply_owner owner;
    int resolved;
    struct reply *last;
};

static void on_resolved(struct reply_owner *owner, struct reply *r)
{
    struct owner *o = RQ_CONTAINER_OF(owner, struct owner, owner);

    o->resolved++;
    o->last = r;
}

static const struct broker_config config = {.seed = 1, .store_wait_ns = RIO_SEC};

struct world {
    struct broker *broker; /* never started: LOADING */
    struct reply_pool pool;
    struct owner owner;
};

static void begin(struct world *w)
{
    static const struct broker_events events = {NULL, NULL, NULL};

    memset(w, 0, sizeof *w);
    w->broker = broker_new(&config, &events);
    assert_non_null(w->broker);
    reply_pool_init(&w->pool);
    w->owner.owner.resolved = on_resolved;
}

static void end(struct world *w)
{
    reply_pool_fini(&w->pool);
    broker_free(w->broker);
}

static struct reply *slot(struct world *w, int protocol)
{
    struct reply *r = reply_new(&w->pool, &w->owner.owner, w->broker, protocol);

    assert_non_null(r);
    return r;
}

static void assert_out(const struct reply *r, const char *text)
{
    struct rq_slice out = rq_buf_slice(&r->out);

    assert_true(r->resolved);
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.ptr, text, out.len);
}

static void a_slot_is_recycled_with_nothing_of_its_past(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *r = slot(&w, 2);
    r->close_after = r->has_waited = true;
    reply_ok(r);
    assert_int_equal(w.owner.resolved, 1);
    assert_out(r, "+OK\r\n");
    reply_free(r);
    struct reply *again = slot(&w, 3);
    assert_ptr_equal(again, r);
    assert_false(again->resolved || again->close_after || again->has_waited);
    assert_int_equal(again->out.len + again->lease_count, 0);
    reply_int(again, -7);
    assert_out(again, ":-7\r\n");
    reply_free(again);
    end(&w);
}

static void nil_is_written_in_the_protocol_of_the_command(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *two = slot(&w, 2), *three = slot(&w, 3);
    reply_timed_out(&two->promise);
    reply_timed_out(&three->promise);
    assert_out(two, "*-1\r\n");
    assert_out(three, "_\r\n");
    reply_free(two);
    reply_free(three);
    end(&w);
}

static void an_abandoned_slot_frees_itself_when_it_is_resolved(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *r = slot(&w, 2);
    reply_abandon(r);
    assert_int_equal(w.pool.free_count, 0);
    reply_failed(&r->promise, RQ_E_UNKNOWN);
    assert_int_equal(w.pool.free_count, 1);
    assert_int_equal(w.owner.resolved, 0);
    r = slot(&w, 2);
    reply_ok(r);
    reply_abandon(r); /* resolved already: at once */
    assert_int_equal(w.pool.free_count, 1);
    end(&w);
}

static void errors_say_what_to_do(void **state)
{
    static const struct {
        int code;
        const char *text;
    } cases[] = {
        {RQ_E_STORE, "-STORE not stored; try again\r\n"},
        {RQ_E_MOVED, "-MOVED another server owns this log; connect to it\r\n"},
        {-ENOMEM, "-LIMIT the server is out of memory; try again later\r\n"},
        {RQ_E_LOADING, "-LOADING still reading the log; try again in a moment\r\n"},
    };
    struct world w;

    (void)state;
    begin(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply *r = slot(&w, 2);

        reply_refuse(r, cases[i].code);
        assert_out(r, cases[i].text);
        reply_free(r);
    }
    end(&w);
}

static void a_text_from_outside_cannot_end_the_line(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *r = slot(&w, 2);
    reply_error(r, RQ_E_BADARG, "a\r\n+OK");
    assert_out(r, "-BADARG a  +OK\r\n");
    reply_free(r);
    end(&w);
}

static void a_reply_over_its_limit_becomes_an_error(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *r = slot(&w, 2);
    struct rq_resp_writer writer = reply_writer(r);
    rq_resp_simple(&writer, "much");
    writer.rc = -ENOBUFS;
    reply_resolve(r, &writer);
    assert_out(r, "-LIMIT the server has no memory for this reply; ask for less\r\n");
    reply_free(r);
    end(&w);
}

static void without_memory_even_for_the_error_the_reply_is_empty(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    struct reply *r = slot(&w, 2);
    size_t max = r->out.max;
    r->out.max = 3;
    reply_refuse(r, RQ_E_STORE);
    assert_out(r, "");
    r->out.max = max;
    reply_free(r);
    end(&w);
}

/* ---- with jobs ---- */

/* A slot that holds the lease of `a`, as after a GET. */
static struct reply *hand_over(struct world *w, struct rig *rig, struct answer *a)
{
    struct reply *r = reply_new(&w->pool, &w->owner.owner, rig->broker, 2);

    if (r == NULL || reply_reserve_leases(r, 1) < 0)
        return NULL;
    r->leases[r->lease_count++] = a->leases[0];
    reply_ok(r);
    return r;
}

static long what_was_not_sent_goes_back_uncounted_body(struct rig *rig)
{
    struct world w = {.owner.owner.resolved = on_resolved};
    struct answer a;
    struct reply *r;

    EXPECT_EQ(await(rig_up(rig)), 0);
    struct member *m = member_new(rig->broker);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);

    EXPECT_EQ(get(m, "q", 0, &a), 0);
    EXPECT((r = hand_over(&w, rig, &a)) != NULL);
    reply_abandon(r);
    EXPECT_EQ(look(rig, "q").ready, 1);

    EXPECT_EQ(get(m, "q", 0, &a), 0);
    EXPECT_EQ(a.attempts, 1);
    EXPECT((r = hand_over(&w, rig, &a)) != NULL);
    reply_take_back(r);
    EXPECT_EQ(r->out.len, 5); /* nil */
    EXPECT_EQ(look(rig, "q").ready, 1);
    reply_free(r);

    EXPECT_EQ(get(m, "q", 0, &a), 0);
    EXPECT_EQ(a.attempts, 1);
    EXPECT((r = hand_over(&w, rig, &a)) != NULL);
    reply_sent(r);
    reply_abandon(r);
    EXPECT_EQ(look(rig, "q").leased, 1); /* it has it, for good */
    member_leave(m);
    reply_pool_fini(&w.pool);
    return 0;
}

static void what_was_not_sent_goes_back_uncounted(void **state)
{
    (void)state;
    rig_run(what_was_not_sent_goes_back_uncounted_body, rig_no_aof);
}

TEST_MAIN(cmocka_unit_test(a_slot_is_recycled_with_nothing_of_its_past),
          cmocka_unit_test(nil_is_written_in_the_protocol_of_the_command),
          cmocka_unit_test(an_abandoned_slot_frees_itself_when_it_is_resolved),
          cmocka_unit_test(errors_say_what_to_do),
          cmocka_unit_test(a_text_from_outside_cannot_end_the_line),
          cmocka_unit_test(a_reply_over_its_limit_becomes_an_error),
          cmocka_unit_test(without_memory_even_for_the_error_the_reply_is_empty),
          cmocka_unit_test(what_was_not_sent_goes_back_uncounted))
