/* ledger_test - the low-water mark.
 * SPDX-License-Identifier: MIT */
#include "store/ledger.h"

#include "support/test.h"

static const struct entry_id next = {9, 9};

static uint64_t add(struct ledger *l, uint64_t n, int live)
{
    uint64_t seq;

    assert_int_equal(ledger_add(l, &seq), 0);
    for (int i = 0; i < live; i++)
        ledger_count(l, seq, 10);
    if (n > 0)
        ledger_place(l, seq, (struct entry_id){7, n}, 100);
    return seq;
}

static uint64_t low_of(const struct ledger *l)
{
    struct entry_id low = ledger_low(l, next);

    return low.epoch == 9 ? 0 : low.n;
}

static void numbers_count_from_one(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    assert_int_equal(ledger_next(&l), 1);
    assert_int_equal(add(&l, 1, 1), 1);
    assert_int_equal(add(&l, 2, 0), 2);
    assert_int_equal(ledger_next(&l), 3);
    ledger_fini(&l);
}

static void with_nothing_live_all_may_go(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    assert_int_equal(low_of(&l), 0);
    add(&l, 1, 0);
    assert_int_equal(low_of(&l), 0);
    assert_int_equal(ledger_entries(&l), 0);
    ledger_fini(&l);
}

static void the_mark_moves_over_dead_commits_only(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    uint64_t a = add(&l, 1, 2), b = add(&l, 2, 1), c = add(&l, 3, 1);
    assert_int_equal(l.live, 3);
    ledger_forget(&l, b);
    assert_int_equal(low_of(&l), 1);
    ledger_forget(&l, a);
    assert_int_equal(low_of(&l), 1);
    ledger_forget(&l, a);
    assert_int_equal(low_of(&l), 3);
    assert_int_equal(l.live, 1);
    ledger_forget(&l, c);
    assert_int_equal(low_of(&l), 0);
    assert_int_equal(l.live, 0);
    ledger_fini(&l);
}

/* Its id is not known yet, so it cannot be the mark; but nothing behind it can either.
 */
static void a_commit_that_is_not_in_the_log_stops_the_mark(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    uint64_t a = add(&l, 1, 1), b = add(&l, 0, 1);
    ledger_forget(&l, a);
    assert_int_equal(low_of(&l), 0);
    ledger_forget(&l, b);
    assert_int_equal(ledger_entries(&l), 1);
    ledger_place(&l, b, (struct entry_id){7, 2}, 100);
    assert_int_equal(ledger_entries(&l), 0);
    ledger_fini(&l);
}

static void the_ring_grows_while_it_turns(void **state)
{
    struct ledger l;
    uint64_t forgotten = 0;

    (void)state;
    ledger_init(&l);
    for (uint64_t i = 1; i <= 1000; i++) {
        assert_int_equal(add(&l, i, 1), i);
        if (i % 3 == 0)
            ledger_forget(&l, ++forgotten);
    }
    assert_int_equal(ledger_entries(&l), 1000 - forgotten);
    while (forgotten < 1000) {
        assert_int_equal(low_of(&l), forgotten + 1);
        ledger_forget(&l, ++forgotten);
    }
    assert_int_equal(low_of(&l), 0);
    ledger_fini(&l);
}

static void bytes_are_counted_and_what_lives_of_them(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    uint64_t a = add(&l, 1, 2), b = add(&l, 2, 4), open = add(&l, 0, 1);
    assert_int_equal(l.bytes, 200); /* the open one does not count yet */
    assert_int_equal(l.live_bytes, 60);
    ledger_forget(&l, b);
    assert_int_equal(l.live_bytes, 50);
    ledger_forget(&l, a);
    ledger_forget(&l, a);
    assert_int_equal(l.bytes, 100); /* the first has gone */
    assert_int_equal(l.live_bytes, 30);
    ledger_place(&l, open, (struct entry_id){7, 3}, 55);
    assert_int_equal(l.bytes, 155);
    assert_int_equal(l.live_bytes, 40);
    ledger_fini(&l);
}

static void a_plan_goes_as_far_as_it_must(void **state)
{
    struct ledger l;

    (void)state;
    ledger_init(&l);
    for (uint64_t n = 1; n <= 10; n++)
        add(&l, n, 1); /* 100 bytes, 10 of them live: each moved saves 90 */
    assert_int_equal(ledger_plan(&l, 1000, 500), 1);
    assert_int_equal(ledger_plan(&l, 999, 500), 2);
    assert_int_equal(ledger_plan(&l, 910, 500), 2);
    assert_int_equal(ledger_plan(&l, 909, 500), 3);
    assert_int_equal(ledger_plan(&l, 0, 20), 3); /* 10 bytes each */
    assert_int_equal(ledger_plan(&l, 0, 21), 4);
    assert_int_equal(ledger_plan(&l, 0, 500), 11); /* more than can be had */
    add(&l, 0, 1);
    assert_int_equal(ledger_plan(&l, 0, 500), 11); /* what is not in the log stays */
    ledger_fini(&l);
}

TEST_MAIN(cmocka_unit_test(numbers_count_from_one),
          cmocka_unit_test(with_nothing_live_all_may_go),
          cmocka_unit_test(the_mark_moves_over_dead_commits_only),
          cmocka_unit_test(a_commit_that_is_not_in_the_log_stops_the_mark),
          cmocka_unit_test(the_ring_grows_while_it_turns),
          cmocka_unit_test(bytes_are_counted_and_what_lives_of_them),
          cmocka_unit_test(a_plan_goes_as_far_as_it_must))
