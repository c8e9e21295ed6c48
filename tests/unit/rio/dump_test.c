/* dump_test - the list of tasks: the tree, what each waits for, how deep its stack is;
 * and SIGQUIT, which asks for it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/rio_test.h"
#include "support/test.h"

/* What rio_dump_tasks() writes, to be freed; NULL: no memory. */
static char *dump(void)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    if (f == NULL)
        return NULL;
    rio_dump_tasks(f);
    (void)fclose(f);
    return text;
}

/* Is there a line that begins so, behind `indent` blanks, and holds `what`? */
static bool says(const char *text, int indent, const char *name, const char *what)
{
    char start[64];
    const char *line;

    (void)snprintf(start, sizeof start, "\n%*s%s ", indent, "", name);
    line = text == NULL ? NULL : strstr(text, start);
    if (line != NULL) {
        const char *end = strchr(line + 1, '\n'), *at = strstr(line, what);

        if (at != NULL && at < end)
            return true;
    }
    print_error("no \"%.*s%s\" behind %d blanks in:%s\n", 40, name, what, indent, text);
    return false;
}

static rio_task *named(rio_fn *fn, void *arg, const char *name)
{
    return rio_create_task_ex(fn, arg, 0, &(rio_task_opts){.name = name});
}

RIO_AWAITS static long end_it(rio_task *t)
{
    (void)rio_task_cancel(t);
    return await(rio_join_unref(t));
}

/* ---- the tree ---- */

RIO_AWAITS static long sleep_long(void *arg)
{
    (void)arg;
    return await(rio_sleep(3600 * RIO_SEC));
}

static long crowd(void *arg)
{
    rio_group g;
    long rc;

    (void)rio_group_enter(&g);
    (void)rio_task_set_name(rio_group_spawn(&g, sleep_long, NULL), "left");
    if (*(int *)arg > 0) {
        --*(int *)arg;
        (void)rio_task_set_name(rio_group_spawn(&g, crowd, arg), "inner");
    }
    (void)rio_task_set_name(rio_group_spawn(&g, sleep_long, NULL), "right");
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

static long join_arg(void *arg)
{
    return await(rio_join(arg));
}

LOOP_TEST(members_stand_below_the_task_of_their_group)
{
    int levels = 1;
    rio_task *c = named(crowd, &levels, "crowd"), *j = named(join_arg, c, "joiner");
    char *text, *inner, *right;
    bool ok;

    EXPECT_EQ(await(loop_test_settle()), 0);
    text = dump();
    ok = strncmp(text, "  main ", 7) == 0 && says(text, 2, "crowd", "group") &&
         says(text, 4, "left", "sleep, 3") && says(text, 4, "inner", "group") &&
         says(text, 6, "left", "sleep, 3") && says(text, 6, "right", "s left") &&
         says(text, 4, "right", "s left") && says(text, 2, "joiner", "join crowd");
    /* In the order of the tree. */
    inner = strstr(text, "    inner");
    right = strstr(text, "\n    right");
    ok = ok && inner != NULL && right != NULL && inner < strstr(text, "      left") &&
         strstr(text, "      right") < right && right < strstr(text, "  joiner");
    free(text);
    EXPECT(ok);
    EXPECT_EQ(await(end_it(j)), -ECANCELED);
    rio_unref(c);
    return 0;
}

/* One task with two groups open. */
LOOP_TEST(groups_within_a_task_are_all_shown)
{
    rio_group outer, inner;
    char *text;
    bool ok;

    (void)rio_group_enter(&outer);
    (void)rio_task_set_name(rio_group_spawn(&outer, sleep_long, NULL), "one");
    (void)rio_group_enter(&inner);
    (void)rio_task_set_name(rio_group_spawn(&inner, sleep_long, NULL), "two");
    text = dump();
    ok = says(text, 4, "one", "not started") && says(text, 4, "two", "not started");
    free(text);
    rio_group_cancel(&inner);
    rio_group_cancel(&outer);
    EXPECT_EQ(await(rio_group_exit(&inner, 0)), 0);
    EXPECT_EQ(await(rio_group_exit(&outer, 0)), 0);
    rio_group_destroy(&inner);
    rio_group_destroy(&outer);
    EXPECT(ok);
    return 0;
}

static long nested(void *arg)
{
    rio_group g;
    long rc;

    if (*(int *)arg == 0)
        return await(sleep_long(NULL));
    --*(int *)arg;
    (void)rio_group_enter(&g);
    (void)rio_group_spawn(&g, nested, arg);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

LOOP_TEST(a_deep_tree_is_shown_to_its_end)
{
    int levels = 300;
    rio_task *t = named(nested, &levels, "deep");
    char *text;
    size_t lines = 0;

    while (levels > 0)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    text = dump();
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    free(text);
    EXPECT_EQ(lines, 302);
    EXPECT_EQ(await(end_it(t)), -ECANCELED);
    return 0;
}

/* ---- what they wait for ---- */

static long receive(void *arg)
{
    char byte;

    return await(rio_recv(*(int *)arg, &byte, 1, 0));
}

static long limited(void *arg)
{
    rio_timeout limit;
    long rc;

    RIO_TRY(rio_timeout_enter(&limit, 60 * RIO_SEC));
    rc = await(rio_event_wait(arg));
    return rio_timeout_exit(&limit, rc);
}

static long hold_out(void *arg)
{
    (void)rio_cancel_mask(1);
    return await(rio_event_wait(arg));
}

LOOP_TEST(each_line_says_what_its_task_waits_for)
{
    rio_event e = {0};
    rio_task *r, *l, *h;
    char *text, fd_text[32];
    int fds[2];
    bool ok;

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    r = named(receive, &fds[0], "receiver");
    l = named(limited, &e, "limited");
    h = named(hold_out, &e, "stubborn");
    EXPECT_EQ(await(loop_test_settle()), 0);
    (void)rio_task_cancel(h);
    text = dump();
    (void)snprintf(fd_text, sizeof fd_text, "recv fd %d\n", fds[0]);
    ok = says(text, 2, "limited", "event; limit in ") &&
         says(text, 2, "stubborn", "event; 1 cancel request\n") &&
         strstr(text, fd_text) != NULL && strstr(text, "running\n") != NULL;
    free(text);
    EXPECT(ok);
    rio_event_set(&e);
    EXPECT_EQ(await(rio_join_unref(l)), 0);
    EXPECT_EQ(await(rio_join_unref(h)), -ECANCELED);
    EXPECT_EQ(await(end_it(r)), -ECANCELED);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

/* ---- how deep their stacks are ---- */

enum { DEEP_BYTES = 24 << 10 };

__attribute__((noinline)) static int touch(int depth)
{
    volatile char frame[1024];

    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (char)depth;
    return depth == 0 ? 0 : touch(depth - 1) + frame[depth];
}

static long go_deep(void *arg)
{
    RIO_IGNORE(touch(DEEP_BYTES / 1024) < 0);
    return arg == NULL ? 0 : await(rio_event_wait(arg));
}

static long stay_flat(void *arg)
{
    return await(rio_event_wait(arg));
}

/* The figure behind "stack " in the line of `name`, in KiB; -1: none. */
static double stack_of(const char *text, const char *name)
{
    const char *line = strstr(text, name), *at;
    double kib = -1;

    at = line == NULL ? NULL : strstr(line, "; stack ");
    if (at != NULL && at < strchr(line, '\n'))
        (void)sscanf(at, "; stack %lf KiB", &kib);
    return kib;
}

static long look_at_depths(void *arg)
{
    rio_event e = {0};
    rio_task *deep, *flat;
    rio_stats stats;
    double d, f;
    char *text;

    (void)arg;
    deep = named(go_deep, &e, "diver");
    flat = named(stay_flat, &e, "flat");
    EXPECT_EQ(await(loop_test_settle()), 0);
    text = dump();
    d = stack_of(text, "diver");
    f = stack_of(text, "flat");
    free(text);
    EXPECT(d >= DEEP_BYTES / 1024 && f > 0 && f < d);
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.stack_deepest, 0); /* none has ended */
    rio_event_set(&e);
    EXPECT_EQ(await(rio_join_unref(deep)), 0);
    EXPECT_EQ(await(rio_join_unref(flat)), 0);
    EXPECT_EQ(await(rio_join_unref(rio_create_task(go_deep, NULL))), 0);
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT(stats.stack_deepest >= DEEP_BYTES);
    text = dump();
    EXPECT(strstr(text, "deepest stacks of tasks that have ended:\n    diver ") !=
           NULL);
    EXPECT(strstr(text, "\n    (without a name) ") != NULL);
    free(text);
    return 0;
}

static void a_deep_task_shows_its_depth_in_debug_mode(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io() | RIO_DEBUG);

    (void)state;
    assert_non_null(r);
    assert_int_equal(rio_runner_run(r, look_at_depths, NULL), 0);
    rio_runner_free(r);
}

LOOP_TEST(without_debug_mode_nobody_looks_for_depths)
{
    rio_stats stats;
    char *text;

    EXPECT_EQ(await(rio_join_unref(rio_create_task(go_deep, NULL))), 0);
    rio_loop_stats(rio_get_running_loop(), &stats);
    EXPECT_EQ(stats.stack_deepest, 0);
    text = dump();
    EXPECT(strstr(text, "stack") == NULL);
    free(text);
    return 0;
}

static char found[512];

static long note(rio_loop *l, const char *what, long err, void *arg)
{
    (void)l;
    (void)arg;
    if (err == 0 && strstr(what, "of its stack") != NULL) /* not a slow step */
        (void)snprintf(found, sizeof found, "%s", what);
    return 0;
}

/* Frames have no certain size: it goes on until that many bytes lie behind it. */
__attribute__((noinline)) static int dive(const volatile char *from, ptrdiff_t bytes)
{
    volatile char frame[512];

    frame[0] = 1;
    if (from - frame > bytes)
        return frame[0];
    return dive(from, bytes) + frame[0];
}

static long almost_overflow(void *arg)
{
    volatile char top = 0;

    (void)arg;
    return dive(&top, 350 << 10) > 0 ? 0 : -1;
}

static long run_names(void *arg)
{
    rio_task *t;
    char *text;

    rio_set_exception_handler(note, NULL);
    t = rio_create_task_ex(almost_overflow, arg, 0,
                           &(rio_task_opts){.name = "greedy", .stack = 400 << 10});
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    /* More names than there are places. */
    for (int i = 0; i < 100; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%d", i);
        EXPECT_EQ(await(rio_join_unref(named(go_deep, NULL, name))), 0);
    }
    text = dump();
    EXPECT(strstr(text, "\n    n29 ") != NULL &&
           strstr(text, "\n    (others) ") != NULL);
    EXPECT(strstr(text, "\n    n31 ") == NULL);
    free(text);
    return 0;
}

static void a_task_that_nearly_overflows_is_reported(void **state)
{
    rio_runner *r = rio_runner_new(loop_test_io() | RIO_DEBUG);

    (void)state;
    assert_non_null(r);
    assert_int_equal(rio_runner_run(r, run_names, NULL), 0);
    rio_runner_free(r);
    assert_non_null(strstr(found, "task greedy has used "));
    assert_non_null(strstr(found, " of the 400 KiB of its stack"));
}

/* ---- SIGQUIT ---- */

static long wait_in_crowd(void *arg)
{
    int levels = 0;
    rio_task *t = named(crowd, &levels, "crowd");

    (void)arg;
    RIO_TRY(await(loop_test_settle()));
    (void)fprintf(stderr, "settled\n");
    return await(rio_join_unref(t));
}

/* A simulated hour would be over before the signal comes. */
static unsigned real_io(void)
{
    return loop_test_io() & ~RIO_IO_SIM;
}

static long debugged_child(void)
{
    rio_runner *r = rio_runner_new(real_io() | RIO_DEBUG);

    return rio_runner_run(r, wait_in_crowd, NULL);
}

static long plain_child(void)
{
    rio_runner *r = rio_runner_new(real_io());

    return rio_runner_run(r, wait_in_crowd, NULL);
}

static void sigquit_lists_the_tasks_in_debug_mode(void **state)
{
    static struct child c;

    (void)state;
    child_start(&c, debugged_child);
    assert_true(child_says(&c, "settled\n"));
    for (int i = 0; i < 2; i++) { /* and the program goes on */
        child_forget(&c);
        assert_int_equal(kill(c.pid, SIGQUIT), 0);
        assert_true(child_says(&c, "rio: SIGQUIT: the tasks of this loop:\n"));
        assert_true(child_says(&c, "    right "));
        assert_true(says(c.text, 2, "crowd", "group"));
    }
    (void)child_end(&c, SIGKILL);
}

static void without_debug_mode_sigquit_ends_the_process(void **state)
{
    static struct child c;
    int status;

    (void)state;
    child_start(&c, plain_child);
    assert_true(child_says(&c, "settled\n"));
    status = child_end(&c, SIGQUIT);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
    assert_null(strstr(c.text, "SIGQUIT"));
}

TEST_MAIN(cmocka_unit_test(sigquit_lists_the_tasks_in_debug_mode),
          cmocka_unit_test(without_debug_mode_sigquit_ends_the_process),
          cmocka_unit_test(members_stand_below_the_task_of_their_group),
          cmocka_unit_test(groups_within_a_task_are_all_shown),
          cmocka_unit_test(a_deep_tree_is_shown_to_its_end),
          cmocka_unit_test(each_line_says_what_its_task_waits_for),
          cmocka_unit_test(a_deep_task_shows_its_depth_in_debug_mode),
          cmocka_unit_test(without_debug_mode_nobody_looks_for_depths),
          cmocka_unit_test(a_task_that_nearly_overflows_is_reported))
