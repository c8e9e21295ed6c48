/* log_test - one event a line.  The clocks here are the test's own: they take the
 * place of base/clock when the program is linked.
 * SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/test.h"

static int64_t now_ns;

int64_t rq_clock_boottime_ns(void)
{
    return now_ns;
}

int64_t rq_clock_wall_ms(void)
{
    return INT64_C(1790000000007); /* 2026-09-21T14:13:20.007Z */
}

#define HEAD "2026-09-21T14:13:20.007Z "

static int stderr_copy = -1, log_fd = -1;

/* What was logged since the last call. */
static const char *logged(void)
{
    static char text[64 * 1024];
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);

    assert_true(n >= 0);
    text[n] = '\0';
    assert_int_equal(ftruncate(log_fd, 0), 0);
    return text;
}

/* From here on stderr is a file without a name. */
static int begin(void **state)
{
    (void)state;
    now_ns += INT64_C(3600000000000); /* what other tests did is long past */
    rq_log_set_level(RQ_LOG_INFO);
    stderr_copy = dup(STDERR_FILENO);
    log_fd = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        return -1;
    LOG_INFO("event=begin"); /* and the counts that the last test has left */
    logged();
    return 0;
}

static int end(void **state)
{
    (void)state;
    dup2(stderr_copy, STDERR_FILENO);
    close(stderr_copy);
    close(log_fd);
    return 0;
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void a_line_has_time_level_and_event(void **state)
{
    (void)state;
    LOG_INFO("event=started port=%d", 7766);
    assert_string_equal(logged(), HEAD "info event=started port=7766\n");
    LOG_WARN("event=slow");
    LOG_ERROR("event=broken");
    assert_string_equal(logged(), HEAD "warn event=slow\n" HEAD "error event=broken\n");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    (void)state;
    LOG_DEBUG("event=detail");
    assert_string_equal(logged(), "");
    rq_log_set_level(RQ_LOG_DEBUG);
    LOG_DEBUG("event=detail");
    assert_string_equal(logged(), HEAD "debug event=detail\n");
    rq_log_set_level(RQ_LOG_ERROR);
    LOG_WARN("event=slow");
    assert_string_equal(logged(), "");
}

static void bytes_of_a_peer_cannot_begin_a_line(void **state)
{
    (void)state;
    LOG_INFO("event=hello name=%s", "a\nb\r\x1b[31m\x7f\xc3\xa9");
    assert_string_equal(logged(), HEAD "info event=hello name=a?b??[31m?\xc3\xa9\n");
}

static void a_long_line_is_cut_and_still_one_line(void **state)
{
    static char long_text[5000];

    (void)state;
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    LOG_INFO("event=long text=%s", long_text);
    const char *text = logged();
    assert_int_equal(strlen(text), 1024);
    assert_int_equal(count_lines(text), 1);
    assert_int_equal(text[1023], '\n');
}

static void errno_is_left_alone(void **state)
{
    (void)state;
    close(STDERR_FILENO); /* the write fails with EBADF */
    errno = ENOTTY;
    LOG_INFO("event=lost");
    assert_int_equal(errno, ENOTTY);
}

static void the_eleventh_of_a_second_is_counted_instead(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        LOG_INFO("event=again n=%d", i);
    assert_int_equal(count_lines(logged()), 10);
    for (int i = 0; i < 5; i++)
        LOG_WARN("event=again n=%d", i);
    assert_string_equal(logged(), "");
}

static void the_count_is_told_after_the_second(void **state)
{
    (void)state;
    for (int i = 0; i < 13; i++)
        LOG_INFO("event=often n=%d", i);
    assert_int_equal(count_lines(logged()), 10);

    now_ns += 999999999;
    LOG_INFO("event=other");
    assert_string_equal(logged(), HEAD "info event=other\n");
    now_ns += 1;
    LOG_INFO("event=other");
    assert_string_equal(logged(),
                        HEAD "info event=log_suppressed name=often count=3\n" HEAD
                             "info event=other\n");
    LOG_INFO("event=often n=%d", 99);
    assert_string_equal(logged(), HEAD "info event=often n=99\n");
}

static void a_new_second_admits_ten_more(void **state)
{
    (void)state;
    for (int second = 0; second < 3; second++) {
        for (int i = 0; i < 10; i++)
            LOG_INFO("event=steady");
        assert_int_equal(count_lines(logged()), 10);
        now_ns += 1000000000;
    }
}

static void events_are_told_apart_by_their_whole_name(void **state)
{
    (void)state;
    for (int i = 0; i < 11; i++) {
        LOG_INFO("event=pair");
        LOG_INFO("event=pair_two a=%d", i);
        LOG_INFO("no event at all");
    }
    assert_int_equal(count_lines(logged()), 30);
}

/* clang-format off */
/* One more than a second admits, of an event with this name. */
#define ELEVEN(name)                                                        \
    for (int i = 0; i < 11; i++)                                            \
        LOG_INFO("event=" name);                                            \
    now_ns++;

/* Logs so many of each of ten names that begin with the letter. */
#define TEN_NAMES(letter)                                                   \
    static void ten_names_##letter(void)                                    \
    {                                                                       \
        ELEVEN(#letter "0") ELEVEN(#letter "1") ELEVEN(#letter "2")         \
        ELEVEN(#letter "3") ELEVEN(#letter "4") ELEVEN(#letter "5")         \
        ELEVEN(#letter "6") ELEVEN(#letter "7") ELEVEN(#letter "8")         \
        ELEVEN(#letter "9")                                                 \
    }
TEN_NAMES(a) TEN_NAMES(b) TEN_NAMES(c) TEN_NAMES(d) TEN_NAMES(e) TEN_NAMES(f) TEN_NAMES(g)
    /* clang-format on */

    static void more_names_than_places_lose_no_count(void **state)
{
    (void)state;
    ten_names_a();
    ten_names_b();
    ten_names_c();
    ten_names_d();
    ten_names_e();
    ten_names_f();
    ten_names_g();
    now_ns += 1000000000;
    LOG_INFO("event=last");
    /* Ten lines and, sooner or later, one summary for each of 70 names. */
    assert_int_equal(count_lines(logged()), 70 * 11 + 1);
}

#define LOGGED(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(LOGGED(a_line_has_time_level_and_event),
          LOGGED(what_is_below_the_level_is_not_written),
          LOGGED(bytes_of_a_peer_cannot_begin_a_line),
          LOGGED(a_long_line_is_cut_and_still_one_line), LOGGED(errno_is_left_alone),
          LOGGED(the_eleventh_of_a_second_is_counted_instead),
          LOGGED(the_count_is_told_after_the_second),
          LOGGED(a_new_second_admits_ten_more),
          LOGGED(events_are_told_apart_by_their_whole_name),
          LOGGED(more_names_than_places_lose_no_count))
