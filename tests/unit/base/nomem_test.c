/* nomem_test - an allocation that fails is an error and changes nothing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/map.h"
#include "support/alloc.h"
#include "support/test.h"

static int allow_all(void **state)
{
    (void)state;
    alloc_fail_after(-1);
    return 0;
}

static void a_buffer_keeps_what_it_has(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 100000);
    alloc_fail_after(0);
    assert_int_equal(rq_buf_append(&b, "abc", 3), -ENOMEM);
    assert_int_equal(rq_buf_printf(&b, "%d", 7), -ENOMEM);
    assert_null(b.ptr);
    alloc_fail_after(-1);
    assert_int_equal(rq_buf_append(&b, "abc", 3), 0);

    alloc_fail_after(0);
    assert_int_equal(rq_buf_reserve(&b, 1000), -ENOMEM);
    rq_buf_consume(&b, 1); /* now growing means a new block */
    assert_int_equal(rq_buf_reserve(&b, 1000), -ENOMEM);
    assert_int_equal(b.len, 2);
    assert_memory_equal(rq_buf_slice(&b).ptr, "bc", 2);
    rq_buf_fini(&b);
}

static bool less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    return a < b;
}

static void a_heap_keeps_what_it_has(void **state)
{
    static struct rq_heap_node nodes[100];
    struct rq_heap h;
    size_t pushed = 0;

    (void)state;
    rq_heap_init(&h, less);
    alloc_fail_after(1);
    while (rq_heap_push(&h, &nodes[pushed]) == 0)
        pushed++;
    assert_true(alloc_has_failed());
    assert_int_equal(nodes[pushed].place, 0);
    assert_int_equal(h.count, pushed);
    for (size_t i = 0; i < pushed; i++)
        assert_ptr_equal(rq_heap_pop(&h), &nodes[i]);
    rq_heap_fini(&h);
}

static struct rq_slice text_of(const void *value)
{
    return rq_slice_str(value);
}

static void a_map_keeps_what_it_has(void **state)
{
    static char names[100][8];
    struct rq_map m;
    size_t put = 0;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        rq_ignore(snprintf(names[i], sizeof names[i], "n%zu", i) < 0);
    rq_map_init(&m, text_of);
    alloc_fail_after(1);
    while (rq_map_put(&m, names[put]) == 0)
        put++;
    assert_true(alloc_has_failed());
    assert_int_equal(m.count, put);
    for (size_t i = 0; i < 100; i++)
        assert_ptr_equal(rq_map_get(&m, rq_slice_str(names[i])),
                         i < put ? names[i] : NULL);
    alloc_fail_after(-1);
    assert_int_equal(rq_map_put(&m, names[put]), 0);
    rq_map_fini(&m);
}

#define TEST(test) cmocka_unit_test_teardown(test, allow_all)

TEST_MAIN(TEST(a_buffer_keeps_what_it_has), TEST(a_heap_keeps_what_it_has),
          TEST(a_map_keeps_what_it_has))
