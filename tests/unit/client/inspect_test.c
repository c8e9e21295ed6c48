/* inspect_test - JOIN, STATS, QSIZE, any command; and replies as a tree.
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

static void join_counts_what_ended(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("JOIN a,b BLOCK 5 STRICT"),
        REPLIES("%4\r\n$4\r\ndone\r\n:1\r\n$4\r\ndead\r\n:2\r\n$7\r\nexpired\r\n:3\r\n"
                "$9\r\ncancelled\r\n:4\r\n"),
        EXPECTS("JOIN a"),
        REPLIES("+OK\r\n"),
        ENDS};
    ringq_joined j;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_join(q, "a,b", 5, true, &j), 0);
    assert_int_equal(j.done, 1);
    assert_int_equal(j.dead, 2);
    assert_int_equal(j.expired, 3);
    assert_int_equal(j.cancelled, 4);
    assert_int_equal(ringq_join(q, "a", RINGQ_FOREVER, false, NULL), RINGQ_PROTOCOL);
    end(q);
}

static void a_join_that_runs_out_is_a_timeout(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("JOIN a BLOCK 0"),
                                       REPLIES("_\r\n"), ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_join(q, "a", 0, false, NULL), RINGQ_TIMEOUT);
    assert_int_equal(ringq_join(q, NULL, 0, false, NULL), RINGQ_USAGE);
    end(q);
}

static void a_join_can_say_all_that_it_knows(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("JOIN a BLOCK 7 STRICT BARRIER"),
                                       REPLIES("_\r\n"),
                                       EXPECTS("JOIN a"),
                                       REPLIES("_\r\n"),
                                       ENDS};
    const ringq_join_options all = {
        .size = sizeof all, .block_ms = 7, .strict = true, .barrier = true};
    const ringq_join_options bad = {.size = 1};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_join_with(q, "a", &all, NULL), RINGQ_TIMEOUT);
    assert_int_equal(ringq_join_with(q, "a", NULL, NULL), RINGQ_TIMEOUT);
    assert_int_equal(ringq_join_with(q, "a", &bad, NULL), RINGQ_USAGE);
    end(q);
}

static void the_ends_of_jobs_come_with_their_results(void **state)
{
    static const char *const ids[] = {"7-1", "7-2"};
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("WAIT 7-1 7-2"),
        REPLIES("*2\r\n*3\r\n$3\r\n7-1\r\n$4\r\ndone\r\n$2\r\nok\r\n"
                "*3\r\n$3\r\n7-2\r\n$4\r\ndead\r\n_\r\n"),
        EXPECTS("WAIT 7-1 7-2 ANY BLOCK 5"),
        REPLIES("*3\r\n$3\r\n7-2\r\n$4\r\ndone\r\n$0\r\n\r\n"),
        EXPECTS("WAIT 7-1 BLOCK 0"),
        REPLIES("_\r\n"),
        EXPECTS("WAIT 7-1"),
        REPLIES("-NOJOB 7-1 never was\r\n"),
        ENDS};
    ringq *q = begin(script);
    ringq_outcomes *o = NULL;

    (void)state;
    assert_int_equal(ringq_wait(q, ids, 2, RINGQ_FOREVER, false, &o), 2);
    assert_string_equal(ringq_outcome_at(o, 0)->result, "ok");
    assert_int_equal(ringq_outcome_at(o, 0)->result_len, 2);
    assert_string_equal(ringq_outcome_at(o, 1)->id, "7-2");
    assert_string_equal(ringq_outcome_at(o, 1)->state, "dead");
    assert_null(ringq_outcome_at(o, 1)->result);
    assert_null(ringq_outcome_at(o, 2));
    ringq_outcomes_free(o);
    assert_int_equal(ringq_wait(q, ids, 2, 5, true, &o), 1);
    assert_string_equal(ringq_outcome_at(o, 0)->id, "7-2");
    assert_string_equal(ringq_outcome_at(o, 0)->result, "");
    ringq_outcomes_free(o);
    assert_int_equal(ringq_wait(q, ids, 1, 0, false, &o), RINGQ_TIMEOUT);
    assert_int_equal(ringq_wait(q, ids, 1, RINGQ_FOREVER, false, &o), RINGQ_NOJOB);
    assert_int_equal(ringq_wait(q, ids, 0, 0, false, &o), RINGQ_USAGE);
    assert_int_equal(ringq_wait(q, ids, 1, 0, false, NULL), RINGQ_USAGE);
    ringq_outcomes_free(NULL);
    end(q);
}

static void outcomes_of_another_shape_are_refused(void **state)
{
    static const char *const replies[] = {"*0\r\n", ":1\r\n", "*1\r\n:1\r\n",
                                          "*1\r\n*2\r\n$3\r\n7-1\r\n$4\r\ndone\r\n",
                                          "*1\r\n*3\r\n:1\r\n:2\r\n:3\r\n"};
    static const char *const ids[] = {"7-1"};

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        const struct fake_step script[] = {OPENS, EXPECTS("WAIT 7-1"),
                                           REPLIES(replies[i]), ENDS};
        ringq *q = begin(script);
        ringq_outcomes *o = NULL;

        assert_int_equal(ringq_wait(q, ids, 1, RINGQ_FOREVER, false, &o),
                         RINGQ_PROTOCOL);
        assert_null(o);
        end(q);
    }
}

static void commands_that_look_have_their_words(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("STATS"),
                                       REPLIES("%0\r\n"),
                                       EXPECTS("STATS q"),
                                       REPLIES("%0\r\n"),
                                       EXPECTS("QUEUES"),
                                       REPLIES("*0\r\n"),
                                       EXPECTS("QUEUES m*"),
                                       REPLIES("*0\r\n"),
                                       EXPECTS("SHOW 7-1"),
                                       REPLIES("-NOJOB 7-1\r\n"),
                                       EXPECTS("SHOW 7-1 BODY"),
                                       REPLIES("%0\r\n"),
                                       EXPECTS("QSIZE q"),
                                       REPLIES("$2\r\n12\r\n"),
                                       EXPECTS("QSIZE q"),
                                       REPLIES("+twelve\r\n"),
                                       ENDS};
    ringq_reply *r = NULL;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_stats(q, NULL, &r), 0);
    ringq_reply_free(r);
    assert_int_equal(ringq_stats(q, "q", NULL), 0);
    assert_int_equal(ringq_queues(q, NULL, NULL), 0);
    assert_int_equal(ringq_queues(q, "m*", NULL), 0);
    r = NULL;
    assert_int_equal(ringq_show(q, "7-1", false, &r), RINGQ_NOJOB);
    assert_null(r);
    assert_int_equal(ringq_show(q, "7-1", true, &r), 0);
    ringq_reply_free(r);
    assert_int_equal(ringq_show(q, NULL, true, &r), RINGQ_USAGE);
    assert_int_equal(ringq_qsize(q, "q"), 12);
    assert_int_equal(ringq_qsize(q, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_qsize(q, "q"), RINGQ_PROTOCOL);
    end(q);
}

static void any_command_gives_its_reply_as_a_tree(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("ANY thing"),
                                       REPLIES("%2\r\n$1\r\na\r\n*4\r\n:5\r\n$-1\r\n#"
                                               "t\r\n,1.5\r\n$1\r\nb\r\n$3\r\nxyz\r\n"),
                                       ENDS};
    const char *const words[] = {"ANY", "thing"};
    const ringq_reply *list;
    ringq_reply *r = NULL;
    size_t len;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_command(q, 2, words, NULL, &r), 0);
    assert_int_equal(ringq_reply_type(r), RINGQ_MAP);
    assert_int_equal(ringq_reply_count(r), 2);
    assert_string_equal(ringq_reply_key(r, 0), "a");
    assert_string_equal(ringq_reply_key(r, 1), "b");
    assert_string_equal(ringq_reply_string(ringq_reply_at(r, 1), &len), "xyz");
    assert_int_equal(len, 3);

    list = ringq_reply_field(r, "a");
    assert_int_equal(ringq_reply_type(list), RINGQ_ARRAY);
    assert_int_equal(ringq_reply_count(list), 4);
    assert_int_equal(ringq_reply_type(ringq_reply_at(list, 0)), RINGQ_INTEGER);
    assert_int_equal(ringq_reply_integer(ringq_reply_at(list, 0)), 5);
    assert_true(ringq_reply_double(ringq_reply_at(list, 0)) == 5.0);
    assert_int_equal(ringq_reply_type(ringq_reply_at(list, 1)), RINGQ_NULL);
    assert_int_equal(ringq_reply_type(ringq_reply_at(list, 2)), RINGQ_BOOLEAN);
    assert_int_equal(ringq_reply_integer(ringq_reply_at(list, 2)), 1);
    assert_int_equal(ringq_reply_type(ringq_reply_at(list, 3)), RINGQ_DOUBLE);
    assert_true(ringq_reply_double(ringq_reply_at(list, 3)) == 1.5);
    assert_null(ringq_reply_at(list, 4));
    assert_null(ringq_reply_field(r, "c"));
    assert_string_equal(ringq_reply_key(list, 0), "");
    ringq_reply_free(r);
    end(q);
}

static void what_is_not_there_is_nothing(void **state)
{
    size_t len = 99;

    (void)state;
    assert_int_equal(ringq_reply_type(NULL), RINGQ_NULL);
    assert_int_equal(ringq_reply_integer(NULL), 0);
    assert_true(ringq_reply_double(NULL) == 0.0);
    assert_string_equal(ringq_reply_string(NULL, &len), "");
    assert_int_equal(len, 0);
    assert_int_equal(ringq_reply_count(NULL), 0);
    assert_null(ringq_reply_at(NULL, 0));
    assert_string_equal(ringq_reply_key(NULL, 0), "");
    assert_null(ringq_reply_field(NULL, "x"));
    ringq_reply_free(NULL);
}

static void a_command_has_at_least_one_word(void **state)
{
    const struct fake_step script[] = {OPENS, ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_command(q, 0, NULL, NULL, NULL), RINGQ_USAGE);
    assert_int_equal(ringq_submit(q, 0, NULL, NULL, NULL, NULL), RINGQ_USAGE);
    end(q);
}

TEST_MAIN(cmocka_unit_test(join_counts_what_ended),
          cmocka_unit_test(a_join_that_runs_out_is_a_timeout),
          cmocka_unit_test(a_join_can_say_all_that_it_knows),
          cmocka_unit_test(the_ends_of_jobs_come_with_their_results),
          cmocka_unit_test(outcomes_of_another_shape_are_refused),
          cmocka_unit_test(commands_that_look_have_their_words),
          cmocka_unit_test(any_command_gives_its_reply_as_a_tree),
          cmocka_unit_test(what_is_not_there_is_nothing),
          cmocka_unit_test(a_command_has_at_least_one_word))
