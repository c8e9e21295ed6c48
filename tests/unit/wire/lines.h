/* lines.h - commands written as lines, for the tests of parsers: the reader of inline
 * commands cuts them.
 * SPDX-License-Identifier: MIT */
#ifndef UNIT_WIRE_LINES_H
#define UNIT_WIRE_LINES_H

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"
#include "wire/command.h"

static struct rq_resp_reader reader;
static struct rq_complaint why;

static int begin(void **state)
{
    (void)state;
    rq_resp_reader_init(&reader, 1 << 20, 4 << 20);
    memset(&why, 0, sizeof why);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rq_resp_reader_fini(&reader);
    return 0;
}

/* The words of `line`, until the next call. */
static const struct rq_cmd *cmd(const char *line)
{
    static struct rq_cmd words;
    static char text[40000];
    int len = snprintf(text, sizeof text, "%s\n", line);

    assert_in_range(len, 1, sizeof text - 1);
    assert_true(rq_resp_read(&reader, rq_slice(text, (size_t)len), &words) > 0);
    return &words;
}

/* Fails unless the last complaint had this code and begins with `text`. */
static void assert_complaint(int rc, int code, const char *text)
{
    assert_int_equal(rc, code);
    assert_int_equal(why.code, code);
    if (strncmp(why.text, text, strlen(text)) != 0)
        fail_msg("complaint was: %s", why.text);
}

/* A test with a reader of its own. */
#define PARSE(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
