/* top_view_test - what `ringq top` shows: order, figures, frames of any size.
 * SPDX-License-Identifier: MIT */
#include "cli/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static struct top top;

static struct top_queue *add(const char *name, int64_t ready, int64_t dead)
{
    struct top_queue *q = top_add(&top);

    assert_non_null(q);
    (void)snprintf(q->name, sizeof q->name, "%s", name);
    q->figures[TOP_READY] = ready;
    q->figures[TOP_DEAD] = dead;
    q->figures[TOP_WAITING] = 1;
    return q;
}

static int begin(void **state)
{
    (void)state;
    top = (struct top){.sort = TOP_READY,
                       .server = {.address = "unix:/run/x",
                                  .version = "0.1.0",
                                  .durability = "fsync",
                                  .uptime_ms = 61000,
                                  .connections = 3}};
    return 0;
}

static int end(void **state)
{
    (void)state;
    top_fini(&top);
    return 0;
}

/* The frame as plain text. */
static const char *drawn(int rows, int columns)
{
    static char text[65536];
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(out);
    top_draw(&top, (struct screen_size){rows, columns},
             (struct top_style){.ansi = rows > 0, .color = false}, out);
    (void)fputc('\0', out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_order(const char *names)
{
    char text[128] = "";
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(out);
    top_sort(&top);
    for (size_t i = 0; i < top.count; i++)
        (void)fprintf(out, "%s ", top.queues[i].name);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, names);
}

static void figures_come_from_the_largest_and_names_from_a(void **state)
{
    (void)state;
    add("b", 5, 0);
    add("c", 7, 1);
    add("a", 5, 2);
    assert_order("c a b ");
    top.reversed = true;
    assert_order("a b c ");
    top.sort = TOP_NAME;
    assert_order("c b a ");
    top.reversed = false;
    assert_order("a b c ");
    top.sort = TOP_DEAD;
    assert_order("a c b ");
}

static void a_row_has_its_figures_under_their_titles(void **state)
{
    struct top_queue *q = add("emails", 1204, 0);
    const char *titles, *row;

    (void)state;
    q->figures[TOP_PUT] = 12340;
    q->figures[TOP_DONE] = 123456789;
    q->figures[TOP_WAITING] = -3;
    q->figures[TOP_OLDEST] = 192000;
    (void)snprintf(q->state, sizeof q->state, "paused");
    titles = strstr(drawn(0, 100), "queue ");
    assert_non_null(titles);
    row = strchr(titles, '\n') + 1;
    assert_memory_equal(row, "emails ", 7);
    assert_non_null(strstr(row, " 1,204"));
    assert_non_null(strstr(row, " 12.3"));
    assert_non_null(strstr(row, "123k")); /* 123,457 is too wide */
    assert_non_null(strstr(row, "3 put"));
    assert_non_null(strstr(row, "3m12s"));
    assert_non_null(strstr(row, " paused"));
    assert_ptr_equal(strstr(titles, "*ready") + 6 - titles,
                     strstr(row, "1,204") + 5 - row);
}

static void no_line_is_wider_than_the_screen(void **state)
{
    (void)state;
    add("a-name-of-a-queue-that-is-much-longer-than-the-column", 1, 1);
    (void)snprintf(top.problem, sizeof top.problem, "%0190d", 0);
    for (int columns = 10; columns <= 140; columns++) {
        const char *at = drawn(0, columns);
        while (*at != '\0') {
            size_t len = strcspn(at, "\n");
            assert_true(len <= (size_t)columns);
            at += len + 1;
        }
    }
    assert_non_null(strstr(drawn(0, 80), "a-name-of-a-queue-t~"));
}

static void a_frame_has_exactly_the_rows_of_the_screen(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "q%d", i);
        add(name, i, 0);
    }
    for (int rows = 2; rows <= 50; rows++) {
        int ends = 0;
        for (const char *at = drawn(rows, 80); (at = strstr(at, "\r\n")) != NULL; at++)
            ends++;
        assert_int_equal(ends, rows - 1); /* the keys have none */
    }
}

static void scrolling_stops_at_both_ends(void **state)
{
    const struct screen_size size = {15, 80}; /* ten rows of queues */

    (void)state;
    for (int i = 0; i < 25; i++)
        add("q", i, 0);
    top_scroll(&top, 3, size);
    assert_int_equal(top.first, 3);
    top_scroll(&top, -5, size);
    assert_int_equal(top.first, 0);
    top_scroll(&top, 1000, size);
    assert_int_equal(top.first, 15);
    top.count = 12; /* queues have gone */
    top_scroll(&top, 0, size);
    assert_int_equal(top.first, 2);
    top_scroll(&top, 0, (struct screen_size){40, 80});
    assert_int_equal(top.first, 0);
}

static void the_verdict_names_what_needs_somebody(void **state)
{
    struct top_queue *q;

    (void)state;
    assert_non_null(strstr(drawn(0, 100), "no queues yet"));
    q = add("emails", 5, 0);
    assert_non_null(strstr(drawn(0, 100), "all is well"));
    q->figures[TOP_DEAD] = 1;
    assert_non_null(strstr(drawn(0, 100), "ringq dead list emails"));
    q->figures[TOP_WAITING] = 0;
    assert_non_null(strstr(drawn(0, 100), "ringq work emails -- CMD"));
    (void)snprintf(q->state, sizeof q->state, "paused"); /* somebody wants it so */
    assert_null(strstr(drawn(0, 100), "ringq work"));
    top.server.draining = true;
    assert_non_null(strstr(drawn(0, 100), "ringq undrain"));
    (void)snprintf(top.problem, sizeof top.problem, "DISCONNECTED: nobody");
    assert_non_null(strstr(drawn(0, 100), "DISCONNECTED: nobody"));
}

static void without_colours_there_are_none(void **state)
{
    (void)state;
    add("emails", 5, 1)->figures[TOP_WAITING] = 0;
    assert_null(strstr(drawn(24, 80), "\x1b[3"));
    assert_null(strchr(drawn(0, 80), '\x1b'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(TEST(figures_come_from_the_largest_and_names_from_a),
          TEST(a_row_has_its_figures_under_their_titles),
          TEST(no_line_is_wider_than_the_screen),
          TEST(a_frame_has_exactly_the_rows_of_the_screen),
          TEST(scrolling_stops_at_both_ends),
          TEST(the_verdict_names_what_needs_somebody),
          TEST(without_colours_there_are_none))
