/* index_test - jobs by id, through growing and shrinking.
 * SPDX-License-Identifier: MIT */
#include "core/index.h"

#include <stdlib.h>

#include "core/state.h"
#include "support/test.h"

enum { MANY = 20000 };

struct shelf {
    struct job_index x;
    struct job_kind kinds[2]; /* epochs 1 and 2 */
    struct job *jobs;
    bool *is_in;
};

static int shelf_init(void **state)
{
    struct shelf *s = calloc(1, sizeof *s);

    if (s == NULL)
        return 1;
    s->jobs = calloc(MANY, sizeof *s->jobs);
    s->is_in = calloc(MANY, sizeof *s->is_in);
    s->kinds[0].key.epoch = 1;
    s->kinds[1].key.epoch = 2;
    *state = s;
    if (s->jobs == NULL || s->is_in == NULL)
        return 1;
    for (size_t i = 0; i < MANY; i++) {
        s->jobs[i].number = i / 2 + 1;
        s->jobs[i].kind = &s->kinds[i % 2];
    }
    return index_init(&s->x, 42);
}

static int shelf_fini(void **state)
{
    struct shelf *s = *state;

    index_fini(&s->x);
    free(s->jobs);
    free(s->is_in);
    free(s);
    return 0;
}

static void add(struct shelf *s, size_t i)
{
    index_add(&s->x, &s->jobs[i]);
    s->is_in[i] = true;
}

static void take(struct shelf *s, size_t i)
{
    index_remove(&s->x, &s->jobs[i]);
    s->is_in[i] = false;
}

static void expect_all(const struct shelf *s)
{
    size_t count = 0, walked = 0;

    for (size_t i = 0; i < MANY; i++) {
        const struct job *found = index_get(&s->x, job_id(&s->jobs[i]));

        assert_ptr_equal(found, s->is_in[i] ? &s->jobs[i] : NULL);
        count += s->is_in[i];
    }
    assert_int_equal(s->x.count, count);
    for (const struct job *job = index_next(&s->x, NULL); job != NULL;
         job = index_next(&s->x, job)) {
        assert_true(s->is_in[job - s->jobs]);
        walked++;
    }
    assert_int_equal(walked, count);
}

static void an_empty_index_has_nothing(void **state)
{
    expect_all(*state);
}

static void the_epoch_belongs_to_the_id(void **state)
{
    struct shelf *s = *state;

    add(s, 0); /* 1-1 */
    assert_null(index_get(&s->x, (struct job_id){2, 1}));
    add(s, 1); /* 2-1 */
    assert_ptr_equal(index_get(&s->x, (struct job_id){2, 1}), &s->jobs[1]);
    take(s, 0);
    expect_all(s);
}

static void what_goes_in_is_found_while_it_grows(void **state)
{
    struct shelf *s = *state;

    for (size_t i = 0; i < MANY; i++) {
        add(s, i);
        if (i % 4999 == 0)
            expect_all(s);
    }
    expect_all(s);
    assert_in_range(s->x.used, MANY / 2, MANY);
}

static void it_shrinks_when_most_is_gone(void **state)
{
    struct shelf *s = *state;
    size_t cap;

    for (size_t i = 0; i < MANY; i++)
        add(s, i);
    cap = s->x.cap;
    for (size_t i = 0; i < MANY; i++) {
        size_t odd = (i * 7919) % MANY; /* in no order */

        take(s, odd);
        if (i % 4999 == 0)
            expect_all(s);
    }
    expect_all(s);
    assert_true(s->x.cap < cap / 100);
    for (size_t i = 0; i < 1000; i++)
        add(s, i);
    expect_all(s);
}

static void a_queue_that_turns_over_does_not_grow(void **state)
{
    struct shelf *s = *state;

    for (size_t i = 0; i < MANY; i++) {
        add(s, i);
        if (i >= 50)
            take(s, i - 50);
    }
    assert_int_equal(s->x.cap, 64);
}

static void chains_stay_short(void **state)
{
    struct shelf *s = *state;
    size_t longest = 0;

    for (size_t i = 0; i < MANY; i++)
        add(s, i);
    for (size_t i = 0; i < s->x.used; i++) {
        size_t length = 0;

        for (const struct job *job = s->x.buckets[i]; job != NULL;
             job = job->index_next)
            length++;
        longest = length > longest ? length : longest;
    }
    assert_true(longest < 20);
}

static void an_heir_is_found_instead(void **state)
{
    struct shelf *s = *state;
    struct job *heirs = calloc(100, sizeof *heirs);

    assert_non_null(heirs);
    for (size_t i = 0; i < 1000; i++)
        add(s, i);
    for (size_t i = 0; i < 100; i++) {
        heirs[i] = s->jobs[i * 7];
        index_swap(&s->x, &s->jobs[i * 7], &heirs[i]);
        s->jobs[i * 7].index_next = NULL;
        assert_ptr_equal(index_get(&s->x, job_id(&heirs[i])), &heirs[i]);
    }
    for (size_t i = 0; i < 100; i++)
        index_swap(&s->x, &heirs[i], &s->jobs[i * 7]);
    free(heirs);
    expect_all(s);
}

#define WITH_SHELF(test) cmocka_unit_test_setup_teardown(test, shelf_init, shelf_fini)

TEST_MAIN(WITH_SHELF(an_empty_index_has_nothing),
          WITH_SHELF(the_epoch_belongs_to_the_id),
          WITH_SHELF(what_goes_in_is_found_while_it_grows),
          WITH_SHELF(it_shrinks_when_most_is_gone),
          WITH_SHELF(a_queue_that_turns_over_does_not_grow),
          WITH_SHELF(an_heir_is_found_instead), WITH_SHELF(chains_stay_short))
