/* error_test - numbers and names of errors.
 * SPDX-License-Identifier: MIT */
#include "lib/error.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"

static void each_word_of_the_wire_has_its_number(void **state)
{
    static const struct {
        const char *reply;
        int error;
        const char *text;
    } cases[] = {
        {"ERR no such thing", RINGQ_ERR, "no such thing"},
        {"BADARG ttr", RINGQ_BADARG, "ttr"},
        {"TOOBIG x", RINGQ_TOOBIG, "x"},
        {"NOAUTH x", RINGQ_NOAUTH, "x"},
        {"DENIED x", RINGQ_DENIED, "x"},
        {"FULL x", RINGQ_FULL, "x"},
        {"PAUSED x", RINGQ_PAUSED, "x"},
        {"SHUTDOWN x", RINGQ_SHUTDOWN, "x"},
        {"STALE 7-1:1 is no longer yours; COUNT 2", RINGQ_STALE,
         "7-1:1 is no longer yours; COUNT 2"},
        {"NOJOB x", RINGQ_NOJOB, "x"},
        {"STORE x", RINGQ_STORE, "x"},
        {"UNKNOWN x", RINGQ_UNKNOWN, "x"},
        {"LOADING x", RINGQ_LOADING, "x"},
        {"MOVED 10.0.0.1:7766", RINGQ_MOVED, "10.0.0.1:7766"},
        {"LIMIT x", RINGQ_LIMIT, "x"},
        {"BUSY x", RINGQ_BUSY, "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text;
        struct rq_slice reply = rq_slice_str(cases[i].reply);

        assert_int_equal(rq_error_from_reply(reply, &text), cases[i].error);
        assert_string_equal(text, cases[i].text);
    }
}

static void an_unknown_word_keeps_the_whole_text(void **state)
{
    const char *text;

    (void)state;
    assert_int_equal(rq_error_from_reply(RQ_LIT("WRONGTYPE no list"), &text),
                     RINGQ_ERR);
    assert_string_equal(text, "WRONGTYPE no list");
    assert_int_equal(rq_error_from_reply(RQ_LIT(""), &text), RINGQ_ERR);
    assert_string_equal(text, "an error without a text");
}

static void a_word_alone_gets_the_text_of_the_table(void **state)
{
    const char *text;

    (void)state;
    assert_int_equal(rq_error_from_reply(RQ_LIT("STALE"), &text), RINGQ_STALE);
    assert_string_equal(text, rq_err_text(RQ_E_STALE));
}

static void every_number_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(ringq_error_name(RINGQ_OK), "OK");
    assert_string_equal(ringq_error_name(RINGQ_ERR), "ERR");
    assert_string_equal(ringq_error_name(RINGQ_STALE), "STALE");
    assert_string_equal(ringq_error_name(RINGQ_BUSY), "BUSY");
    assert_string_equal(ringq_error_name(RINGQ_TIMEOUT), "TIMEOUT");
    assert_string_equal(ringq_error_name(RINGQ_DISCONNECTED), "DISCONNECTED");
    assert_string_equal(ringq_error_name(RINGQ_PROTOCOL), "PROTOCOL");
    assert_string_equal(ringq_error_name(RINGQ_USAGE), "USAGE");
    assert_string_equal(ringq_error_name(RINGQ_NOMEM), "NOMEM");
    assert_string_equal(ringq_error_name(RINGQ_CANCELED), "CANCELED");
}

static void a_number_of_nobody_is_an_error_too(void **state)
{
    (void)state;
    for (int n = -300; n < 300; n++)
        assert_non_null(ringq_error_name(n));
    assert_string_equal(ringq_error_name(RINGQ_BUSY - 1), "ERR");
    assert_string_equal(ringq_error_name(RINGQ_TIMEOUT + 1), "ERR");
    assert_string_equal(ringq_error_name(RINGQ_CANCELED - 1), "ERR");
    assert_string_equal(ringq_error_name(INT32_MIN), "ERR");
    assert_string_equal(ringq_error_name(7), "ERR");
}

static void errors_of_the_layers_below_are_ours(void **state)
{
    (void)state;
    assert_int_equal(rq_error_from_code(-ENOMEM), RINGQ_NOMEM);
    assert_int_equal(rq_error_from_code(-ECANCELED), RINGQ_CANCELED);
    assert_int_equal(rq_error_from_code(-ECONNRESET), RINGQ_DISCONNECTED);
    assert_int_equal(rq_error_from_code(RQ_E_MALFORMED), RINGQ_PROTOCOL);
    assert_int_equal(rq_error_from_code(RQ_E_TOOBIG), RINGQ_TOOBIG);
}

TEST_MAIN(cmocka_unit_test(each_word_of_the_wire_has_its_number),
          cmocka_unit_test(an_unknown_word_keeps_the_whole_text),
          cmocka_unit_test(a_word_alone_gets_the_text_of_the_table),
          cmocka_unit_test(every_number_has_a_name),
          cmocka_unit_test(a_number_of_nobody_is_an_error_too),
          cmocka_unit_test(errors_of_the_layers_below_are_ours))
