/* input_test - a file, as a whole or line by line.
 * SPDX-License-Identifier: MIT */
#include "cli/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

static char path[] = "/tmp/ringq-input-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    (void)strncpy(path + sizeof path - 7, "XXXXXX", 7);
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    (void)close(fd);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *bytes, size_t len)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static struct input open_text(const char *text, size_t line_max)
{
    struct input in;

    write_file(text, strlen(text));
    assert_int_equal(input_open(&in, path, line_max), 0);
    assert_int_equal(in.size, strlen(text));
    return in;
}

static void assert_line(struct input *in, const char *want, uint64_t number)
{
    struct input_line line;

    assert_int_equal(input_line(in, &line), 1);
    assert_int_equal(line.len, strlen(want));
    assert_memory_equal(line.text, want, line.len);
    assert_int_equal(line.number, number);
    assert_true(line.is_first && line.is_last && !line.is_long);
}

static void assert_end(struct input *in)
{
    struct input_line line;

    assert_int_equal(input_line(in, &line), 0);
    assert_int_equal(input_line(in, &line), 0);
    input_close(in);
}

static void lines_come_without_their_newline(void **state)
{
    struct input in = open_text("one\n\ntwo \nthree\n", 100);

    (void)state;
    assert_line(&in, "one", 1);
    assert_line(&in, "", 2);
    assert_line(&in, "two ", 3);
    assert_line(&in, "three", 4);
    assert_end(&in);
}

static void the_last_line_needs_no_newline(void **state)
{
    struct input in = open_text("one\ntwo", 100);

    (void)state;
    assert_line(&in, "one", 1);
    assert_line(&in, "two", 2);
    assert_end(&in);
}

static void an_empty_file_has_no_line(void **state)
{
    struct input in = open_text("", 100);

    (void)state;
    assert_end(&in);
}

static void a_line_tells_how_far_it_got(void **state)
{
    struct input in = open_text("one\ntwo", 100);
    struct input_line line;

    (void)state;
    assert_int_equal(input_line(&in, &line), 1);
    assert_int_equal(line.end, 4);
    assert_int_equal(input_line(&in, &line), 1);
    assert_int_equal(line.end, 7);
    assert_end(&in);
}

static void a_line_at_the_limit_is_whole_and_one_past_it_is_long(void **state)
{
    struct input in = open_text("12345\n123456\nx\n", 5);
    struct input_line line;

    (void)state;
    assert_line(&in, "12345", 1);
    assert_int_equal(input_line(&in, &line), 1);
    assert_true(line.is_long && line.is_first && line.is_last);
    assert_int_equal(line.number, 2);
    assert_line(&in, "x", 3);
    assert_end(&in);
}

/* Longer than any buffer: pieces in order, then the next line as if nothing had been.
 */
static void a_very_long_line_comes_in_pieces(void **state)
{
    enum { LONG = 300000, LIMIT = 70000 };
    char *text = malloc(LONG + 3);
    struct input in;
    struct input_line line = {.is_last = false};
    size_t sum = 0, pieces = 0;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LONG);
    memcpy(text + LONG, "\nz", 3);
    write_file(text, LONG + 2);
    free(text);
    assert_int_equal(input_open(&in, path, LIMIT), 0);
    while (!line.is_last) {
        assert_int_equal(input_line(&in, &line), 1);
        assert_true(line.is_long);
        assert_int_equal(line.is_first, pieces == 0);
        assert_int_equal(line.number, 1);
        sum += line.len;
        pieces++;
    }
    assert_int_equal(sum, LONG);
    assert_true(pieces > 1);
    assert_true(in.capacity <= LIMIT + 1);
    assert_line(&in, "z", 2);
    assert_end(&in);
}

static void a_long_line_may_be_the_last_and_unfinished(void **state)
{
    struct input in;
    struct input_line line = {.is_last = false};
    static char text[70001];

    (void)state;
    memset(text, 'x', sizeof text);
    write_file(text, sizeof text);
    assert_int_equal(input_open(&in, path, 65536), 0);
    while (!line.is_last)
        assert_int_equal(input_line(&in, &line), 1);
    assert_end(&in);
}

static void lines_across_the_buffer_are_put_together(void **state)
{
    enum { LINES = 5000 };
    char want[32];
    FILE *f = fopen(path, "w");
    struct input in;

    (void)state;
    assert_non_null(f);
    for (int i = 1; i <= LINES; i++)
        (void)fprintf(f, "line %d of several thousand\n", i);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(input_open(&in, path, 1000), 0);
    for (unsigned i = 1; i <= LINES; i++) {
        (void)snprintf(want, sizeof want, "line %u of several thousand", i);
        assert_line(&in, want, i);
    }
    assert_int_equal(in.capacity, 65536);
    assert_end(&in);
}

static void a_silent_pipe_is_not_ready(void **state)
{
    int fds[2];
    struct input in = {.line_max = 100, .name = "pipe", .wake_fd = -1};

    (void)state;
    assert_int_equal(pipe(fds), 0);
    in.fd = fds[0];
    assert_false(input_is_ready(&in));
    assert_int_equal(write(fds[1], "a\nb", 3), 3);
    assert_true(input_is_ready(&in));
    assert_line(&in, "a", 1);
    assert_false(input_is_ready(&in)); /* half a line is none */
    assert_int_equal(close(fds[1]), 0);
    assert_true(input_is_ready(&in));
    assert_line(&in, "b", 2);
    assert_true(input_is_ready(&in));
    assert_end(&in);
}

static void who_waits_can_be_woken(void **state)
{
    int fds[2], wake[2];
    struct input in = {.line_max = 100, .name = "pipe"};
    struct input_line line;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pipe(wake), 0);
    in.fd = fds[0];
    in.wake_fd = wake[0];
    assert_int_equal(write(fds[1], "a\nb", 3), 3);
    assert_line(&in, "a", 1);
    assert_int_equal(write(wake[1], "", 1), 1);
    assert_int_equal(input_line(&in, &line), -EINTR);
    assert_int_equal(read(wake[0], &(char){0}, 1), 1);
    assert_int_equal(close(fds[1]), 0);
    assert_line(&in, "b", 2);
    assert_end(&in);
    (void)close(wake[0]);
    (void)close(wake[1]);
}

static void a_whole_file_is_read_up_to_its_limit(void **state)
{
    char *bytes = NULL;
    size_t len = 0;
    struct input in = open_text("12345", 0);

    (void)state;
    assert_int_equal(input_all(&in, 4, &bytes, &len), -EFBIG);
    assert_null(bytes);
    input_close(&in);
    assert_int_equal(input_open(&in, path, 0), 0);
    assert_int_equal(input_all(&in, 5, &bytes, &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(bytes, "12345", 5);
    free(bytes);
    input_close(&in);
}

static void what_is_not_there_cannot_be_opened(void **state)
{
    struct input in;

    (void)state;
    assert_int_equal(input_open(&in, "/nonexistent/file", 10), -ENOENT);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)

TEST_MAIN(FILE_TEST(lines_come_without_their_newline),
          FILE_TEST(the_last_line_needs_no_newline),
          FILE_TEST(an_empty_file_has_no_line), FILE_TEST(a_line_tells_how_far_it_got),
          FILE_TEST(a_line_at_the_limit_is_whole_and_one_past_it_is_long),
          FILE_TEST(a_very_long_line_comes_in_pieces),
          FILE_TEST(a_long_line_may_be_the_last_and_unfinished),
          FILE_TEST(lines_across_the_buffer_are_put_together),
          FILE_TEST(a_silent_pipe_is_not_ready), FILE_TEST(who_waits_can_be_woken),
          FILE_TEST(a_whole_file_is_read_up_to_its_limit),
          FILE_TEST(what_is_not_there_cannot_be_opened))
