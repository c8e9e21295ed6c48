/* list_test - intrusive lists.
 * SPDX-License-Identifier: MIT */
#include "base/list.h"

#include "support/test.h"

struct item {
    int value;
    struct rq_list link;
};

static void assert_order(const struct rq_list *head, const int *values, size_t count)
{
    size_t i = 0;

    RQ_LIST_EACH(link, (struct rq_list *)head)
    {
        assert_true(i < count);
        assert_int_equal(RQ_LIST_ENTRY(link, struct item, link)->value, values[i]);
        assert_ptr_equal(link->next->prev, link);
        i++;
    }
    assert_int_equal(i, count);
}

static void items_stand_where_they_were_put(void **state)
{
    struct rq_list head = RQ_LIST_INIT(head);
    struct item a = {.value = 1}, b = {.value = 2}, c = {.value = 3}, d = {.value = 4};

    (void)state;
    assert_true(rq_list_empty(&head));
    rq_list_push_back(&head, &b.link);
    rq_list_push_back(&head, &d.link);
    rq_list_push_front(&head, &a.link);
    rq_list_insert_after(&b.link, &c.link);
    assert_order(&head, (const int[]){1, 2, 3, 4}, 4);
    assert_false(rq_list_empty(&head));
}

static void removing_twice_is_harmless(void **state)
{
    struct rq_list head;
    struct item a = {.value = 1}, b = {.value = 2};

    (void)state;
    rq_list_init(&head);
    rq_list_push_back(&head, &a.link);
    rq_list_push_back(&head, &b.link);
    rq_list_remove(&a.link);
    rq_list_remove(&a.link);
    assert_order(&head, (const int[]){2}, 1);
    assert_true(rq_list_empty(&a.link));
}

static void the_first_is_popped_until_none_is_left(void **state)
{
    struct rq_list head = RQ_LIST_INIT(head);
    struct item a = {.value = 1}, b = {.value = 2};

    (void)state;
    rq_list_push_back(&head, &a.link);
    rq_list_push_back(&head, &b.link);
    assert_ptr_equal(rq_list_pop_front(&head), &a.link);
    assert_ptr_equal(rq_list_pop_front(&head), &b.link);
    assert_null(rq_list_pop_front(&head));
    assert_true(rq_list_empty(&a.link));
}

static void a_safe_walk_may_remove_what_it_stands_on(void **state)
{
    struct rq_list head = RQ_LIST_INIT(head);
    struct item items[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        items[i].value = i;
        rq_list_push_back(&head, &items[i].link);
    }
    RQ_LIST_EACH_SAFE(link, &head)
    if (RQ_LIST_ENTRY(link, struct item, link)->value % 2 == 0)
        rq_list_remove(link);
    assert_order(&head, (const int[]){1, 3}, 2);
}

static void an_heir_stands_where_the_other_stood(void **state)
{
    struct rq_list head = RQ_LIST_INIT(head);
    struct item a = {.value = 1}, b = {.value = 2}, c = {.value = 3},
                heir = {.value = 4};

    (void)state;
    rq_list_push_back(&head, &a.link);
    rq_list_push_back(&head, &b.link);
    rq_list_push_back(&head, &c.link);
    rq_list_swap(&b.link, &heir.link);
    assert_order(&head, (const int[]){1, 4, 3}, 3);
    assert_true(rq_list_empty(&b.link));
}

TEST_MAIN(cmocka_unit_test(items_stand_where_they_were_put),
          cmocka_unit_test(removing_twice_is_harmless),
          cmocka_unit_test(the_first_is_popped_until_none_is_left),
          cmocka_unit_test(an_heir_stands_where_the_other_stood),
          cmocka_unit_test(a_safe_walk_may_remove_what_it_stands_on))
