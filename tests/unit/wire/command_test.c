/* command_test - the command table, ids and leases.
 * SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include <errno.h>
#include <string.h>

#include "support/test.h"

static void every_command_is_found_in_any_case(void **state)
{
    (void)state;
    for (int i = 0; i < RQ_COMMAND_COUNT; i++) {
        char lower[RQ_RESP_VERB_MAX + 1];
        size_t len = strlen(rq_commands[i].name);

        assert_int_equal(rq_commands[i].id, i);
        assert_true(len <= RQ_RESP_VERB_MAX);
        for (size_t k = 0; k < len; k++)
            lower[k] = (char)(rq_commands[i].name[k] | 0x20);
        assert_ptr_equal(rq_command_find(rq_slice(lower, len)), &rq_commands[i]);
        assert_ptr_equal(rq_command_find(rq_slice(rq_commands[i].name, len)),
                         &rq_commands[i]);
    }
}

static void other_verbs_are_unknown(void **state)
{
    (void)state;
    assert_null(rq_command_find(RQ_LIT("")));
    assert_null(rq_command_find(RQ_LIT("PU")));
    assert_null(rq_command_find(RQ_LIT("PUTS")));
    assert_null(rq_command_find(RQ_LIT("P\0T")));
    assert_null(rq_command_find(RQ_LIT("FLUSHALL")));
}

static void every_command_says_what_it_does(void **state)
{
    (void)state;
    for (int i = 0; i < RQ_COMMAND_COUNT; i++) {
        const struct rq_command *c = &rq_commands[i];

        assert_true(strlen(c->help) > 0);
        assert_int_not_equal(c->arity, 0);
        assert_int_not_equal(c->flags & (RQ_CMD_READ | RQ_CMD_WRITE), 0);
        /* A command of one word has nothing to type behind it. */
        assert_int_equal(c->arity == 1, c->arguments[0] == '\0');
    }
}

static void an_arity_is_exact_or_a_minimum(void **state)
{
    const struct rq_command exact = {.arity = 2}, least = {.arity = -2};

    (void)state;
    assert_false(rq_command_arity_fits(&exact, 1));
    assert_true(rq_command_arity_fits(&exact, 2));
    assert_false(rq_command_arity_fits(&exact, 3));
    assert_false(rq_command_arity_fits(&least, 1));
    assert_true(rq_command_arity_fits(&least, 2));
    assert_true(rq_command_arity_fits(&least, RQ_RESP_ELEMENTS_MAX));
}

static void an_id_is_two_numbers(void **state)
{
    struct rq_lease id;

    (void)state;
    assert_int_equal(rq_id_parse(RQ_LIT("7-1042"), &id), 0);
    assert_int_equal(id.epoch, 7);
    assert_int_equal(id.number, 1042);
    assert_int_equal(id.n, 0);
    assert_int_equal(
        rq_id_parse(RQ_LIT("18446744073709551615-18446744073709551615"), &id), 0);
    assert_int_equal(id.number, UINT64_MAX);
}

static void a_lease_is_an_id_and_a_number(void **state)
{
    struct rq_lease lease;

    (void)state;
    assert_int_equal(rq_lease_parse(RQ_LIT("7-1042:3"), &lease), 0);
    assert_int_equal(lease.epoch, 7);
    assert_int_equal(lease.number, 1042);
    assert_int_equal(lease.n, 3);
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "7",
        "7-",
        "-1",
        "7-0",
        "0-1",
        "07-1",
        "7-01",
        "7-1 ",
        " 7-1",
        "7-1x",
        "+7-1",
        "7--1",
        "7-1-",
        "7:1",
        "a-b",
        "7-1:",
        "7-1:2:",
        "7-1-2",
        "7-1:-1",
        "18446744073709551616-1",
        "1-18446744073709551616",
    };
    struct rq_lease id = {9, 9, 9};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(rq_id_parse(rq_slice_str(bad[i]), &id), -EINVAL);
        assert_int_equal(rq_lease_parse(rq_slice_str(bad[i]), &id), -EINVAL);
    }
    assert_int_equal(rq_id_parse(rq_slice(NULL, 0), &id), -EINVAL);
    assert_int_equal(rq_id_parse(RQ_LIT("7-1:3"), &id), -EINVAL);
    assert_int_equal(rq_lease_parse(RQ_LIT("7-1"), &id), -EINVAL);
    assert_int_equal(rq_lease_parse(RQ_LIT("7-1:0"), &id), -EINVAL);
    assert_int_equal(rq_lease_parse(RQ_LIT("7-1:03"), &id), -EINVAL);
    assert_int_equal(rq_lease_parse(RQ_LIT("7-1:18446744073709551616"), &id), -EINVAL);
    assert_int_equal(id.n, 9); /* written only on success */
}

static void the_longest_id_and_lease_fit_their_text(void **state)
{
    const struct rq_lease lease = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    char id_text[RQ_ID_TEXT_MAX], lease_text[RQ_LEASE_TEXT_MAX];

    (void)state;
    assert_int_equal(rq_id_format(UINT64_MAX, UINT64_MAX, id_text), RQ_ID_TEXT_MAX);
    assert_int_equal(rq_lease_format(&lease, lease_text), RQ_LEASE_TEXT_MAX);
    assert_memory_equal(lease_text,
                        "18446744073709551615-18446744073709551615:"
                        "18446744073709551615",
                        RQ_LEASE_TEXT_MAX);
}

static void a_formatted_lease_reads_back(void **state)
{
    const struct rq_lease lease = {7, 1042, 3};
    char text[RQ_LEASE_TEXT_MAX];
    struct rq_lease back;
    size_t len = rq_lease_format(&lease, text);

    (void)state;
    assert_int_equal(rq_lease_parse(rq_slice(text, len), &back), 0);
    assert_memory_equal(&back, &lease, sizeof lease);
}

TEST_MAIN(cmocka_unit_test(every_command_is_found_in_any_case),
          cmocka_unit_test(other_verbs_are_unknown),
          cmocka_unit_test(every_command_says_what_it_does),
          cmocka_unit_test(an_arity_is_exact_or_a_minimum),
          cmocka_unit_test(an_id_is_two_numbers),
          cmocka_unit_test(a_lease_is_an_id_and_a_number),
          cmocka_unit_test(what_is_no_id_is_refused),
          cmocka_unit_test(the_longest_id_and_lease_fit_their_text),
          cmocka_unit_test(a_formatted_lease_reads_back))
