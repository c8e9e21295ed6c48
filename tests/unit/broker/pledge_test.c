/* pledge_test - the FIFO of what a confirmed commit leads to.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"

#include "broker/pledge.h"

static void add(struct pledges *p, uint64_t seq)
{
    const struct pledge pledge = {.seq = seq, .since_ns = (int64_t)seq};

    assert_int_equal(pledges_reserve(p, 1), 0);
    pledges_add(p, &pledge);
}

static void pledges_come_out_in_the_order_of_the_records(void **state)
{
    struct pledges p;

    (void)state;
    pledges_init(&p);
    for (uint64_t seq = 1; seq <= 1000; seq++)
        add(&p, seq);
    for (uint64_t seq = 1; seq <= 1000; seq++) {
        assert_int_equal(pledges_first(&p)->seq, seq);
        pledges_drop_first(&p);
    }
    assert_null(pledges_first(&p));
    pledges_fini(&p);
}

/* The ring is full, wrapped, and then grows: nothing may change places. */
static void growing_keeps_the_order_across_the_wrap(void **state)
{
    struct pledges p;
    uint64_t next = 1, oldest = 1;

    (void)state;
    pledges_init(&p);
    for (; next <= 200; next++)
        add(&p, next);
    for (; oldest <= 150; oldest++)
        pledges_drop_first(&p);
    for (; next <= 900; next++)
        add(&p, next);
    for (size_t i = 0; i < 750; i++)
        assert_int_equal(pledges_at(&p, p.head + i)->seq, oldest + i);
    assert_null(pledges_at(&p, p.tail));
    pledges_fini(&p);
}

static void an_expired_pledge_is_passed_over_but_not_dropped(void **state)
{
    struct pledges p;

    (void)state;
    pledges_init(&p);
    add(&p, 1);
    add(&p, 2);
    pledges_expire_one(&p);
    assert_int_equal(pledges_unexpired(&p)->seq, 2);
    assert_int_equal(pledges_first(&p)->seq, 1);
    pledges_expire_one(&p);
    assert_null(pledges_unexpired(&p));
    pledges_fini(&p);
}

static void dropping_an_unexpired_one_moves_the_mark_along(void **state)
{
    struct pledges p;

    (void)state;
    pledges_init(&p);
    add(&p, 1);
    add(&p, 2);
    pledges_drop_first(&p);
    assert_int_equal(pledges_unexpired(&p)->seq, 2);
    pledges_drop_first(&p);
    assert_null(pledges_unexpired(&p));
    add(&p, 3);
    assert_int_equal(pledges_unexpired(&p)->seq, 3);
    pledges_fini(&p);
}

static void taking_back_the_youngest_leaves_the_rest(void **state)
{
    struct pledges p;

    (void)state;
    pledges_init(&p);
    add(&p, 1);
    add(&p, 2);
    pledges_expire_one(&p);
    pledges_expire_one(&p);
    pledges_drop_last(&p);
    assert_int_equal(pledges_last(&p)->seq, 1);
    add(&p, 3);
    assert_int_equal(pledges_unexpired(&p)->seq, 3);
    pledges_fini(&p);
}

TEST_MAIN(cmocka_unit_test(pledges_come_out_in_the_order_of_the_records),
          cmocka_unit_test(growing_keeps_the_order_across_the_wrap),
          cmocka_unit_test(an_expired_pledge_is_passed_over_but_not_dropped),
          cmocka_unit_test(dropping_an_unexpired_one_moves_the_mark_along),
          cmocka_unit_test(taking_back_the_youngest_leaves_the_rest))
