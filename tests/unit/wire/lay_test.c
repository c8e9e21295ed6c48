/* lay_test - what is laid down: the same bytes as a writer's, and never more than it
 * may take. SPDX-License-Identifier: MIT */
#include "wire/lay.h"

#include <string.h>

#include "support/test.h"

static void assert_laid(const uint8_t *from, const uint8_t *to,
                        struct rq_slice expected)
{
    assert_int_equal(to - from, expected.len);
    assert_memory_equal(from, expected.ptr, expected.len);
}

static void parts_follow_each_other(void **state)
{
    uint8_t out[100], *at = out;

    (void)state;
    at = RQ_LAY(at, "*4\r\n");
    at = rq_lay_bytes(at, RQ_LIT("+OK\r\n"));
    at = rq_lay_bytes(at, rq_slice(NULL, 0));
    at = rq_lay_bulk(at, RQ_LIT("hello worl"));
    at = rq_lay_bulk(at, rq_slice(NULL, 0));
    at = rq_lay_int(at, -12);
    assert_laid(out, at,
                RQ_LIT("*4\r\n+OK\r\n$10\r\nhello worl\r\n$0\r\n\r\n:-12\r\n"));
}

static void an_id_and_a_lease_are_bulk_strings(void **state)
{
    const struct rq_lease lease = {7, 1042, 10};
    uint8_t out[100], *at;

    (void)state;
    at = rq_lay_id(out, 7, 1042);
    assert_laid(out, at, RQ_LIT("$6\r\n7-1042\r\n"));
    at = rq_lay_lease(out, &lease);
    assert_laid(out, at, RQ_LIT("$9\r\n7-1042:10\r\n"));
}

static void nothing_takes_more_than_its_most(void **state)
{
    const struct rq_lease lease = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    uint8_t head[RQ_LAY_HEAD_MAX], number[RQ_LAY_INT_MAX];
    uint8_t id[RQ_LAY_ID_MAX], token[RQ_LAY_LEASE_MAX];

    (void)state;
    assert_laid(head, rq_lay_head(head, '*', UINT64_MAX),
                RQ_LIT("*18446744073709551615\r\n"));
    assert_laid(number, rq_lay_int(number, INT64_MIN),
                RQ_LIT(":-9223372036854775808\r\n"));
    assert_int_equal(rq_lay_id(id, UINT64_MAX, UINT64_MAX) - id, RQ_LAY_ID_MAX);
    assert_int_equal(rq_lay_lease(token, &lease) - token, RQ_LAY_LEASE_MAX);
}

TEST_MAIN(cmocka_unit_test(parts_follow_each_other),
          cmocka_unit_test(an_id_and_a_lease_are_bulk_strings),
          cmocka_unit_test(nothing_takes_more_than_its_most))
