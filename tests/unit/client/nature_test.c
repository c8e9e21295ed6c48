/* nature_test - which commands may be repeated, and how long they may wait.
 * SPDX-License-Identifier: MIT */
#include "lib/nature.h"

#include "support/test.h"

static struct rq_nature nature_of(const char *line)
{
    struct rq_slice rest = rq_slice_str(line), argv[16];
    size_t argc = 0;

    while (rq_slice_split(&rest, ' ', &argv[argc]))
        argc++;
    return rq_nature_of(argc, argv);
}

static void what_only_looks_may_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(nature_of("STATS").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("ping").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("SHOW 7-1").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("JOIN q").repeat, RQ_REPEAT_HARMLESS);
}

static void what_says_how_it_shall_be_may_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(nature_of("QUEUE SET q MAXSIZE 5").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("PAUSE q").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("RESUME q").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("SHUTDOWN q").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("DRAIN").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("UNDRAIN").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("BATCH NEW").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("BATCH CLOSE 7-1").repeat, RQ_REPEAT_HARMLESS);
    assert_int_equal(nature_of("JOIN BATCH 7-1 BLOCK 5").block_ms, 5);
    assert_int_equal(nature_of("JOIN BATCH 7-1").block_ms, -1);
}

static void get_may_be_repeated_because_leases_come_back(void **state)
{
    (void)state;
    assert_int_equal(nature_of("GET q").repeat, RQ_REPEAT_HARMLESS);
}

static void what_settles_a_lease_may_be_asked_again(void **state)
{
    (void)state;
    assert_int_equal(nature_of("DONE 7-1:1").repeat, RQ_REPEAT_ASK);
    assert_int_equal(nature_of("FAIL 7-1:1").repeat, RQ_REPEAT_ASK);
    assert_int_equal(nature_of("RELEASE 7-1:1").repeat, RQ_REPEAT_ASK);
    assert_int_equal(nature_of("TOUCH 7-1:1").repeat, RQ_REPEAT_ASK);
}

static void put_and_the_unknown_are_never_repeated(void **state)
{
    (void)state;
    assert_int_equal(nature_of("PUT q x").repeat, RQ_REPEAT_NEVER);
    assert_int_equal(nature_of("MPUT q BODIES 1 x").repeat, RQ_REPEAT_NEVER);
    assert_int_equal(nature_of("PURGE q").repeat, RQ_REPEAT_NEVER);
    assert_int_equal(nature_of("KICK q").repeat, RQ_REPEAT_NEVER);
    assert_int_equal(nature_of("CANCEL 7-1").repeat, RQ_REPEAT_NEVER);
    assert_int_equal(nature_of("").repeat, RQ_REPEAT_NEVER);
}

static void a_put_waits_for_room_when_it_says_so(void **state)
{
    (void)state;
    assert_int_equal(nature_of("PUT q x").block_ms, 0);
    assert_int_equal(nature_of("PUT q BLOCK BLOCK 5").block_ms, 5);
    assert_int_equal(nature_of("MPUT q BLOCK 7 BODIES 1 x").block_ms, 7);
    assert_int_equal(nature_of("MPUT q BODIES 2 BLOCK 7").block_ms, 0);
    assert_int_equal(nature_of("PUT q x HEADER BLOCK 5").block_ms, 0);
    assert_int_equal(nature_of("PUT q x HEADER BLOCK 5").block_at, 0);
    assert_int_equal(nature_of("PUT q x HEADER a BODIES BLOCK 6").block_ms, 6);
    assert_int_equal(nature_of("PUT q x HEADER a BLOCK 6").block_at, 0);
    assert_int_equal(nature_of("PUT q x UNIQUE BLOCK 5").block_at, 0);
    assert_int_equal(nature_of("PUT q x UNIQUE BLOCK BLOCK 5").block_at, 6);
    assert_int_equal(nature_of("PUT q x GROUP BLOCK 5").block_at, 0);
    assert_int_equal(nature_of("PUT q x GROUP BLOCK BLOCK 5").block_at, 6);
    assert_int_equal(nature_of("PUT q x HEADER a HEADER BLOCK 6").block_at, 7);
}

static void only_get_and_join_may_wait(void **state)
{
    (void)state;
    assert_int_equal(nature_of("PUT BLOCK BLOCK 5").block_ms, 0);
    assert_int_equal(nature_of("STATS").block_ms, 0);
    assert_int_equal(nature_of("GET q").block_ms, -1);
    assert_int_equal(nature_of("JOIN q STRICT").block_ms, -1);
}

static void block_is_found_wherever_it_stands(void **state)
{
    struct rq_nature n = nature_of("get q COUNT 5 block 250 TTR 9");

    (void)state;
    assert_int_equal(n.block_ms, 250);
    assert_int_equal(n.block_at, 5);
    n = nature_of("JOIN q BLOCK 0");
    assert_int_equal(n.block_ms, 0);
    assert_int_equal(n.block_at, 3);
}

static void a_queue_named_block_is_a_queue(void **state)
{
    (void)state;
    assert_int_equal(nature_of("GET BLOCK").block_ms, -1);
    assert_int_equal(nature_of("GET BLOCK BLOCK 7").block_ms, 7);
}

static void a_block_that_is_no_number_is_left_to_the_server(void **state)
{
    struct rq_nature n = nature_of("GET q BLOCK soon");

    (void)state;
    assert_int_equal(n.block_ms, 0);
    assert_int_equal(n.block_at, 0);
    assert_int_equal(nature_of("GET q BLOCK -1").block_at, 0);
    assert_int_equal(nature_of("GET q BLOCK").block_ms, -1);
}

TEST_MAIN(cmocka_unit_test(what_only_looks_may_be_repeated),
          cmocka_unit_test(what_says_how_it_shall_be_may_be_repeated),
          cmocka_unit_test(get_may_be_repeated_because_leases_come_back),
          cmocka_unit_test(what_settles_a_lease_may_be_asked_again),
          cmocka_unit_test(put_and_the_unknown_are_never_repeated),
          cmocka_unit_test(a_put_waits_for_room_when_it_says_so),
          cmocka_unit_test(only_get_and_join_may_wait),
          cmocka_unit_test(block_is_found_wherever_it_stands),
          cmocka_unit_test(a_queue_named_block_is_a_queue),
          cmocka_unit_test(a_block_that_is_no_number_is_left_to_the_server))
