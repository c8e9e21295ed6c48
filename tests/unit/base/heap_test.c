/* heap_test - the least comes out first, whatever was done in between.
 * SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include "base/attr.h"
#include "base/rand.h"
#include "support/test.h"

struct item {
    uint64_t key;
    struct rq_heap_node node;
};

static struct item *item_of(struct rq_heap_node *node)
{
    return RQ_CONTAINER_OF(node, struct item, node);
}

static bool less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    return RQ_CONTAINER_OF(a, struct item, node)->key <
           RQ_CONTAINER_OF(b, struct item, node)->key;
}

static void assert_sound(const struct rq_heap *h)
{
    for (size_t i = 0; i < h->count; i++) {
        assert_int_equal(h->nodes[i]->place, i + 1);
        if (i > 0)
            assert_false(less(h->nodes[i], h->nodes[(i - 1) / 4]));
    }
}

static void an_empty_heap_has_no_least(void **state)
{
    struct rq_heap h;

    (void)state;
    rq_heap_init(&h, less);
    assert_null(rq_heap_min(&h));
    assert_null(rq_heap_pop(&h));
    rq_heap_fini(&h);
}

static void items_come_out_in_order(void **state)
{
    enum { N = 1000 };
    static struct item items[N];
    struct rq_heap h;
    struct rq_rand rand;

    (void)state;
    rq_rand_seed(&rand, 7);
    rq_heap_init(&h, less);
    for (size_t i = 0; i < N; i++) {
        items[i].key = rq_rand_below(&rand, 300);
        assert_int_equal(rq_heap_push(&h, &items[i].node), 0);
    }
    assert_sound(&h);

    uint64_t last = 0;
    for (size_t i = 0; i < N; i++) {
        struct rq_heap_node *min = rq_heap_min(&h);

        assert_ptr_equal(rq_heap_pop(&h), min);
        assert_int_equal(min->place, 0);
        assert_true(item_of(min)->key >= last);
        last = item_of(min)->key;
    }
    assert_int_equal(h.count, 0);
    rq_heap_fini(&h);
}

static void removing_what_is_in_no_heap_does_nothing(void **state)
{
    struct item in = {.key = 1}, out = {.key = 2};
    struct rq_heap h;

    (void)state;
    rq_heap_init(&h, less);
    assert_int_equal(rq_heap_push(&h, &in.node), 0);
    rq_heap_remove(&h, &out.node);
    assert_int_equal(h.count, 1);
    rq_heap_remove(&h, &in.node);
    rq_heap_remove(&h, &in.node);
    assert_int_equal(h.count, 0);
    rq_heap_fini(&h);
}

static void after_a_reserve_pushes_do_not_allocate(void **state)
{
    static struct item items[500];
    struct rq_heap h;

    (void)state;
    rq_heap_init(&h, less);
    assert_int_equal(rq_heap_reserve(&h, 500), 0);
    struct rq_heap_node **nodes = h.nodes;
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(rq_heap_push(&h, &items[i].node), 0);
    assert_ptr_equal(h.nodes, nodes);
    assert_int_not_equal(rq_heap_reserve(&h, SIZE_MAX), 0);
    assert_int_not_equal(rq_heap_reserve(&h, UINT32_MAX), 0);
    rq_heap_fini(&h);
}

/* Against the plainest model: the least key of those that are in. */
static void any_mix_of_calls_keeps_the_order(void **state)
{
    enum { N = 200 };
    static struct item items[N];
    struct rq_heap h;
    struct rq_rand rand;

    (void)state;
    rq_rand_seed(&rand, 3);
    rq_heap_init(&h, less);
    for (int step = 0; step < 20000; step++) {
        struct item *item = &items[rq_rand_below(&rand, N)];

        if (item->node.place == 0) {
            item->key = rq_rand_below(&rand, 1000);
            assert_int_equal(rq_heap_push(&h, &item->node), 0);
        } else if (rq_rand_below(&rand, 2) == 0) {
            rq_heap_remove(&h, &item->node);
        } else {
            item->key = rq_rand_below(&rand, 1000);
            rq_heap_update(&h, &item->node);
        }

        uint64_t least = UINT64_MAX;
        size_t count = 0;
        for (size_t i = 0; i < N; i++) {
            count += items[i].node.place != 0;
            if (items[i].node.place != 0 && items[i].key < least)
                least = items[i].key;
        }
        assert_int_equal(h.count, count);
        if (count > 0)
            assert_int_equal(item_of(rq_heap_min(&h))->key, least);
        if (step % 100 == 0)
            assert_sound(&h);
    }
    rq_heap_fini(&h);
}

static void an_heir_stands_where_the_other_stood(void **state)
{
    struct item items[3] = {{.key = 1}, {.key = 2}, {.key = 3}}, heir = {.key = 2};
    struct rq_heap h;

    (void)state;
    rq_heap_init(&h, less);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rq_heap_push(&h, &items[i].node), 0);
    rq_heap_swap(&h, &items[1].node, &heir.node);
    assert_sound(&h);
    assert_int_equal(items[1].node.place, 0);
    assert_ptr_equal(rq_heap_pop(&h), &items[0].node);
    assert_ptr_equal(rq_heap_pop(&h), &heir.node);
    assert_ptr_equal(rq_heap_pop(&h), &items[2].node);
    rq_heap_fini(&h);
}

TEST_MAIN(cmocka_unit_test(an_empty_heap_has_no_least),
          cmocka_unit_test(items_come_out_in_order),
          cmocka_unit_test(removing_what_is_in_no_heap_does_nothing),
          cmocka_unit_test(after_a_reserve_pushes_do_not_allocate),
          cmocka_unit_test(an_heir_stands_where_the_other_stood),
          cmocka_unit_test(any_mix_of_calls_keeps_the_order))
