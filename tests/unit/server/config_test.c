/* config_test - flag > environment > file > default, and what a mistake is told.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static struct config config;
static char why[CONFIG_WHY];
static char path[] = "/tmp/ringq-config-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    why[0] = '\0';
    return config_init(&config, why);
}

static int tear_down(void **state)
{
    (void)state;
    config_fini(&config);
    unsetenv("RINGQD_MAX_BODY");
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int flags(char *const *argv)
{
    int argc = 0;

    while (argv[argc] != NULL)
        argc++;
    return config_flags(&config, argc, argv, why);
}

static void the_safe_values_are_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(config.durability, STORE_FSYNC);
    assert_int_equal(config.listen_count, 1);
    assert_string_equal(config.listen[0], "127.0.0.1:7766");
    assert_int_equal(config.max_body, 1 << 20);
    assert_null(config.redis);
}

static void a_flag_beats_the_environment_beats_the_file(void **state)
{
    char *const argv[] = {"--max-body", "3MiB", NULL};

    (void)state;
    write_file("max-body = 1KiB\nmax-connections = 7\n");
    assert_int_equal(flags(argv), 0);
    assert_int_equal(putenv("RINGQD_MAX_BODY=2MiB"), 0);
    assert_int_equal(config_environment(&config, why), 0);
    assert_int_equal(config_file(&config, path, why), 0);
    assert_int_equal(config.max_body, 3 << 20);
    assert_int_equal(config.max_connections, 7);
}

static void repeated_listen_flags_add_up_and_replace_the_default(void **state)
{
    char *const argv[] = {"--listen", "127.0.0.1:0", "--listen=unix:/run/q", NULL};

    (void)state;
    assert_int_equal(flags(argv), 0);
    assert_int_equal(config.listen_count, 2);
    assert_string_equal(config.listen[1], "unix:/run/q");
}

static void eight_addresses_fit_and_nine_do_not(void **state)
{
    char *const one[] = {"--listen", "127.0.0.1:0", NULL};

    (void)state;
    for (int i = 0; i < CONFIG_LISTEN_MAX; i++)
        assert_int_equal(flags(one), 0);
    assert_true(flags(one) < 0);
}

static void a_misspelt_option_is_told_the_right_one(void **state)
{
    char *const argv[] = {"--durabilty", "fsync", NULL};

    (void)state;
    assert_int_equal(flags(argv), -EINVAL);
    assert_non_null(strstr(why, "did you mean 'durability'"));
}

static void an_unknown_key_in_the_file_is_an_error(void **state)
{
    (void)state;
    write_file("colour = blue\n");
    assert_int_equal(config_file(&config, path, why), -EINVAL);
    assert_non_null(strstr(why, "colour"));
}

static void a_section_in_the_file_is_an_error(void **state)
{
    (void)state;
    write_file("[server]\nmax-body = 1KiB\n");
    assert_int_equal(config_file(&config, path, why), -EINVAL);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    assert_true(config_file(&config, "/nowhere/at/all", why) < 0);
    assert_non_null(strstr(why, "/nowhere/at/all"));
}

static void a_flag_without_a_value_is_an_error(void **state)
{
    char *const argv[] = {"--redis", NULL};

    (void)state;
    assert_int_equal(flags(argv), -EINVAL);
    assert_non_null(strstr(why, "wants a value"));
}

static void numbers_are_taken_at_their_limit_and_refused_one_past(void **state)
{
    static const struct {
        const char *flag, *good, *bad;
    } cases[] = {
        {"--max-body", "64MiB", "67108865"},
        {"--max-body", "1", "0"},
        {"--log-spare", "64KiB", "65535"},
        {"--body-memory", "0", "-1"},
        {"--body-memory", "1024GiB", "1099511627777"},
        {"--max-connections", "1000000", "1000001"},
        {"--redis-timeout", "100ms", "99ms"},
        {"--redis-timeout", "10m", "600001"},
        {"--store-wait", "100ms", "99"},
        {"--replicas", "0", "-1"},
        {"--replicas", "16", "17"},
        {"--replica-wait", "1ms", "0"},
        {"--replica-wait", "60s", "60001"},
        {"--durability", "memory", "fast"},
        {"--log-level", "debug", "loud"},
        {"--store-down", "stop", "serve!"},
        {"--store-down", "serve", "halt"},
        {"--bad-entries", "set-aside", "skip"},
        {"--bad-entries", "stop", "yes"},
        {"--io", "epoll", "aio"},
        {"--http", "off", "on"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char good[64], bad[64];
        char *const good_argv[] = {good, NULL}, *const bad_argv[] = {bad, NULL};

        snprintf(good, sizeof good, "%s=%s", cases[i].flag, cases[i].good);
        snprintf(bad, sizeof bad, "%s=%s", cases[i].flag, cases[i].bad);
        assert_int_equal(flags(good_argv), 0);
        assert_true(flags(bad_argv) < 0);
        assert_non_null(strstr(why, "bad value"));
    }
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_MAIN(CONFIG_TEST(the_safe_values_are_the_defaults),
          CONFIG_TEST(a_flag_beats_the_environment_beats_the_file),
          CONFIG_TEST(repeated_listen_flags_add_up_and_replace_the_default),
          CONFIG_TEST(eight_addresses_fit_and_nine_do_not),
          CONFIG_TEST(a_misspelt_option_is_told_the_right_one),
          CONFIG_TEST(an_unknown_key_in_the_file_is_an_error),
          CONFIG_TEST(a_section_in_the_file_is_an_error),
          CONFIG_TEST(a_missing_file_is_named),
          CONFIG_TEST(a_flag_without_a_value_is_an_error),
          CONFIG_TEST(numbers_are_taken_at_their_limit_and_refused_one_past))
