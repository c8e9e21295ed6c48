/* url_test - where Redis is.
 * SPDX-License-Identifier: MIT */
#include "store/url.h"

#include <errno.h>
#include <stdio.h>

#include "support/test.h"

static struct url good(const char *text)
{
    struct url u;
    char why[URL_WHY] = "";

    if (url_parse(text, &u, why) < 0)
        fail_msg("%s: %s", text, why);
    return u;
}

static void a_host_may_come_alone(void **state)
{
    struct url u = good("redis://db.example");

    (void)state;
    assert_string_equal(u.host, "db.example");
    assert_string_equal(u.port, "6379");
    assert_string_equal(u.user, "");
    assert_string_equal(u.pass, "");
    assert_int_equal(u.db, 0);
}

static void every_part_can_be_given(void **state)
{
    struct url u = good("redis://jane:s%40e%2fc:r@t@[fd00::1]:7000/12");

    (void)state;
    assert_string_equal(u.user, "jane");
    assert_string_equal(u.pass, "s@e/c:r@t");
    assert_string_equal(u.host, "fd00::1");
    assert_string_equal(u.port, "7000");
    assert_int_equal(u.db, 12);
    u = good("redis://:secret@127.0.0.1:6380/");
    assert_string_equal(u.user, "");
    assert_string_equal(u.pass, "secret");
    assert_string_equal(u.port, "6380");
}

static void a_unix_socket_may_name_a_database(void **state)
{
    struct url u = good("unix:/run/redis.sock");

    (void)state;
    assert_string_equal(u.host, "unix:/run/redis.sock");
    assert_string_equal(u.port, "");
    u = good("unix:/run/redis.sock?db=3");
    assert_string_equal(u.host, "unix:/run/redis.sock");
    assert_int_equal(u.db, 3);
}

static void what_is_no_url_is_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "",
        "localhost:6379",
        "http://x",
        "rediss://x",
        "redis://",
        "redis:///1",
        "redis://host:0",
        "redis://host:65536",
        "redis://host:",
        "redis://host:6379x",
        "redis://host:1/x",
        "redis://host:1/99999999",
        "redis://user@host",
        "redis://user:@host",
        "redis://u:%zz@host",
        "redis://u:%4@host",
        "redis://u:%00@host",
        "redis://[::1",
        "redis://[::1]x",
        "redis://ho st",
        "unix:relative",
        "unix:",
        "unix:/a b",
        "unix:/x?foo=1",
        "unix:/x?db=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct url u;
        char why[URL_WHY] = "";

        if (url_parse(bad[i], &u, why) != -EINVAL)
            fail_msg("taken: %s", bad[i]);
        assert_true(strlen(why) > 10);
    }
}

static void lengths_end_at_their_limits(void **state)
{
    struct url u;
    static char text[1000];
    char why[URL_WHY];

    (void)state;
    snprintf(text, sizeof text, "unix:/%0106d", 0);
    assert_int_equal(url_parse(text, &u, why), 0);
    snprintf(text, sizeof text, "unix:/%0107d", 0);
    assert_int_equal(url_parse(text, &u, why), -EINVAL);
    snprintf(text, sizeof text, "redis://%0255d", 0);
    assert_int_equal(url_parse(text, &u, why), 0);
    snprintf(text, sizeof text, "redis://%0256d", 0);
    assert_int_equal(url_parse(text, &u, why), -EINVAL);
    snprintf(text, sizeof text, "redis://:%0511d@h", 0);
    assert_int_equal(url_parse(text, &u, why), 0);
    snprintf(text, sizeof text, "redis://:%0512d@h", 0);
    assert_int_equal(url_parse(text, &u, why), -EINVAL);
}

static void a_reason_never_repeats_the_password(void **state)
{
    struct url u;
    char why[URL_WHY];

    (void)state;
    assert_int_equal(url_parse("redis://u:hunter2@:bad", &u, why), -EINVAL);
    assert_null(strstr(why, "hunter2"));
}

TEST_MAIN(cmocka_unit_test(a_host_may_come_alone),
          cmocka_unit_test(every_part_can_be_given),
          cmocka_unit_test(a_unix_socket_may_name_a_database),
          cmocka_unit_test(what_is_no_url_is_refused_with_a_reason),
          cmocka_unit_test(lengths_end_at_their_limits),
          cmocka_unit_test(a_reason_never_repeats_the_password))
