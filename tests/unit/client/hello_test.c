/* hello_test - making a connection.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include <string.h>

#include "support/test.h"

static void assert_text_has(const ringq *q, const char *part)
{
    if (strstr(ringq_error_text(q), part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, ringq_error_text(q));
}

static void a_connection_begins_with_hello(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = fake_connect(&f, -1);
    assert_int_equal(ringq_error(q), 0);
    assert_string_equal(ringq_error_text(q), "");
    ringq_close(q);
    fake_end(&f);
}

static void the_server_tells_of_itself(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = fake_connect(&f, -1);
    assert_string_equal(
        ringq_reply_string(ringq_reply_field(ringq_server(q), "durability"), NULL),
        "fsync");
    ringq_close(q);
    fake_end(&f);
}

static void a_name_goes_with_hello(void **state)
{
    const struct fake_step script[] = {
        {FAKE_OPEN, 0, 0}, EXPECTS("HELLO 3 NAME w1"), REPLIES(HELLO_REPLY), ENDS};
    const ringq_options options = {.size = sizeof options, .name = "w1"};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = ringq_connect_over(&fake_transport, &f, "ringq://h", &options);
    assert_int_equal(ringq_error(q), 0);
    ringq_close(q);
    fake_end(&f);
}

static void kept_leases_go_with_a_name(void **state)
{
    const struct fake_step script[] = {{FAKE_OPEN, 0, 0},
                                       EXPECTS("HELLO 3 NAME w1 KEEPLEASES"),
                                       REPLIES(HELLO_REPLY),
                                       ENDS};
    ringq_options options = {.size = sizeof options, .name = "w1", .keep_leases = true};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = ringq_connect_over(&fake_transport, &f, "ringq://h", &options);
    assert_int_equal(ringq_error(q), 0);
    ringq_close(q);
    fake_end(&f);
    options.name = NULL;
    q = ringq_connect_over(&fake_transport, &f, "ringq://h", &options);
    assert_int_equal(ringq_error(q), RINGQ_USAGE);
    assert_text_has(q, "keep_leases needs a name");
    ringq_close(q);
}

static void hello_arrives_byte_by_byte(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    f.send_chunk = f.recv_chunk = 1;
    q = fake_connect(&f, -1);
    assert_int_equal(ringq_error(q), 0);
    ringq_close(q);
    fake_end(&f);
}

/* A handle comes back, says `error`, and its text holds `part`. */
static void assert_connect_fails(const struct fake_step *script, int error,
                                 const char *part)
{
    struct fake f;
    ringq *q;

    fake_begin(&f, script);
    q = fake_connect(&f, -1);
    assert_int_equal(ringq_error(q), error);
    assert_text_has(q, part);
    ringq_close(q);
    fake_end(&f);
}

static void a_refused_connection_asks_for_ringqd(void **state)
{
    const struct fake_step script[] = {REFUSES, ENDS};

    (void)state;
    assert_connect_fails(script, RINGQ_DISCONNECTED,
                         "cannot reach ringqd at fake:7766");
    assert_connect_fails(script, RINGQ_DISCONNECTED, "is ringqd running there?");
}

static void the_first_connection_is_not_tried_again(void **state)
{
    const struct fake_step script[] = {REFUSES, ENDS};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = fake_connect(&f, 10000);
    assert_int_equal(ringq_error(q), RINGQ_DISCONNECTED);
    ringq_close(q);
    fake_end(&f);
}

static void another_server_is_recognised(void **state)
{
    const struct fake_step redis[] = {{FAKE_OPEN, 0, 0},
                                      EXPECTS("HELLO 3"),
                                      REPLIES("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n"),
                                      ENDS};
    const struct fake_step old_redis[] = {{FAKE_OPEN, 0, 0},
                                          EXPECTS("HELLO 3"),
                                          REPLIES("-ERR unknown command\r\n"),
                                          ENDS};
    const struct fake_step http[] = {{FAKE_OPEN, 0, 0},
                                     EXPECTS("HELLO 3"),
                                     REPLIES("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                     ENDS};

    (void)state;
    assert_connect_fails(redis, RINGQ_PROTOCOL, "something else than ringqd");
    assert_connect_fails(old_redis, RINGQ_PROTOCOL, "unknown command");
    assert_connect_fails(http, RINGQ_PROTOCOL, "does not speak the protocol");
}

static void a_reply_to_hello_that_is_no_map_is_refused(void **state)
{
    const struct fake_step script[] = {
        {FAKE_OPEN, 0, 0}, EXPECTS("HELLO 3"), REPLIES("+OK\r\n"), ENDS};
    const struct fake_step number[] = {{FAKE_OPEN, 0, 0},
                                       EXPECTS("HELLO 3"),
                                       REPLIES("%1\r\n$6\r\nserver\r\n:5\r\n"),
                                       ENDS};

    (void)state;
    assert_connect_fails(script, RINGQ_PROTOCOL, "something else");
    assert_connect_fails(number, RINGQ_PROTOCOL, "something else");
}

static void a_server_without_room_says_so(void **state)
{
    const struct fake_step script[] = {{FAKE_OPEN, 0, 0},
                                       EXPECTS("HELLO 3"),
                                       REPLIES("-BUSY too many connections\r\n"),
                                       ENDS};

    (void)state;
    assert_connect_fails(script, RINGQ_BUSY, "too many connections");
}

static void a_server_that_closes_says_why_without_being_asked(void **state)
{
    /* The answer is there before HELLO is written; then the connection ends. */
    const struct fake_step script[] = {
        {FAKE_OPEN, 0, 0},
        EXPECTS("HELLO 3"),
        REPLIES("-BUSY too many connections\r\n-ERR x\r\n"),
        ENDS};

    (void)state;
    assert_connect_fails(script, RINGQ_BUSY, "too many connections");
}

static void a_silent_server_is_left_after_the_connect_timeout(void **state)
{
    const struct fake_step script[] = {{FAKE_OPEN, 0, 0}, EXPECTS("HELLO 3"), ENDS};
    const ringq_options options = {
        .size = sizeof options, .connect_timeout_ms = 700, .reconnect_ms = -1};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = ringq_connect_over(&fake_transport, &f, "ringq://h", &options);
    assert_int_equal(ringq_error(q), RINGQ_DISCONNECTED);
    assert_text_has(q, "silent");
    assert_in_range(f.now_ns / 1000000, 700, 702);
    ringq_close(q);
    fake_end(&f);
}

static void a_connection_that_ends_before_hello_is_a_failure(void **state)
{
    const struct fake_step script[] = {
        {FAKE_OPEN, 0, 0}, EXPECTS("HELLO 3"), CLOSES, ENDS};

    (void)state;
    assert_connect_fails(script, RINGQ_DISCONNECTED, "closed");
}

static void a_bad_url_makes_every_call_fail_alike(void **state)
{
    const struct fake_step script[] = {ENDS};
    struct fake f;
    ringq *q;

    (void)state;
    fake_begin(&f, script);
    q = ringq_connect_over(&fake_transport, &f, "tcp://h", NULL);
    assert_int_equal(ringq_error(q), RINGQ_USAGE);
    assert_text_has(q, "ringq://host:port or unix:/path");
    assert_int_equal(ringq_ping(q), RINGQ_USAGE);
    assert_int_equal(ringq_qsize(q, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_submit(q, 0, NULL, NULL, NULL, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_flush(q, 0), RINGQ_USAGE);
    assert_text_has(q, "tcp://h");
    assert_null(ringq_server(q));
    ringq_close(q);
    fake_end(&f);
}

static void options_are_checked(void **state)
{
    ringq_options options[] = {
        {.size = 0},
        {.size = sizeof *options, .connect_timeout_ms = -1},
        {.size = sizeof *options, .reply_timeout_ms = -2},
        {.size = sizeof *options, .reconnect_ms = -2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        ringq *q = ringq_connect_over(&fake_transport, NULL, NULL, &options[i]);

        assert_int_equal(ringq_error(q), RINGQ_USAGE);
        ringq_close(q);
    }
}

static void a_transport_without_a_function_is_refused(void **state)
{
    ringq_transport t = fake_transport;
    ringq *q;

    (void)state;
    t.pause = NULL;
    q = ringq_connect_over(&t, NULL, NULL, NULL);
    assert_int_equal(ringq_error(q), RINGQ_USAGE);
    ringq_close(q);
}

static void without_a_handle_every_call_is_out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(ringq_error(NULL), RINGQ_NOMEM);
    assert_string_equal(ringq_error_text(NULL), "out of memory");
    assert_int_equal(ringq_ping(NULL), RINGQ_NOMEM);
    assert_int_equal(ringq_put(NULL, "q", "x", 1, NULL, NULL), RINGQ_NOMEM);
    assert_int_equal(ringq_submit_put(NULL, "q", "x", 1, NULL, NULL, NULL),
                     RINGQ_NOMEM);
    assert_int_equal(ringq_flush(NULL, 0), RINGQ_NOMEM);
    assert_int_equal(ringq_pending(NULL), 0);
    assert_null(ringq_server(NULL));
    ringq_close(NULL);
}

TEST_MAIN(cmocka_unit_test(a_connection_begins_with_hello),
          cmocka_unit_test(the_server_tells_of_itself),
          cmocka_unit_test(a_name_goes_with_hello),
          cmocka_unit_test(kept_leases_go_with_a_name),
          cmocka_unit_test(hello_arrives_byte_by_byte),
          cmocka_unit_test(a_refused_connection_asks_for_ringqd),
          cmocka_unit_test(the_first_connection_is_not_tried_again),
          cmocka_unit_test(another_server_is_recognised),
          cmocka_unit_test(a_reply_to_hello_that_is_no_map_is_refused),
          cmocka_unit_test(a_server_without_room_says_so),
          cmocka_unit_test(a_server_that_closes_says_why_without_being_asked),
          cmocka_unit_test(a_silent_server_is_left_after_the_connect_timeout),
          cmocka_unit_test(a_connection_that_ends_before_hello_is_a_failure),
          cmocka_unit_test(a_bad_url_makes_every_call_fail_alike),
          cmocka_unit_test(options_are_checked),
          cmocka_unit_test(a_transport_without_a_function_is_refused),
          cmocka_unit_test(without_a_handle_every_call_is_out_of_memory))
