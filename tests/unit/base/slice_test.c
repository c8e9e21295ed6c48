/* slice_test - borrowed bytes.
 * SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include "support/test.h"

static void equality_looks_at_length_and_bytes(void **state)
{
    (void)state;
    assert_true(rq_slice_eq(RQ_LIT("abc"), rq_slice_str("abc")));
    assert_false(rq_slice_eq(RQ_LIT("abc"), RQ_LIT("abd")));
    assert_false(rq_slice_eq(RQ_LIT("abc"), RQ_LIT("ab")));
    assert_false(rq_slice_eq(RQ_LIT("abc"), RQ_LIT("ABC")));
    assert_true(rq_slice_eq(rq_slice(NULL, 0), RQ_LIT("")));
    assert_false(rq_slice_eq(RQ_LIT("a\0b"), RQ_LIT("a\0c")));
}

/* The bytes beside the letters differ by the same bit and must not be confused. */
static void case_matters_for_no_letter_and_for_nothing_else(void **state)
{
    (void)state;
    assert_true(rq_slice_eq_nocase(RQ_LIT("put"), RQ_LIT("PuT")));
    assert_true(rq_slice_eq_nocase(rq_slice(NULL, 0), RQ_LIT("")));
    assert_false(rq_slice_eq_nocase(RQ_LIT("put"), RQ_LIT("puts")));
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            bool letters = (a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
            uint8_t x = (uint8_t)a, y = (uint8_t)b;

            assert_int_equal(rq_slice_eq_nocase(rq_slice(&x, 1), rq_slice(&y, 1)),
                             a == b || letters);
        }
    }
}

static void parts_between_separators_come_one_by_one(void **state)
{
    static const char *const parts[] = {"a", "", "bc", ""};
    struct rq_slice rest = RQ_LIT("a,,bc,"), part;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(rq_slice_split(&rest, ',', &part));
        assert_true(rq_slice_eq(part, rq_slice_str(parts[i])));
    }
    assert_false(rq_slice_split(&rest, ',', &part));
    assert_false(rq_slice_split(&rest, ',', &part));
}

static void without_a_separator_all_is_one_part(void **state)
{
    struct rq_slice rest = RQ_LIT(""), part;

    (void)state;
    assert_true(rq_slice_split(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_false(rq_slice_split(&rest, ',', &part));

    rest = RQ_LIT("abc");
    assert_true(rq_slice_split(&rest, ',', &part));
    assert_true(rq_slice_eq(part, RQ_LIT("abc")));
    assert_null(rest.ptr);
}

TEST_MAIN(cmocka_unit_test(equality_looks_at_length_and_bytes),
          cmocka_unit_test(case_matters_for_no_letter_and_for_nothing_else),
          cmocka_unit_test(parts_between_separators_come_one_by_one),
          cmocka_unit_test(without_a_separator_all_is_one_part))
