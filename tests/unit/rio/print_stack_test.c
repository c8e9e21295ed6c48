/* print_stack_test - the frames of tasks in every state.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"
#include "support/rio_test.h"
#include "support/test.h"

/* Exported, so that they have names. */
#define NAMED __attribute__((visibility("default"), noinline))
RIO_AWAITS NAMED long outermost(void *arg);
NAMED long shows_itself(void *arg);
NAMED long body_that_waits(void *arg);
NAMED long loops_over(void *arg);
RIO_AWAITS NAMED long sinks(void *arg);

/* What is printed about t; free() it. */
static char *stack_of(const rio_task *t)
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);

    if (f == NULL)
        return NULL;
    rio_task_print_stack(t, f);
    (void)fclose(f);
    return text;
}

static bool says(const rio_task *t, const char *word)
{
    char *text = stack_of(t);
    bool found = text != NULL && strstr(text, word) != NULL;

    if (!found)
        print_error("no \"%s\" in:\n%s", word, text == NULL ? "" : text);
    free(text);
    return found;
}

long outermost(void *arg)
{
    long rc = await(rio_event_wait(arg));

    return rc + (arg == NULL); /* no tail call */
}

LOOP_TEST(it_shows_what_a_task_waits_for_and_where)
{
    rio_event go = {0};
    rio_task *t = rio_create_task(outermost, &go);

    EXPECT(says(t, "no stack")); /* not started */
    EXPECT_EQ(await(loop_test_settle()), 0);
    for (int i = 0; i < 3; i++)
        EXPECT(says(t, "event") && says(t, "outermost"));
    rio_event_set(&go);
    EXPECT(says(t, "running") && says(t, "outermost")); /* ready, not resumed yet */
    EXPECT_EQ(await(rio_join(t)), 0);
    EXPECT(says(t, "no stack")); /* ended */
    rio_unref(t);
    return 0;
}

long shows_itself(void *arg)
{
    bool *found = arg;

    *found = says(rio_current_task(), "shows_itself");
    return 0;
}

LOOP_TEST(a_task_may_print_its_own)
{
    bool found = false;

    EXPECT_EQ(await(rio_join_unref(rio_create_task(shows_itself, &found))), 0);
    EXPECT(found);
    return 0;
}

long body_that_waits(void *arg)
{
    long rc = await(outermost(arg));

    return rc + (arg == NULL);
}

long loops_over(void *arg)
{
    rio_gen *g = rio_gen_new(body_that_waits, arg, sizeof(int));
    int v, rc;

    RIO_FOR_EACH(rio_gen_iter(g), &v, rc)
    continue;
    RIO_IGNORE(await(rio_gen_free(g)));
    return rc;
}

/* The body's own frames: it has a stack of its own. */
LOOP_TEST(a_task_inside_a_generator_shows_the_body)
{
    rio_event go = {0};
    rio_task *t = rio_create_task(loops_over, &go);

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(says(t, "body_that_waits"));
    rio_event_set(&go);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

struct look {
    rio_task *t;
    bool found;
};

static long look_from_a_callback(void *arg)
{
    struct look *l = arg;

    l->found = says(l->t, "outermost");
    return 0;
}

LOOP_TEST(a_callback_may_look)
{
    rio_event go = {0};
    struct look l = {.t = rio_create_task(outermost, &go)};

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(rio_call_soon(look_from_a_callback, &l) != 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(l.found);
    rio_event_set(&go);
    EXPECT_EQ(await(rio_join_unref(l.t)), 0);
    return 0;
}

struct depth {
    rio_event *go;
    uintptr_t start, bytes; /* of the stack */
};

enum { LITTLE = 10 << 10 };

/* Waits where only a little of its stack is left. */
long sinks(void *arg)
{
    volatile char frame[1024];
    struct depth *d = arg;
    long rc;

    frame[0] = 1;
    if (d->start == 0) {
        d->start = (uintptr_t)frame;
        d->bytes = rio__task_self()->stack_bytes;
    }
    if (d->start - (uintptr_t)frame > d->bytes - LITTLE)
        return await(outermost(d->go));
    rc = await(sinks(d));
    return rc + (frame[0] == 0);
}

LOOP_TEST(a_stack_that_is_nearly_full_is_left_alone)
{
    rio_event go = {0};
    struct depth d = {.go = &go};
    rio_task *t = rio_create_task(sinks, &d);

    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(says(t, "nearly full"));
    rio_event_set(&go);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    return 0;
}

LOOP_TEST(what_is_no_task_has_no_stack)
{
    rio_future *f = rio_future_new();

    EXPECT(says(f, "future: no stack"));
    rio_task_print_stack(NULL, stderr);
    rio_task_print_stack(f, NULL);
    rio_unref(f);
    return 0;
}

TEST_MAIN(cmocka_unit_test(it_shows_what_a_task_waits_for_and_where),
          cmocka_unit_test(a_task_may_print_its_own),
          cmocka_unit_test(a_task_inside_a_generator_shows_the_body),
          cmocka_unit_test(a_callback_may_look),
          cmocka_unit_test(a_stack_that_is_nearly_full_is_left_alone),
          cmocka_unit_test(what_is_no_task_has_no_stack))
