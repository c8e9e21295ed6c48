/* parse_cron_test - the words of CRON.
 * SPDX-License-Identifier: MIT */
#include "lines.h"

static struct rq_cron cron;

static int parse(const char *line)
{
    return rq_cron_parse(cmd(line), &cron, &why);
}

static void an_entry_is_what_a_put_is_and_when(void **state)
{
    (void)state;
    assert_int_equal(parse("CRON add report mail \"30 2 * * *\" body PRI 7 DELAY 5"),
                     0);
    assert_int_equal(cron.verb, RQ_CRON_ADD);
    assert_true(rq_slice_eq(cron.name, RQ_LIT("report")));
    assert_true(rq_slice_eq(cron.put.queue, RQ_LIT("mail")));
    assert_true(rq_slice_eq(cron.spec, RQ_LIT("30 2 * * *")));
    assert_true(rq_slice_eq(cron.put.bodies[0], RQ_LIT("body")));
    assert_true(rq_slice_eq(cron.zone, RQ_LIT("UTC")));
    assert_int_equal(cron.put.body_count, 1);
    assert_int_equal(cron.put.pri, 7);
    assert_int_equal(cron.put.delay_ms, 5);
    assert_int_equal(parse("CRON ADD report mail @daily body GROUP g TZ UTC"), 0);
    assert_true(rq_slice_eq(cron.put.group, RQ_LIT("g")));
}

static void a_zone_stands_behind_the_options(void **state)
{
    (void)state;
    assert_int_equal(parse("CRON ADD r q @daily b TRIES 3 tz Europe/Berlin"), 0);
    assert_true(rq_slice_eq(cron.zone, RQ_LIT("Europe/Berlin")));
    assert_int_equal(parse("CRON ADD r q @daily b HEADER TZ x"), 0);
    assert_true(rq_slice_eq(cron.zone, RQ_LIT("UTC")));
    assert_complaint(parse("CRON ADD r q @daily b TZ"), RQ_E_BADARG,
                     "CRON ends with TZ and one zone");
    assert_complaint(parse("CRON ADD r q @daily b TZ Etc/UTC PRI 1"), RQ_E_BADARG,
                     "CRON ends with TZ and one zone");
    assert_complaint(parse("CRON ADD r q @daily b TZ \"\""), RQ_E_BADARG,
                     "CRON ends with TZ and one zone");
}

static void a_zone_has_at_most_64_bytes(void **state)
{
    char line[128];

    (void)state;
    snprintf(line, sizeof line, "CRON ADD r q @daily b TZ %064d", 0);
    assert_int_equal(parse(line), 0);
    snprintf(line, sizeof line, "CRON ADD r q @daily b TZ %065d", 0);
    assert_complaint(parse(line), RQ_E_BADARG, "CRON ends with TZ and one zone");
}

static void what_a_repeated_put_cannot_mean_is_refused(void **state)
{
    (void)state;
    assert_complaint(parse("CRON ADD r q @daily b AT 5"), RQ_E_BADARG,
                     "AT is one time");
    assert_complaint(parse("CRON ADD r q @daily b BLOCK 5"), RQ_E_BADARG,
                     "CRON never waits");
    assert_complaint(parse("CRON ADD r q @daily b NOWAIT"), RQ_E_BADARG,
                     "CRON never waits");
    assert_complaint(parse("CRON ADD r q @daily b UNIQUE k REPLACE"), RQ_E_BADARG,
                     "CRON replaces no bodies");
    assert_complaint(parse("CRON ADD r q @daily b DURABLE fsync"), RQ_E_BADARG,
                     "nobody waits for a job of CRON");
    assert_complaint(parse("CRON ADD r q @daily b PRI 256"), RQ_E_BADARG,
                     "PRI must be 0 to 255");
}

static void names_have_the_alphabet_of_queues(void **state)
{
    char line[200];

    (void)state;
    assert_complaint(parse("CRON ADD a,b q @daily b"), RQ_E_BADARG,
                     "an entry's name is 1 to 128");
    assert_complaint(parse("CRON ADD a q/ @daily b"), RQ_E_BADARG, "a queue's name");
    snprintf(line, sizeof line, "CRON DEL %0128d", 0);
    assert_int_equal(parse(line), 0);
    snprintf(line, sizeof line, "CRON DEL %0129d", 0);
    assert_complaint(parse(line), RQ_E_BADARG, "an entry's name");
}

static void the_other_verbs_have_their_words(void **state)
{
    (void)state;
    assert_int_equal(parse("CRON LIST"), 0);
    assert_int_equal(cron.verb, RQ_CRON_LIST);
    assert_int_equal(parse("CRON DEL a"), 0);
    assert_int_equal(cron.verb, RQ_CRON_DEL);
    assert_complaint(parse("CRON LIST a"), RQ_E_MALFORMED,
                     "wrong number of arguments; write CRON LIST");
    assert_complaint(parse("CRON DEL"), RQ_E_MALFORMED,
                     "wrong number of arguments; write CRON DEL name");
    assert_complaint(parse("CRON ADD a q @daily"), RQ_E_MALFORMED,
                     "wrong number of arguments; write CRON ADD name");
    assert_complaint(parse("CRON RUN a"), RQ_E_BADARG, "CRON is ADD, DEL or LIST");
    assert_complaint(parse("CRON"), RQ_E_MALFORMED, "wrong number");
}

TEST_MAIN(PARSE(an_entry_is_what_a_put_is_and_when),
          PARSE(a_zone_stands_behind_the_options), PARSE(a_zone_has_at_most_64_bytes),
          PARSE(what_a_repeated_put_cannot_mean_is_refused),
          PARSE(names_have_the_alphabet_of_queues),
          PARSE(the_other_verbs_have_their_words))
