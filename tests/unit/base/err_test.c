/* err_test - the table of codes.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>

#include "support/test.h"

static const int codes[] = {
#define CODE(name, number, wire, text) name,
    RQ_ERR_MAP(CODE)
#undef CODE
};
enum { CODE_COUNT = sizeof codes / sizeof *codes };

static void the_codes_stand_below_every_errno(void **state)
{
    (void)state;
    assert_int_equal(RQ_E_MALFORMED, -4096);
    for (size_t i = 0; i < CODE_COUNT; i++)
        assert_int_equal(codes[i], -4096 - (int)i);
}

static void every_word_on_the_wire_leads_back_to_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++)
        assert_int_equal(rq_err_from_wire(rq_slice_str(rq_err_wire(codes[i]))),
                         codes[i]);
}

static void an_unknown_word_is_no_code(void **state)
{
    (void)state;
    assert_int_equal(rq_err_from_wire(RQ_LIT("")), 0);
    assert_int_equal(rq_err_from_wire(RQ_LIT("STAL")), 0);
    assert_int_equal(rq_err_from_wire(RQ_LIT("STALEX")), 0);
    assert_int_equal(rq_err_from_wire(RQ_LIT("stale")), 0);
}

static void what_is_not_in_the_table_is_err_on_the_wire(void **state)
{
    (void)state;
    assert_string_equal(rq_err_wire(-ENOMEM), "ERR");
    assert_string_equal(rq_err_wire(0), "ERR");
    assert_string_equal(rq_err_wire(codes[CODE_COUNT - 1] - 1), "ERR");
    assert_string_equal(rq_err_wire(RQ_E_STALE), "STALE");
}

static void every_code_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(rq_err_text(RQ_E_STALE),
                        "the lease is no longer yours; drop the work");
    assert_string_equal(rq_err_text(-ENOENT), "No such file or directory");
    assert_string_equal(rq_err_text(0), "no error");
    assert_string_equal(rq_err_text(7), "no error");
    assert_string_equal(rq_err_text(-4095), "unknown error");
    assert_string_equal(rq_err_text(codes[CODE_COUNT - 1] - 1), "unknown error");
    assert_string_equal(rq_err_text(INT64_MIN), "unknown error");
}

TEST_MAIN(cmocka_unit_test(the_codes_stand_below_every_errno),
          cmocka_unit_test(every_word_on_the_wire_leads_back_to_its_code),
          cmocka_unit_test(an_unknown_word_is_no_code),
          cmocka_unit_test(what_is_not_in_the_table_is_err_on_the_wire),
          cmocka_unit_test(every_code_has_a_text))
