/* parse_batch_test - the words of BATCH, JOIN BATCH and PUT ... BATCH.
 * SPDX-License-Identifier: MIT */
#include "lines.h"

static int parse(const char *line, struct rq_batch *out)
{
    return rq_batch_parse(cmd(line), out, &why);
}

static void a_batch_is_made_or_closed(void **state)
{
    struct rq_batch batch;

    (void)state;
    assert_int_equal(parse("BATCH new", &batch), 0);
    assert_int_equal(batch.verb, RQ_BATCH_NEW);
    assert_int_equal(batch.keep_ms, 60000);
    assert_int_equal(parse("BATCH NEW keep 0", &batch), 0);
    assert_int_equal(batch.keep_ms, 0);
    assert_int_equal(parse("batch close 7-1042", &batch), 0);
    assert_int_equal(batch.verb, RQ_BATCH_CLOSE);
    assert_int_equal(batch.id.epoch, 7);
    assert_int_equal(batch.id.number, 1042);
}

static void what_is_none_of_these_is_refused(void **state)
{
    struct rq_batch batch;

    (void)state;
    assert_complaint(parse("BATCH", &batch), RQ_E_MALFORMED,
                     "wrong number of arguments; write BATCH");
    assert_complaint(parse("BATCH OPEN", &batch), RQ_E_BADARG,
                     "BATCH is NEW or CLOSE, not 'OPEN'");
    assert_complaint(parse("BATCH NEW 5", &batch), RQ_E_BADARG, "");
    assert_complaint(parse("BATCH CLOSE", &batch), RQ_E_MALFORMED,
                     "wrong number of arguments; write BATCH CLOSE id");
    assert_complaint(parse("BATCH CLOSE 7-1 7-2", &batch), RQ_E_MALFORMED,
                     "wrong number of arguments; write BATCH CLOSE id");
    assert_complaint(parse("BATCH CLOSE seven", &batch), RQ_E_BADARG,
                     "a batch looks like 7-1042, not like 'seven'");
}

static void a_keep_of_a_week_is_good_and_more_is_not(void **state)
{
    struct rq_batch batch;

    (void)state;
    assert_int_equal(parse("BATCH NEW KEEP 604800000", &batch), 0);
    assert_complaint(parse("BATCH NEW KEEP 604800001", &batch), RQ_E_BADARG, "");
}

static void a_join_names_queues_or_one_batch(void **state)
{
    static struct rq_join join;

    (void)state;
    assert_int_equal(rq_join_parse(cmd("JOIN BATCH 7-3"), &join, &why), 0);
    assert_true(join.is_batch);
    assert_int_equal(join.batch.number, 3);
    assert_int_equal(join.block_ms, -1);
    assert_int_equal(rq_join_parse(cmd("JOIN batch 7-3 block 5"), &join, &why), 0);
    assert_int_equal(join.block_ms, 5);
    assert_complaint(rq_join_parse(cmd("JOIN BATCH 7-3 STRICT"), &join, &why),
                     RQ_E_BADARG, "");
    assert_complaint(rq_join_parse(cmd("JOIN BATCH seven"), &join, &why), RQ_E_BADARG,
                     "a batch looks like 7-1042, not like 'seven'");
}

static void a_queue_may_have_the_name_batch(void **state)
{
    static const char *const lines[] = {"JOIN batch", "JOIN batch BLOCK 0",
                                        "JOIN batch STRICT", "JOIN batch barrier",
                                        "JOIN batch,other BLOCK 0"};
    static struct rq_join join;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(rq_join_parse(cmd(lines[i]), &join, &why), 0);
        assert_false(join.is_batch);
        assert_true(rq_slice_eq(join.queues[0], RQ_LIT("batch")));
    }
}

static void a_job_of_a_batch_is_kept_for_a_minute_unless_it_says_so(void **state)
{
    static struct rq_put put;

    (void)state;
    assert_int_equal(rq_put_parse(cmd("PUT q b BATCH 7-3"), &put, &why), 0);
    assert_int_equal(put.batch.epoch, 7);
    assert_int_equal(put.batch.number, 3);
    assert_int_equal(put.keep_ms, 60000);
    assert_int_equal(rq_put_parse(cmd("PUT q b BATCH 7-3 KEEP 0"), &put, &why), 0);
    assert_int_equal(put.keep_ms, 0);
    assert_int_equal(rq_put_parse(cmd("PUT q b"), &put, &why), 0);
    assert_int_equal(put.batch.epoch, 0);
    assert_int_equal(put.keep_ms, 0);
    assert_int_equal(rq_mput_parse(cmd("MPUT q BATCH 7-3 BODIES 1 b"), &put, &why), 0);
    assert_int_equal(put.keep_ms, 60000);
}

static void a_put_names_one_batch_by_its_id(void **state)
{
    static struct rq_put put;

    (void)state;
    assert_complaint(rq_put_parse(cmd("PUT q b BATCH"), &put, &why), RQ_E_BADARG,
                     "BATCH needs the id");
    assert_complaint(rq_put_parse(cmd("PUT q b BATCH 7"), &put, &why), RQ_E_BADARG,
                     "a batch looks like 7-1042, not like '7'");
    assert_complaint(rq_put_parse(cmd("PUT q b BATCH 7-3 BATCH 7-4"), &put, &why),
                     RQ_E_BADARG, "");
    assert_complaint(
        rq_put_parse(cmd("PUT q b UNIQUE k REPLACE BATCH 7-3"), &put, &why),
        RQ_E_BADARG, "REPLACE changes no batch");
}

static void cron_puts_into_no_batch(void **state)
{
    static struct rq_cron cron;

    (void)state;
    assert_complaint(rq_cron_parse(cmd("CRON ADD r q @daily b BATCH 7-3"), &cron, &why),
                     RQ_E_BADARG, "a batch ends and CRON does not");
}

TEST_MAIN(PARSE(a_batch_is_made_or_closed), PARSE(what_is_none_of_these_is_refused),
          PARSE(a_keep_of_a_week_is_good_and_more_is_not),
          PARSE(a_join_names_queues_or_one_batch),
          PARSE(a_queue_may_have_the_name_batch),
          PARSE(a_job_of_a_batch_is_kept_for_a_minute_unless_it_says_so),
          PARSE(a_put_names_one_batch_by_its_id), PARSE(cron_puts_into_no_batch))
