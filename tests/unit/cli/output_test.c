/* output_test - tables and texts from strangers.
 * SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static char *text;
static size_t text_len;

static FILE *begin(void)
{
    FILE *out = open_memstream(&text, &text_len);

    assert_non_null(out);
    return out;
}

static void assert_written(FILE *out, const char *want)
{
    char copy[1024];

    assert_int_equal(fclose(out), 0);
    assert_true(text_len < sizeof copy);
    memcpy(copy, text, text_len + 1);
    free(text);
    assert_string_equal(copy, want);
}

static void control_characters_lose_their_power(void **state)
{
    static const char nasty[] = "a\x1b[31m\n\t\r\x7f\0\xff\xc2\x9b\xc3\xa9";
    FILE *out = begin();

    (void)state;
    output_clean(out, nasty, sizeof nasty - 1);
    assert_written(out, "a\\x1b[31m\\n\\t\\x0d\\x7f\\x00\\xff\\u009b\xc3\xa9");
}

static void a_message_quotes_without_power_and_keeps_its_lines(void **state)
{
    FILE *out = begin();

    (void)state;
    output_say(out, "'%s' is none\n\tsay %d\n", "\x1b[2J\xc3", 5);
    output_say(out, "%s", "");
    assert_written(out, "'\\x1b[2J\\xc3' is none\n\tsay 5\n");
}

static void a_pipe_gets_plain_values_between_tabs(void **state)
{
    static const char *const heading[] = {"name", "count"};
    const struct output pipe = {0};
    FILE *out = begin();
    struct table t;

    (void)state;
    table_init(&t, out, &pipe, 2);
    table_heading(&t, heading);
    table_string(&t, "a\tb");
    table_integer(&t, 1204);
    table_string(&t, "");
    table_integer(&t, -1);
    assert_int_equal(table_print(&t), 0);
    assert_written(out, "a\\tb\t1204\n\t-1\n");
}

static void a_terminal_gets_aligned_columns(void **state)
{
    static const char *const heading[] = {"name", "count"};
    const struct output terminal = {.terminal = true};
    FILE *out = begin();
    struct table t;

    (void)state;
    table_init(&t, out, &terminal, 2);
    t.figures = true;
    table_heading(&t, heading);
    table_string(&t, "b\xc3\xa9ta-long");
    table_integer(&t, 1204);
    table_string(&t, "a");
    table_integer(&t, 7);
    assert_int_equal(table_print(&t), 0);
    assert_written(out, "name       count\n"
                        "b\xc3\xa9ta-long  1,204\n"
                        "a              7\n");
}

static void a_table_without_rows_prints_nothing(void **state)
{
    const struct output pipe = {0};
    FILE *out = begin();
    struct table t;

    (void)state;
    table_init(&t, out, &pipe, 3);
    assert_int_equal(table_print(&t), 0);
    assert_written(out, "");
}

static void marks_need_no_utf8_and_no_colour(void **state)
{
    const struct output plain = {0}, rich = {.utf8 = true, .color = true};
    FILE *out = begin();

    (void)state;
    output_mark(out, &plain, MARK_GOOD);
    output_mark(out, &rich, MARK_BAD);
    assert_written(out, "ok   \x1b[31m\xe2\x9c\x98\x1b[0m");
}

TEST_MAIN(cmocka_unit_test(control_characters_lose_their_power),
          cmocka_unit_test(a_message_quotes_without_power_and_keeps_its_lines),
          cmocka_unit_test(a_pipe_gets_plain_values_between_tabs),
          cmocka_unit_test(a_terminal_gets_aligned_columns),
          cmocka_unit_test(a_table_without_rows_prints_nothing),
          cmocka_unit_test(marks_need_no_utf8_and_no_colour))
