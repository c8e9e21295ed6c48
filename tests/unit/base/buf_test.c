/* buf_test - growing bytes with a ceiling.
 * SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

#include "base/rand.h"
#include "support/test.h"

static void append(struct rq_buf *b, const char *text)
{
    assert_int_equal(rq_buf_append(b, text, strlen(text)), 0);
}

static void assert_holds(const struct rq_buf *b, const char *text)
{
    assert_int_equal(b->len, strlen(text));
    if (b->len > 0)
        assert_memory_equal(rq_buf_slice(b).ptr, text, b->len);
}

static void a_new_buffer_has_allocated_nothing(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 100);
    assert_null(b.ptr);
    assert_null(rq_buf_slice(&b).ptr);
    assert_int_equal(rq_buf_room(&b), 0);
    assert_int_equal(rq_buf_append(&b, NULL, 0), 0);
    assert_null(b.ptr);
    rq_buf_fini(&b);
}

static void appended_bytes_stand_in_order(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 100);
    append(&b, "ab");
    assert_int_equal(rq_buf_append_byte(&b, 'c'), 0);
    assert_int_equal(rq_buf_append_slice(&b, RQ_LIT("de")), 0);
    assert_int_equal(rq_buf_printf(&b, "%d", 42), 0);
    assert_holds(&b, "abcde42");
    rq_buf_fini(&b);
}

static void the_ceiling_fits_and_one_more_byte_changes_nothing(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 3);
    append(&b, "abc");
    assert_int_equal(rq_buf_append_byte(&b, 'd'), -ENOBUFS);
    assert_int_equal(rq_buf_reserve(&b, 1), -ENOBUFS);
    assert_int_equal(rq_buf_reserve(&b, SIZE_MAX), -ENOBUFS);
    assert_int_equal(rq_buf_reserve(&b, 0), 0);
    assert_int_equal(rq_buf_printf(&b, "x"), -ENOBUFS);
    assert_holds(&b, "abc");
    rq_buf_fini(&b);
}

static void a_ceiling_of_zero_takes_nothing(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 0);
    assert_int_equal(rq_buf_append_byte(&b, 'x'), -ENOBUFS);
    assert_int_equal(rq_buf_printf(&b, "%s", ""), 0);
    assert_int_equal(b.len, 0);
    rq_buf_fini(&b);
}

static void the_room_never_exceeds_the_ceiling(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 10);
    append(&b, "abcdefg");
    rq_buf_consume(&b, 4);
    assert_int_equal(rq_buf_reserve(&b, 7), 0);
    assert_int_equal(rq_buf_room(&b), 7);
    memcpy(rq_buf_tail(&b), "1234567", 7);
    rq_buf_commit(&b, 7);
    assert_holds(&b, "efg1234567");
    assert_int_equal(rq_buf_room(&b), 0);
    rq_buf_fini(&b);
}

static void printf_grows_up_to_the_ceiling_and_not_beyond(void **state)
{
    struct rq_buf b;
    char text[201];

    (void)state;
    memset(text, 'x', 200);
    text[200] = '\0';
    rq_buf_init(&b, 201);
    append(&b, "a");
    assert_int_equal(rq_buf_printf(&b, "%s", text), 0);
    assert_int_equal(b.len, 201);
    assert_int_equal(rq_buf_slice(&b).ptr[200], 'x');
    rq_buf_truncate(&b, 2);
    assert_int_equal(rq_buf_printf(&b, "%s", text), -ENOBUFS);
    assert_holds(&b, "ax");
    rq_buf_fini(&b);
}

static void what_is_consumed_makes_room_again(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 4);
    append(&b, "abcd");
    rq_buf_consume(&b, 3);
    append(&b, "efg");
    assert_holds(&b, "defg");
    rq_buf_consume(&b, 4);
    assert_int_equal(b.start, 0);
    rq_buf_fini(&b);
}

static void a_full_buffer_in_steady_use_keeps_to_twice_its_ceiling(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rq_buf_append_byte(&b, 'x'), 0);
    for (int i = 0; i < 100000; i++) {
        rq_buf_consume(&b, 1);
        assert_int_equal(rq_buf_append_byte(&b, 'x'), 0);
        assert_in_range(b.cap, 1000, 2000);
    }
    assert_int_equal(b.cap, 2000); /* else each append would move the whole content */
    rq_buf_fini(&b);
}

static void clear_keeps_the_memory_and_shrink_gives_it_back(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 1000);
    append(&b, "abc");
    size_t cap = b.cap;

    rq_buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.cap, cap);
    append(&b, "abc");
    rq_buf_shrink(&b, cap);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.cap, cap);
    rq_buf_shrink(&b, cap - 1);
    assert_null(b.ptr);
    append(&b, "still usable");
    assert_holds(&b, "still usable");
    rq_buf_fini(&b);
    assert_int_equal(b.max, 1000);
}

/* Bytes carry their number, so that content is right if the first one is. */
static void any_mix_of_calls_keeps_the_bytes_in_order(void **state)
{
    struct rq_rand rand;
    struct rq_buf b;
    uint8_t next_in = 0, next_out = 0;

    (void)state;
    rq_rand_seed(&rand, 1);
    rq_buf_init(&b, 300);
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)rq_rand_below(&rand, 40);

        if (n > 0 && rq_buf_reserve(&b, n) == 0) {
            assert_true(rq_buf_room(&b) >= n);
            for (size_t k = 0; k < n; k++)
                rq_buf_tail(&b)[k] = next_in++;
            rq_buf_commit(&b, n);
        } else {
            assert_true(n == 0 || b.len + n > 300);
        }
        n = (size_t)rq_rand_below(&rand, b.len + 1);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(rq_buf_slice(&b).ptr[k], next_out++);
        rq_buf_consume(&b, n);
    }
    rq_buf_fini(&b);
}

TEST_MAIN(cmocka_unit_test(a_new_buffer_has_allocated_nothing),
          cmocka_unit_test(appended_bytes_stand_in_order),
          cmocka_unit_test(the_ceiling_fits_and_one_more_byte_changes_nothing),
          cmocka_unit_test(a_ceiling_of_zero_takes_nothing),
          cmocka_unit_test(the_room_never_exceeds_the_ceiling),
          cmocka_unit_test(printf_grows_up_to_the_ceiling_and_not_beyond),
          cmocka_unit_test(what_is_consumed_makes_room_again),
          cmocka_unit_test(a_full_buffer_in_steady_use_keeps_to_twice_its_ceiling),
          cmocka_unit_test(clear_keeps_the_memory_and_shrink_gives_it_back),
          cmocka_unit_test(any_mix_of_calls_keeps_the_bytes_in_order))
