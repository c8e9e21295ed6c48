/* put_options_test - the options of PUT on the command line.
 * SPDX-License-Identifier: MIT */
#include "cli/put_options.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "support/test.h"

static const struct put_words NOTHING = {.delay_ms = OPTION_UNSET,
                                         .pri = OPTION_UNSET,
                                         .ttr_ms = OPTION_UNSET,
                                         .tries = OPTION_UNSET,
                                         .jitter_pct = OPTION_UNSET,
                                         .ttl_ms = OPTION_UNSET,
                                         .room_ms = 0,
                                         .keep_ms = OPTION_UNSET,
                                         .window_ms = OPTION_UNSET};
static ringq_put_options options;
static struct put_headers headers;

/* What is wrong is said on stderr; here nobody wants to hear it. */
static int read_quietly(const struct put_words *words)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

    (void)fflush(stderr);
    (void)dup2(null, STDERR_FILENO);
    int rc = put_options_read(words, &options, &headers);
    (void)fflush(stderr);
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(null);
    return rc;
}

static int read_backoff(const char *text)
{
    struct put_words words = NOTHING;

    words.backoff = text;
    return read_quietly(&words);
}

/* The words of MPUT, joined by blanks. */
static const char *argv_of(const struct put_words *words)
{
    static char text[256];
    struct put_argv argv;

    assert_int_equal(put_options_read(words, &options, &headers), 0);
    put_options_argv(&options, &argv);
    assert_true(argv.count <= PUT_ARGV_MAX);
    text[0] = '\0';
    for (size_t i = 0; i < argv.count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                       i > 0 ? " " : "", argv.words[i]);
    return text;
}

static void nothing_given_asks_for_the_defaults(void **state)
{
    ringq_put_options zero = {.size = sizeof zero};

    (void)state;
    assert_string_equal(argv_of(&NOTHING), "NOWAIT");
    assert_int_equal(options.size, zero.size);
    assert_false(options.has_pri || options.has_jitter);
    assert_int_equal(options.backoff_base_ms, 0);
}

static void every_option_reaches_the_wire(void **state)
{
    const struct put_words words = {.delay_ms = 300000,
                                    .ttr_ms = 60000,
                                    .tries = 3,
                                    .backoff = "linear:2s:1m",
                                    .ttl_ms = 1000,
                                    .keep_ms = 2000,
                                    .room_ms = 500,
                                    .unique = "u",
                                    .window_ms = 3000,
                                    .group = "g",
                                    .batch = "7-3",
                                    .durable = "redis",
                                    .headers = {{"a=b", "c=d=e", "f="}, 3}};

    (void)state;
    assert_string_equal(
        argv_of(&words),
        "DELAY 300000 TTL 1000 KEEP 2000 PRI 0 TTR 60000 TRIES 3 "
        "BACKOFF LINEAR 2000 60000 JITTER 0 "
        "DURABLE redis BLOCK 500 GROUP g BATCH 7-3 UNIQUE u WINDOW 3000 HEADER a b "
        "HEADER c d=e HEADER f ");
    assert_int_equal(options.delay_ms, 300000);
    assert_true(options.has_pri);
    assert_int_equal(options.pri, 0);
    assert_int_equal(options.ttr_ms, 60000);
    assert_int_equal(options.tries, 3);
    assert_int_equal(options.backoff, RINGQ_BACKOFF_LINEAR);
    assert_true(options.has_jitter);
}

static void a_time_excludes_a_delay(void **state)
{
    struct put_words words = NOTHING;

    (void)state;
    words.at = "2030-01-31T08:00:00Z";
    assert_string_equal(argv_of(&words), "AT 1896076800000 NOWAIT");
    words.delay_ms = 0;
    assert_true(read_quietly(&words) < 0);
    words.delay_ms = OPTION_UNSET;
    words.at = "tomorrow";
    assert_true(read_quietly(&words) < 0);
}

static void room_is_waited_for_unless_somebody_says_otherwise(void **state)
{
    struct put_words words = NOTHING;

    (void)state;
    words.room_ms = OPTION_UNSET;
    assert_string_equal(argv_of(&words), "BLOCK 315360000000");
    assert_int_equal(options.block_ms, RINGQ_FOREVER);
    words.no_wait = true;
    assert_string_equal(argv_of(&words), "NOWAIT");
    words.room_ms = 5;
    assert_true(read_quietly(&words) < 0);
}

static void a_header_is_a_name_and_a_value(void **state)
{
    static const char *const bad[] = {
        "", "name", "=value",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=65"};
    struct put_words words = NOTHING;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        words.headers = (struct option_texts){{bad[i]}, 1};
        assert_true(read_quietly(&words) < 0);
    }
    words.headers.list[0] = &bad[3][1]; /* 64 */
    assert_int_equal(read_quietly(&words), 0);
    assert_string_equal(options.headers[0].value, "65");
}

static void window_and_replace_go_with_a_key(void **state)
{
    struct put_words words = NOTHING;

    (void)state;
    words.window_ms = 5;
    assert_true(read_quietly(&words) < 0);
    words.unique = "k";
    assert_int_equal(read_quietly(&words), 0);
    assert_string_equal(options.unique, "k");
    assert_int_equal(options.window_ms, 5);
    words = NOTHING;
    words.replace = true;
    assert_true(read_quietly(&words) < 0);
}

static void a_backoff_has_one_to_three_parts(void **state)
{
    (void)state;
    assert_int_equal(read_backoff("exp"), 0);
    assert_int_equal(options.backoff, RINGQ_BACKOFF_EXP);
    assert_int_equal(options.backoff_base_ms, 1000);
    assert_int_equal(options.backoff_max_ms, 0);
    assert_int_equal(read_backoff("fixed:30s"), 0);
    assert_int_equal(options.backoff, RINGQ_BACKOFF_FIXED);
    assert_int_equal(options.backoff_base_ms, 30000);
    assert_int_equal(read_backoff("exp:1ms:1h"), 0);
    assert_int_equal(options.backoff_base_ms, 1);
    assert_int_equal(options.backoff_max_ms, 3600000);
}

static void a_backoff_that_makes_no_sense_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "expo",
                                      "exp:",
                                      "exp:5",
                                      "exp:0s",
                                      "exp:1s:",
                                      "exp:1s:1h:",
                                      "exp:1s:1h:1",
                                      "exp::1h",
                                      "EXP",
                                      "exp:-1s",
                                      "exp:50d",
                                      "a-much-too-long-kind",
                                      "exp:1s:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(read_backoff(bad[i]) < 0);
}

TEST_MAIN(cmocka_unit_test(nothing_given_asks_for_the_defaults),
          cmocka_unit_test(every_option_reaches_the_wire),
          cmocka_unit_test(a_time_excludes_a_delay),
          cmocka_unit_test(room_is_waited_for_unless_somebody_says_otherwise),
          cmocka_unit_test(a_header_is_a_name_and_a_value),
          cmocka_unit_test(window_and_replace_go_with_a_key),
          cmocka_unit_test(a_backoff_has_one_to_three_parts),
          cmocka_unit_test(a_backoff_that_makes_no_sense_is_refused))
