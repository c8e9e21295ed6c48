/* listener_test - where ringqd may listen, and what it says otherwise.
 * SPDX-License-Identifier: MIT */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener.h"

static void port_zero_picks_a_free_port(void **state)
{
    char why[200];
    uint16_t port = 0;

    (void)state;
    int fd = listener_open("127.0.0.1:0", why, &port);
    assert_true(fd >= 0);
    assert_int_not_equal(port, 0);
    close(fd);
}

static void localhost_and_v6_loopback_are_this_machine(void **state)
{
    static const char *const addresses[] = {"localhost:0", "127.9.9.9:0", "[::1]:0"};
    char why[200];
    uint16_t port;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int fd = listener_open(addresses[i], why, &port);
        if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
            continue; /* a machine without IPv6 */
        assert_true(fd >= 0);
        close(fd);
    }
}

static void plaintext_off_this_machine_is_refused_with_advice(void **state)
{
    static const char *const addresses[] = {"0.0.0.0:0", "192.168.1.1:7766", "[::]:0"};
    char why[200];
    uint16_t port;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(listener_open(addresses[i], why, &port), -EACCES);
        assert_non_null(strstr(why, "not encrypted"));
        assert_non_null(strstr(why, "127.0.0.1"));
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const addresses[] = {
        "",           ":7766",           "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "x:1",        "example.org:1",   "127.0.0.1:x",
        "[::1:1"};
    char why[200];
    uint16_t port;

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        assert_int_equal(listener_open(addresses[i], why, &port), -EINVAL);
}

static void a_port_in_use_is_named(void **state)
{
    char why[200], address[32];
    uint16_t port;

    (void)state;
    int fd = listener_open("127.0.0.1:0", why, &port);
    assert_true(fd >= 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    assert_int_equal(listener_open(address, why, &port), -EADDRINUSE);
    assert_non_null(strstr(why, "another program"));
    close(fd);
}

/* ---- unix sockets ---- */

static char dir[] = "/tmp/ringq-listener-XXXXXX";
static char path[64], address[80];

static int make_dir(void **state)
{
    (void)state;
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(address, sizeof address, "unix:%s", path);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void a_unix_socket_is_closed_to_others(void **state)
{
    char why[200];
    uint16_t port;
    struct stat st;

    (void)state;
    int fd = listener_open(address, why, &port);
    assert_true(fd >= 0);
    assert_int_equal(port, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    close(fd);
}

static void a_dead_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    char why[200];
    uint16_t port;

    (void)state;
    int first = listener_open(address, why, &port);
    assert_true(first >= 0);
    assert_int_equal(listener_open(address, why, &port), -EADDRINUSE);
    close(first); /* the file stays, nobody answers */
    int second = listener_open(address, why, &port);
    assert_true(second >= 0);
    close(second);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    char why[200];
    uint16_t port;

    (void)state;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(listener_open(address, why, &port), -EEXIST);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_path_of_107_bytes_fits_and_one_more_does_not(void **state)
{
    char long_path[160], long_address[176], why[200];
    uint16_t port;

    (void)state;
    for (size_t len = 107; len <= 108; len++) {
        size_t at = (size_t)snprintf(long_path, sizeof long_path, "%s/", dir);
        memset(long_path + at, 'x', len - at);
        long_path[len] = '\0';
        snprintf(long_address, sizeof long_address, "unix:%s", long_path);
        int fd = listener_open(long_address, why, &port);
        if (len == 107) {
            assert_true(fd >= 0);
            close(fd);
            unlink(long_path);
        } else {
            assert_int_equal(fd, -ENAMETOOLONG);
        }
    }
}

#define UNIX_TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

TEST_MAIN(cmocka_unit_test(port_zero_picks_a_free_port),
          cmocka_unit_test(localhost_and_v6_loopback_are_this_machine),
          cmocka_unit_test(plaintext_off_this_machine_is_refused_with_advice),
          cmocka_unit_test(what_is_no_address_is_refused),
          cmocka_unit_test(a_port_in_use_is_named),
          UNIX_TEST(a_unix_socket_is_closed_to_others),
          UNIX_TEST(a_dead_socket_is_replaced_and_a_live_one_is_not),
          UNIX_TEST(a_file_that_is_no_socket_is_left_alone),
          UNIX_TEST(a_path_of_107_bytes_fits_and_one_more_does_not))
