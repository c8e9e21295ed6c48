/* nomem_test - without memory records are refused or wait; none is lost or doubled.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/commit.h"
#include "store/encode.h"
#include "store/fetch.h"
#include "support/alloc.h"
#include "support/test.h"
#include "unit/store/records.h"
#include "unit/store/rig.h"

enum { TRIES = 40 };

static int allow_all(void **state)
{
    (void)state;
    alloc_fail_after(-1);
    return 0;
}

/* Whatever fails at the n-th allocation, the next append finds everything in order. */
static void an_append_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (long n = 0; n < 8; n++) {
        struct ledger ledger;
        static struct commits commits;
        struct record put = record_put(7, 1, "body");
        uint64_t seq = 0;

        ledger_init(&ledger);
        commits_init(&commits, &ledger);
        alloc_fail_after(n);
        int rc = commits_append(&commits, &put, 0, &seq);
        bool failed = alloc_has_failed();
        alloc_fail_after(-1);
        assert_int_equal(rc, failed ? -ENOMEM : 0);
        if (rc < 0) {
            assert_int_equal(ledger.live, 0);
            assert_null(commits_first(&commits));
            assert_int_equal(commits_append(&commits, &put, 0, &seq), 0);
        }
        assert_int_equal(seq, 1);
        assert_int_equal(encode_count(&commits_first(&commits)->plain), 1);
        assert_int_equal(commits.bytes, commits_first(&commits)->plain.len);
        assert_int_equal(ledger.live, 1);
        commits_fini(&commits);
        ledger_fini(&ledger);
    }
}

/* The same with a body that stands apart. */
static void a_large_body_that_fails_changes_nothing(void **state)
{
    static uint8_t body[BIG_OVER + 1];
    bool has_failed = true;

    (void)state;
    for (long n = 0; has_failed; n++) {
        struct ledger ledger;
        static struct commits commits;
        struct record put = record_put(7, 1, "");
        uint64_t seq = 0;

        put.body = rq_slice(body, sizeof body);
        ledger_init(&ledger);
        commits_init(&commits, &ledger);
        commits.bigs.epoch = 7;
        alloc_fail_after(n);
        int rc = commits_append(&commits, &put, 0, &seq);
        has_failed = alloc_has_failed();
        alloc_fail_after(-1);
        assert_int_equal(rc, has_failed ? -ENOMEM : 0);
        assert_int_equal(commits.bigs.count, has_failed ? 0 : 1);
        assert_int_equal(commits.bigs.bytes, has_failed ? 0 : sizeof body);
        if (rc < 0)
            assert_int_equal(commits_append(&commits, &put, 0, &seq), 0);
        assert_int_equal(commits.bytes,
                         commits_first(&commits)->plain.len + sizeof body);
        assert_int_equal(ledger.live, 1);
        commits_fini(&commits);
        ledger_fini(&ledger);
    }
}

static void a_ledger_that_cannot_grow_keeps_its_lines(void **state)
{
    struct ledger l;
    uint64_t seq;

    (void)state;
    ledger_init(&l);
    for (uint64_t i = 1; i <= 64; i++)
        assert_int_equal(ledger_add(&l, &seq), 0);
    alloc_fail_after(0);
    assert_int_equal(ledger_add(&l, &seq), -ENOMEM);
    alloc_fail_after(-1);
    assert_int_equal(ledger_next(&l), 65);
    assert_int_equal(ledger_add(&l, &seq), 0);
    assert_int_equal(seq, 65);
    ledger_fini(&l);
}

/* Memory fails from the n-th allocation on, for a few turns, while commits go out. */
RIO_AWAITS static long shortages(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t accepted = 0;

    a->config.redis_timeout_ns = 200 * RIO_MS;
    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    for (long n = 0; n < TRIES; n++) {
        struct record put = record_put(a->epoch, accepted + 1, "body");
        uint64_t seq = 0;

        alloc_fail_after(n / 2);
        int rc = store_append(a->store, &put, &seq);
        for (int turn = 0; turn < 4; turn++) {
            RIO_IGNORE(await(rio_yield()));
            RIO_IGNORE(await(rio_sleep(RIO_MS / 4))); /* it needs memory, too */
        }
        alloc_fail_after(-1);
        EXPECT(rc == 0 || rc == -ENOMEM);
        accepted += rc == 0;
        if (n % 2 == 1)
            EXPECT(await(store_flush(a->store)) == 0);
    }
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(accepted > 0 && a->stopped == STORE_CONNECTING && !a->went_back);
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_up(&rig->b, 1)));
    EXPECT(rig->b.seen_count == accepted);
    for (uint64_t i = 1; i <= accepted; i++)
        EXPECT(rig->b.seen[i - 1].job.number == i);
    return 0;
}

static void a_store_survives_shortages_of_memory(void **state)
{
    (void)state;
    rig_run(shortages, rig_no_aof);
}

/* The commit may be written and its WAIT not. */
static long shortages_with_copies(struct rig *rig)
{
    rig->a.config.copies = 1;
    rig->a.config.copies_wait_ns = RIO_MS;
    return await(shortages(rig));
}

static void a_store_that_waits_for_copies_survives_them_too(void **state)
{
    (void)state;
    rig_run(shortages_with_copies, rig_no_aof);
}

static size_t told, right;

static void on_fetched(void *arg, const struct store_want *want, struct rq_slice body,
                       int rc)
{
    (void)arg;
    told++;
    right += rc == 0 && body.len == 100 * want->job.number;
}

/* Each want is told once, or none at all. */
static long short_fetches(struct rig *rig)
{
    struct peer *a = &rig->a;
    struct store_want wants[3];
    bool has_failed = true;

    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    for (uint64_t i = 1; i <= 3; i++)
        wants[i - 1] = (struct store_want){
            {a->epoch, i}, await(peer_put_flush(a, i, 100 * (size_t)i))};
    for (long n = 0; has_failed || n < 2 * TRIES; n++) {
        told = right = 0;
        if (n % 2 == 0)
            alloc_fail_only(n / 2);
        else
            alloc_fail_after(n / 2);
        int rc = await(store_fetch(a->store, wants, 3, on_fetched, NULL));
        has_failed = alloc_has_failed();
        alloc_fail_after(-1);
        EXPECT(rc == 0 ? told == 3 : rc == -ENOMEM && told == 0);
        EXPECT(has_failed || right == 3);
        EXPECT(n < 1000);
    }
    return 0;
}

static void a_fetch_survives_shortages_of_memory(void **state)
{
    (void)state;
    rig_run(short_fetches, rig_no_aof);
}

TEST_MAIN(cmocka_unit_test_teardown(an_append_that_fails_changes_nothing, allow_all),
          cmocka_unit_test_teardown(a_large_body_that_fails_changes_nothing, allow_all),
          cmocka_unit_test_teardown(a_ledger_that_cannot_grow_keeps_its_lines,
                                    allow_all),
          cmocka_unit_test_teardown(a_store_survives_shortages_of_memory, allow_all),
          cmocka_unit_test_teardown(a_store_that_waits_for_copies_survives_them_too,
                                    allow_all),
          cmocka_unit_test_teardown(a_fetch_survives_shortages_of_memory, allow_all))
