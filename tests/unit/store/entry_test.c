/* entry_test - names of entries.
 * SPDX-License-Identifier: MIT */
#include "store/entry.h"

#include "base/err.h"
#include "support/test.h"

static void an_id_reads_back_as_written(void **state)
{
    static const struct entry_id ids[] = {
        {0, 0}, {1, 0}, {7, 1042}, {UINT64_MAX, UINT64_MAX}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char text[ENTRY_TEXT];
        struct entry_id back;
        size_t len = entry_format(ids[i], text);

        assert_int_equal(len, strlen(text));
        assert_true(len < ENTRY_TEXT);
        assert_int_equal(entry_parse(rq_slice(text, len), &back), 0);
        assert_int_equal(entry_compare(ids[i], back), 0);
    }
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const bad[] = {
        "",    "-",   "1",    "1-",   "-1",   "1-2-3",
        "a-1", "1-b", " 1-2", "1-2 ", "+1-2", "18446744073709551616-0"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct entry_id id;

        assert_int_equal(entry_parse(rq_slice_str(bad[i]), &id), RQ_E_MALFORMED);
    }
}

static void the_epoch_counts_before_the_number(void **state)
{
    (void)state;
    assert_true(entry_compare((struct entry_id){1, 9}, (struct entry_id){2, 0}) < 0);
    assert_true(entry_compare((struct entry_id){2, 1}, (struct entry_id){2, 0}) > 0);
    assert_int_equal(entry_compare((struct entry_id){2, 1}, (struct entry_id){2, 1}),
                     0);
}

TEST_MAIN(cmocka_unit_test(an_id_reads_back_as_written),
          cmocka_unit_test(what_is_no_id_is_refused),
          cmocka_unit_test(the_epoch_counts_before_the_number))
