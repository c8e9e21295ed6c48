/* address_test - urls of servers.
 * SPDX-License-Identifier: MIT */
#include "lib/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

/* Reads a copy in a block of exactly its size. */
static int parse(const char *url, struct rq_address *out, char *why, size_t size)
{
    char *copy = strdup(url);
    int rc;

    assert_non_null(copy);
    rc = rq_address_parse(copy, out, why, size);
    free(copy);
    return rc;
}

static void assert_address(const char *url, const char *place, const char *port,
                           const char *text)
{
    struct rq_address a;
    char why[256] = "";

    assert_int_equal(parse(url, &a, why, sizeof why), 0);
    assert_string_equal(a.place, place);
    assert_string_equal(a.port, port);
    assert_string_equal(a.text, text);
    assert_string_equal(why, "");
}

static void assert_refused(const char *url, const char *reason)
{
    struct rq_address a;
    char why[256] = "";

    assert_int_equal(parse(url, &a, why, sizeof why), RINGQ_USAGE);
    if (strstr(why, reason) == NULL)
        fail_msg("%s: %s", url, why);
}

static void a_host_has_the_default_port(void **state)
{
    (void)state;
    assert_address("ringq://localhost", "localhost", "7766", "localhost:7766");
    assert_address("ringq://127.0.0.1/", "127.0.0.1", "7766", "127.0.0.1:7766");
}

static void a_port_is_taken_at_its_limits(void **state)
{
    (void)state;
    assert_address("ringq://h:1", "h", "1", "h:1");
    assert_address("ringq://h:65535", "h", "65535", "h:65535");
    assert_refused("ringq://h:0", "from 1 to 65535");
    assert_refused("ringq://h:65536", "from 1 to 65535");
    assert_refused("ringq://h:", "from 1 to 65535");
    assert_refused("ringq://h:77x", "from 1 to 65535");
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    assert_address("ringq://[::1]:7000", "::1", "7000", "[::1]:7000");
    assert_address("ringq://[fe80::1%eth0]", "fe80::1%eth0", "7766",
                   "[fe80::1%eth0]:7766");
    assert_refused("ringq://::1", "brackets");
    assert_refused("ringq://[::1", "not closed");
    assert_refused("ringq://[]:1", "host");
    assert_refused("ringq://[::1]7000", "from 1 to 65535");
}

static void a_unix_socket_is_a_path(void **state)
{
    (void)state;
    assert_address("unix:/run/ringq.sock", "/run/ringq.sock", "",
                   "unix:/run/ringq.sock");
    assert_address("unix:///run/ringq.sock", "/run/ringq.sock", "",
                   "unix:/run/ringq.sock");
    assert_address("unix:ringq.sock", "ringq.sock", "", "unix:ringq.sock");
    assert_refused("unix:", "path");
}

static void a_path_is_taken_at_its_limit_and_refused_past_it(void **state)
{
    char url[256] = "unix:/";
    size_t prefix = strlen("unix:");

    (void)state;
    memset(url + prefix + 1, 'x', RQ_ADDRESS_PATH_MAX - 1);
    assert_address(url, url + prefix, "", url);
    url[prefix + RQ_ADDRESS_PATH_MAX] = 'x';
    assert_refused(url, "107");
}

static void a_host_is_taken_at_its_limit_and_refused_past_it(void **state)
{
    char url[RQ_ADDRESS_HOST_MAX + 32] = "ringq://";
    size_t prefix = strlen(url);
    struct rq_address a;
    char why[256];

    (void)state;
    memset(url + prefix, 'h', RQ_ADDRESS_HOST_MAX);
    assert_int_equal(parse(url, &a, why, sizeof why), 0);
    url[prefix + RQ_ADDRESS_HOST_MAX] = 'h';
    assert_refused(url, "host");
}

static void what_is_no_address_is_refused_with_the_forms_that_are(void **state)
{
    static const char *const bad[] = {"",           "localhost",      "localhost:7766",
                                      "redis://h",  "http://h:7766",  "ringq:h",
                                      "ringq://",   "ringq://:7766",  "ringq://a b",
                                      "ringq:///x", "ringq://u@h",    "ringq://h/path",
                                      "RINGQ://h",  "ringq://h\n:77", "ringq://h?x"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], "bad url");
    assert_refused("localhost", "ringq://host:port or unix:/path");
}

static void a_text_that_has_no_room_is_cut(void **state)
{
    struct rq_address a;
    char why[8];

    (void)state;
    assert_int_equal(parse("nonsense", &a, why, sizeof why), RINGQ_USAGE);
    assert_int_equal(strlen(why), sizeof why - 1);
}

static void a_transport_sees_a_host_or_a_path(void **state)
{
    struct rq_address a;
    char why[64];
    ringq_address view;

    (void)state;
    assert_int_equal(parse("ringq://h:1", &a, why, sizeof why), 0);
    view = rq_address_view(&a);
    assert_string_equal(view.host, "h");
    assert_string_equal(view.port, "1");
    assert_null(view.path);
    assert_int_equal(parse("unix:/p", &a, why, sizeof why), 0);
    view = rq_address_view(&a);
    assert_null(view.host);
    assert_string_equal(view.path, "/p");
}

TEST_MAIN(cmocka_unit_test(a_host_has_the_default_port),
          cmocka_unit_test(a_port_is_taken_at_its_limits),
          cmocka_unit_test(an_ipv6_address_stands_in_brackets),
          cmocka_unit_test(a_unix_socket_is_a_path),
          cmocka_unit_test(a_path_is_taken_at_its_limit_and_refused_past_it),
          cmocka_unit_test(a_host_is_taken_at_its_limit_and_refused_past_it),
          cmocka_unit_test(what_is_no_address_is_refused_with_the_forms_that_are),
          cmocka_unit_test(a_text_that_has_no_room_is_cut),
          cmocka_unit_test(a_transport_sees_a_host_or_a_path))
