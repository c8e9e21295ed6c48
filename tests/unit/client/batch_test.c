/* batch_test - batches: made, closed, waited for.
 * SPDX-License-Identifier: MIT */
#include "fake.h"

#include "support/test.h"

static struct fake fake;

static ringq *begin(const struct fake_step *script)
{
    fake_begin(&fake, script);
    return fake_connect(&fake, -1);
}

static void end(ringq *q)
{
    ringq_close(q);
    fake_end(&fake);
}

static void a_batch_is_made_closed_and_joined(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("BATCH NEW"),
        REPLIES("$3\r\n7-3\r\n"),
        EXPECTS("BATCH NEW KEEP 0"),
        REPLIES("$3\r\n7-4\r\n"),
        EXPECTS("BATCH CLOSE 7-3"),
        REPLIES("+OK\r\n"),
        EXPECTS("JOIN BATCH 7-3 BLOCK 5"),
        REPLIES("_\r\n"),
        EXPECTS("JOIN BATCH 7-3"),
        REPLIES("%4\r\n$4\r\ndone\r\n:1\r\n$4\r\ndead\r\n:2\r\n$7\r\nexpired\r\n:3\r\n"
                "$9\r\ncancelled\r\n:4\r\n"),
        ENDS};
    char id[RINGQ_ID_SIZE];
    ringq_joined j;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_batch_new(q, -1, id), 0);
    assert_string_equal(id, "7-3");
    assert_int_equal(ringq_batch_new(q, 0, id), 0);
    assert_int_equal(ringq_batch_close(q, "7-3"), 0);
    assert_int_equal(ringq_batch_join(q, "7-3", 5, &j), RINGQ_TIMEOUT);
    assert_int_equal(ringq_batch_join(q, "7-3", RINGQ_FOREVER, &j), 0);
    assert_int_equal(j.done, 1);
    assert_int_equal(j.dead, 2);
    assert_int_equal(j.expired, 3);
    assert_int_equal(j.cancelled, 4);
    end(q);
}

static void what_the_server_refuses_is_told(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("BATCH CLOSE 7-3"),
                                       REPLIES("-NOJOB no such batch\r\n"),
                                       EXPECTS("JOIN BATCH 7-3 BLOCK 0"),
                                       REPLIES("-NOJOB no such batch\r\n"),
                                       EXPECTS("BATCH NEW"),
                                       REPLIES("-LIMIT there are 100000 batches\r\n"),
                                       ENDS};
    char id[RINGQ_ID_SIZE];
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_batch_close(q, "7-3"), RINGQ_NOJOB);
    assert_int_equal(ringq_batch_join(q, "7-3", 0, NULL), RINGQ_NOJOB);
    assert_string_equal(ringq_error_text(q), "no such batch");
    assert_int_equal(ringq_batch_new(q, -1, id), RINGQ_LIMIT);
    end(q);
}

static void what_is_missing_is_not_sent(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_batch_new(q, -1, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_batch_close(q, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_batch_join(q, NULL, 0, NULL), RINGQ_USAGE);
    end(q);
}

static void a_reply_that_is_no_id_is_distrusted(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("BATCH NEW"), REPLIES(":5\r\n"),
                                       ENDS};
    char id[RINGQ_ID_SIZE];
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_batch_new(q, -1, id), RINGQ_PROTOCOL);
    end(q);
}

TEST_MAIN(cmocka_unit_test(a_batch_is_made_closed_and_joined),
          cmocka_unit_test(what_the_server_refuses_is_told),
          cmocka_unit_test(what_is_missing_is_not_sent),
          cmocka_unit_test(a_reply_that_is_no_id_is_distrusted))
