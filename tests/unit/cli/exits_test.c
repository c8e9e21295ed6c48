/* exits_test - the exit code of every error.
 * SPDX-License-Identifier: MIT */
#include "cli/exits.h"

#include <string.h>

#include <ringq/ringq.h>

#include "support/test.h"

static void every_error_has_the_documented_exit_code(void **state)
{
    static const struct {
        int error, exit;
    } rows[] = {
        {RINGQ_OK, 0},
        {RINGQ_ERR, 2},
        {RINGQ_BADARG, 2},
        {RINGQ_TOOBIG, 2},
        {RINGQ_NOAUTH, 5},
        {RINGQ_DENIED, 5},
        {RINGQ_FULL, 6},
        {RINGQ_PAUSED, 6},
        {RINGQ_SHUTDOWN, 8},
        {RINGQ_STALE, 4},
        {RINGQ_NOJOB, 3},
        {RINGQ_STORE, 6},
        {RINGQ_UNKNOWN, 7},
        {RINGQ_LOADING, 6},
        {RINGQ_MOVED, 69},
        {RINGQ_LIMIT, 6},
        {RINGQ_BUSY, 6},
        {RINGQ_TIMEOUT, 124},
        {RINGQ_DISCONNECTED, 69},
        {RINGQ_PROTOCOL, 76},
        {RINGQ_USAGE, 2},
        {RINGQ_NOMEM, 70},
        {RINGQ_CANCELED, 70},
        {-9999, 70},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(exits_of(rows[i].error), rows[i].exit);
}

/* An error that the library learns must get its row here. */
static void the_table_has_every_error_of_the_library_under_its_name(void **state)
{
    size_t count, named = 0;
    const struct exits_error *errors = exits_errors(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        assert_string_equal(errors[i].name, ringq_error_name(errors[i].error));
    for (int error = -1; error > -1000; error--)
        named += error == RINGQ_ERR || strcmp(ringq_error_name(error), "ERR") != 0;
    assert_int_equal(named, count);
}

static void every_error_says_what_to_do(void **state)
{
    size_t count;
    const struct exits_error *errors = exits_errors(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(errors[i].meaning) > 0);
        assert_true(strlen(errors[i].fix) > 0);
    }
}

static void every_exit_code_of_an_error_is_explained(void **state)
{
    size_t errors_count, codes_count;
    const struct exits_error *errors = exits_errors(&errors_count);
    const struct exits_code *codes = exits_codes(&codes_count);

    (void)state;
    for (size_t i = 0; i < errors_count; i++) {
        bool found = false;
        for (size_t j = 0; j < codes_count; j++)
            found = found || codes[j].exit == errors[i].exit;
        assert_true(found);
    }
}

TEST_MAIN(cmocka_unit_test(every_error_has_the_documented_exit_code),
          cmocka_unit_test(the_table_has_every_error_of_the_library_under_its_name),
          cmocka_unit_test(every_error_says_what_to_do),
          cmocka_unit_test(every_exit_code_of_an_error_is_explained))
