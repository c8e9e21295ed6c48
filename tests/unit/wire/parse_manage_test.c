/* parse_manage_test - the options of an operator's commands.
 * SPDX-License-Identifier: MIT */
#include "lines.h"

/* `verb` and `n` ids. */
static const char *with_ids(const char *verb, int n)
{
    static char line[20000];
    size_t len = (size_t)snprintf(line, sizeof line, "%s", verb);

    for (int i = 1; i <= n; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, " 7-%d", i);
    return line;
}

/* ---- KICK, CANCEL ---- */

static void a_kick_takes_all_or_some_or_those_named(void **state)
{
    struct rq_kick kick;

    (void)state;
    assert_int_equal(rq_kick_parse(cmd("KICK q"), &kick, &why), 0);
    assert_true(rq_slice_eq(kick.queue, RQ_LIT("q")));
    assert_true(kick.count == INT64_MAX && kick.ids.count == 0);
    assert_int_equal(rq_kick_parse(cmd("KICK q COUNT 10"), &kick, &why), 0);
    assert_int_equal(kick.count, 10);
    assert_int_equal(rq_kick_parse(cmd("KICK q id 7-1 7-2"), &kick, &why), 0);
    assert_int_equal(kick.ids.count, 2);
    assert_true(rq_slice_eq(kick.ids.words[1], RQ_LIT("7-2")));
}

static void a_kick_that_means_nothing_is_refused(void **state)
{
    struct rq_kick kick;

    (void)state;
    assert_complaint(rq_kick_parse(cmd("KICK q COUNT 0"), &kick, &why), RQ_E_BADARG,
                     "COUNT must be 1 to");
    assert_complaint(rq_kick_parse(cmd("KICK q ID"), &kick, &why), RQ_E_BADARG,
                     "an id like 7-1042 is missing");
    assert_complaint(rq_kick_parse(cmd("KICK q ID 7-1:2"), &kick, &why), RQ_E_BADARG,
                     "an id looks like 7-1042, not like '7-1:2'");
    assert_complaint(rq_kick_parse(cmd("KICK q COUNT 1 ID 7-1"), &kick, &why),
                     RQ_E_BADARG, "COUNT and ID exclude each other");
    assert_complaint(rq_kick_parse(cmd("KICK a,b"), &kick, &why), RQ_E_BADARG,
                     "a queue's name is");
    assert_complaint(rq_kick_parse(cmd("KICK"), &kick, &why), RQ_E_MALFORMED,
                     "wrong number of arguments; write KICK queue");
}

static void a_cancel_names_up_to_1024_jobs(void **state)
{
    struct rq_ids ids;

    (void)state;
    assert_int_equal(rq_cancel_parse(cmd(with_ids("CANCEL", 1024)), &ids, &why), 0);
    assert_int_equal(ids.count, 1024);
    assert_complaint(rq_cancel_parse(cmd(with_ids("CANCEL", 1025)), &ids, &why),
                     RQ_E_LIMIT, "more than 1024 ids in one command");
    assert_complaint(rq_cancel_parse(cmd("CANCEL"), &ids, &why), RQ_E_MALFORMED,
                     "wrong number of arguments");
    assert_complaint(rq_cancel_parse(cmd("CANCEL 7-1 mail"), &ids, &why), RQ_E_BADARG,
                     "an id looks like 7-1042, not like 'mail'");
}

/* ---- PURGE ---- */

static void a_purge_without_a_state_takes_what_waits(void **state)
{
    struct rq_purge purge;

    (void)state;
    assert_int_equal(rq_purge_parse(cmd("PURGE q"), &purge, &why), 0);
    assert_int_equal(purge.states, 1u << RQ_STATE_READY | 1u << RQ_STATE_DELAYED);
    assert_int_equal(rq_purge_parse(cmd("PURGE q STATE dead"), &purge, &why), 0);
    assert_int_equal(purge.states, 1u << RQ_STATE_DEAD);
    assert_complaint(rq_purge_parse(cmd("PURGE q STATE leased"), &purge, &why),
                     RQ_E_BADARG,
                     "STATE must be one of ready, delayed, dead, not 'leased'");
    assert_complaint(rq_purge_parse(cmd("PURGE q STATE"), &purge, &why), RQ_E_BADARG,
                     "STATE needs one of ready, delayed, dead");
}

/* ---- QUEUE SET, PAUSE, SHUTDOWN ---- */

static void a_setting_that_is_not_said_is_negative(void **state)
{
    struct rq_queue_set said;

    (void)state;
    assert_int_equal(
        rq_queue_set_parse(cmd("QUEUE set q MAXSIZE 100 ORDER lifo"), &said, &why), 0);
    assert_true(said.maxsize == 100 && said.order == RQ_ORDER_LIFO);
    assert_true(said.deadmax < 0 && said.ttr_ms < 0 && said.tries < 0 && said.rate < 0);
    assert_true(said.concurrency < 0 && said.grouplimit < 0 && !said.open);
    assert_int_equal(rq_queue_set_parse(
                         cmd("QUEUE SET q TTR 1000 TRIES 65535 RATE 100/s CONCURRENCY "
                             "4294967295 GROUPLIMIT 4294967295 DEADMAX 0 OPEN"),
                         &said, &why),
                     0);
    assert_true(said.ttr_ms == 1000 && said.tries == 65535 && said.rate == 100);
    assert_true(said.grouplimit == UINT32_MAX);
    assert_true(said.concurrency == UINT32_MAX && said.deadmax == 0 && said.open);
    assert_int_equal(rq_queue_set_parse(cmd("QUEUE SET q RATE 7"), &said, &why), 0);
    assert_int_equal(said.rate, 7);
    assert_int_equal(
        rq_queue_set_parse(cmd("QUEUE SET q RATE 1000000000/S"), &said, &why), 0);
}

static void a_setting_that_means_nothing_is_refused(void **state)
{
    static const struct {
        const char *line, *text;
    } bad[] = {
        {"QUEUE GET q MAXSIZE 1", "write QUEUE SET queue"},
        {"QUEUE SET q MAXSIZE -1", "MAXSIZE must be 0 to"},
        {"QUEUE SET q TTR 999", "TTR must be 1000 to"},
        {"QUEUE SET q TRIES 0", "TRIES must be 1 to 65535"},
        {"QUEUE SET q CONCURRENCY 4294967296", "CONCURRENCY must be 0 to 4294967295"},
        {"QUEUE SET q GROUPLIMIT 4294967296", "GROUPLIMIT must be 0 to 4294967295"},
        {"QUEUE SET q ORDER RANDOM", "ORDER must be FIFO or LIFO"},
        {"QUEUE SET q ORDER", "ORDER must be FIFO or LIFO"},
        {"QUEUE SET q RATE fast", "RATE must be like 100/s"},
        {"QUEUE SET q RATE /s", "RATE must be like 100/s"},
        {"QUEUE SET q RATE 1000000001", "RATE must be like 100/s"},
        {"QUEUE SET q RATE", "RATE must be like 100/s"},
        {"QUEUE SET a,b OPEN", "a queue's name is"},
    };
    struct rq_queue_set said;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_complaint(rq_queue_set_parse(cmd(bad[i].line), &said, &why), RQ_E_BADARG,
                         bad[i].text);
}

static void a_pause_is_for_both_ways_unless_it_names_one(void **state)
{
    struct rq_pause pause;

    (void)state;
    assert_int_equal(rq_pause_parse(cmd("PAUSE q"), &pause, &why), 0);
    assert_true(pause.in && pause.out);
    assert_int_equal(rq_pause_parse(cmd("PAUSE q in"), &pause, &why), 0);
    assert_true(pause.in && !pause.out);
    assert_complaint(rq_pause_parse(cmd("PAUSE q IN OUT"), &pause, &why), RQ_E_BADARG,
                     "IN and OUT exclude each other");
}

static void a_shutdown_may_be_immediate(void **state)
{
    struct rq_shutdown shutdown;

    (void)state;
    assert_int_equal(rq_shutdown_parse(cmd("SHUTDOWN q"), &shutdown, &why), 0);
    assert_false(shutdown.immediate);
    assert_int_equal(rq_shutdown_parse(cmd("SHUTDOWN q IMMEDIATE"), &shutdown, &why),
                     0);
    assert_true(shutdown.immediate);
}

/* ---- WAIT ---- */

static void a_wait_is_for_all_unless_it_says_any(void **state)
{
    struct rq_wait wait;

    (void)state;
    assert_int_equal(rq_wait_parse(cmd("WAIT 7-1 7-2"), &wait, &why), 0);
    assert_true(wait.ids.count == 2 && !wait.any && wait.block_ms == -1);
    assert_int_equal(rq_wait_parse(cmd("WAIT 7-1 any BLOCK 0"), &wait, &why), 0);
    assert_true(wait.ids.count == 1 && wait.any && wait.block_ms == 0);
    assert_int_equal(rq_wait_parse(cmd("WAIT 7-1 ALL"), &wait, &why), 0);
    assert_false(wait.any);
    assert_complaint(rq_wait_parse(cmd("WAIT 7-1 ANY ALL"), &wait, &why), RQ_E_BADARG,
                     "ANY and ALL exclude each other");
    assert_complaint(rq_wait_parse(cmd("WAIT 7-1 7-1"), &wait, &why), RQ_E_BADARG,
                     "id '7-1' is named twice");
    assert_complaint(rq_wait_parse(cmd("WAIT ANY"), &wait, &why), RQ_E_BADARG,
                     "an id looks like 7-1042, not like 'ANY'");
    assert_complaint(rq_wait_parse(cmd("WAIT"), &wait, &why), RQ_E_MALFORMED,
                     "wrong number of arguments");
}

static void a_wait_names_up_to_64_jobs(void **state)
{
    struct rq_wait wait;

    (void)state;
    assert_int_equal(rq_wait_parse(cmd(with_ids("WAIT", 64)), &wait, &why), 0);
    assert_int_equal(wait.ids.count, 64);
    assert_complaint(rq_wait_parse(cmd(with_ids("WAIT", 65)), &wait, &why), RQ_E_LIMIT,
                     "more than 64 ids in one command");
}

/* ---- WATCH ---- */

static void a_watch_is_of_the_server_or_a_queue(void **state)
{
    struct rq_watch watch;

    (void)state;
    assert_int_equal(rq_watch_parse(cmd("WATCH"), &watch, &why), 0);
    assert_true(watch.queue.len == 0 && watch.every_ms == 1000);
    assert_int_equal(rq_watch_parse(cmd("WATCH q EVERY 100"), &watch, &why), 0);
    assert_true(rq_slice_eq(watch.queue, RQ_LIT("q")) && watch.every_ms == 100);
    assert_int_equal(rq_watch_parse(cmd("WATCH EVERY 3600000"), &watch, &why), 0);
    assert_true(watch.queue.len == 0 && watch.every_ms == 3600000);
    assert_complaint(rq_watch_parse(cmd("WATCH q EVERY 99"), &watch, &why), RQ_E_BADARG,
                     "EVERY must be 100 to 3600000 ms");
    assert_complaint(rq_watch_parse(cmd("WATCH q EVERY 3600001"), &watch, &why),
                     RQ_E_BADARG, "EVERY must be 100 to 3600000 ms");
    assert_complaint(rq_watch_parse(cmd("WATCH a,b"), &watch, &why), RQ_E_BADARG,
                     "a queue's name is");
}

/* ---- RESCHEDULE ---- */

static void a_job_gets_a_new_time_in_one_of_two_ways(void **state)
{
    struct rq_reschedule to;

    (void)state;
    assert_int_equal(rq_reschedule_parse(cmd("RESCHEDULE 7-1 DELAY 0"), &to, &why), 0);
    assert_int_equal(to.delay_ms, 0);
    assert_int_equal(rq_reschedule_parse(cmd("RESCHEDULE 7-1 AT 5"), &to, &why), 0);
    assert_true(to.delay_ms == -1 && to.at_unix_ms == 5);
    assert_complaint(rq_reschedule_parse(cmd("RESCHEDULE 7-1 DELAY -1"), &to, &why),
                     RQ_E_BADARG, "DELAY must be 0 to");
    assert_complaint(rq_reschedule_parse(cmd("RESCHEDULE 7-1 SOON 1"), &to, &why),
                     RQ_E_BADARG, "unknown option 'SOON'");
    assert_complaint(rq_reschedule_parse(cmd("RESCHEDULE 7-1"), &to, &why),
                     RQ_E_MALFORMED, "wrong number of arguments");
}

/* ---- REQUEUE ---- */

static void a_job_is_sent_to_a_queue(void **state)
{
    struct rq_requeue to;

    (void)state;
    assert_int_equal(rq_requeue_parse(cmd("REQUEUE 7-1 slow"), &to, &why), 0);
    assert_true(to.id.epoch == 7 && to.id.number == 1 &&
                rq_slice_eq(to.queue, RQ_LIT("slow")));
    assert_complaint(rq_requeue_parse(cmd("REQUEUE 7-1:1 slow"), &to, &why),
                     RQ_E_BADARG, "an id looks like 7-1042, not like '7-1:1'");
    assert_complaint(rq_requeue_parse(cmd("REQUEUE 7-1 a,b"), &to, &why), RQ_E_BADARG,
                     "a queue's name is");
    assert_complaint(rq_requeue_parse(cmd("REQUEUE 7-1"), &to, &why), RQ_E_MALFORMED,
                     "wrong number of arguments");
}

/* ---- PEEK ---- */

static void a_peek_looks_at_the_next_job(void **state)
{
    static struct rq_peek peek;

    (void)state;
    assert_int_equal(rq_peek_parse(cmd("PEEK q"), &peek, &why), 0);
    assert_true(peek.state == RQ_STATE_READY && peek.count == 1);
    assert_true(peek.after.epoch == 0 && peek.term_count == 0);
    assert_int_equal(
        rq_peek_parse(cmd("PEEK q STATE leased COUNT 1024 AFTER 7-9"), &peek, &why), 0);
    assert_true(peek.state == RQ_STATE_LEASED && peek.count == 1024);
    assert_true(peek.after.epoch == 7 && peek.after.number == 9);
    assert_complaint(rq_peek_parse(cmd("PEEK q COUNT 1025"), &peek, &why), RQ_E_BADARG,
                     "COUNT must be 1 to 1024");
    assert_complaint(rq_peek_parse(cmd("PEEK q STATE done"), &peek, &why), RQ_E_BADARG,
                     "STATE must be one of");
}

static void a_match_is_made_of_terms(void **state)
{
    static struct rq_peek peek;

    (void)state;
    assert_int_equal(
        rq_peek_parse(cmd("PEEK q MATCH 'id:7-1042  error:*time out*'"), &peek, &why),
        RQ_E_BADARG); /* a space separates terms */
    assert_int_equal(
        rq_peek_parse(
            cmd("PEEK q MATCH 'id:7-1042  error:*timeout* header.Lang:de group:c?'"),
            &peek, &why),
        0);
    assert_int_equal(peek.term_count, 4);
    assert_true(peek.terms[0].id.number == 1042);
    assert_true(rq_slice_eq(peek.terms[1].glob, RQ_LIT("*timeout*")));
    assert_true(rq_slice_eq(peek.terms[2].name, RQ_LIT("Lang")));
    assert_int_equal(peek.terms[3].field, RQ_TERM_GROUP);
}

static void a_number_is_matched_by_a_range(void **state)
{
    static const struct {
        const char *text;
        int64_t low, high;
    } cases[] = {
        {"3", 3, 3},  {">3", 4, INT64_MAX}, {">=3", 3, INT64_MAX},
        {"<3", 0, 2}, {"<=3", 0, 3},        {"<0", 0, -1},
    };
    static struct rq_peek peek;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];

        snprintf(line, sizeof line, "PEEK q MATCH attempt:%s", cases[i].text);
        assert_int_equal(rq_peek_parse(cmd(line), &peek, &why), 0);
        assert_int_equal(peek.terms[0].low, cases[i].low);
        assert_int_equal(peek.terms[0].high, cases[i].high);
    }
}

static void a_match_that_means_nothing_is_refused(void **state)
{
    static const char *const bad[] = {"what",     "what:x",    "id:mail", "header.:x",
                                      "age:soon", "attempt:>", "age:>-1", "errors:x"};
    static struct rq_peek peek;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[64];

        snprintf(line, sizeof line, "PEEK q MATCH %s", bad[i]);
        assert_complaint(rq_peek_parse(cmd(line), &peek, &why), RQ_E_BADARG,
                         "MATCH knows id:7-1");
    }
    assert_complaint(rq_peek_parse(cmd("PEEK q MATCH"), &peek, &why), RQ_E_BADARG,
                     "MATCH needs terms");
    assert_int_equal(
        rq_peek_parse(
            cmd("PEEK q MATCH 'age:1 age:1 age:1 age:1 age:1 age:1 age:1 age:1'"),
            &peek, &why),
        0);
    assert_complaint(
        rq_peek_parse(
            cmd("PEEK q MATCH 'age:1 age:1 age:1 age:1 age:1 age:1 age:1 age:1 age:1'"),
            &peek, &why),
        RQ_E_LIMIT, "MATCH takes at most 8 terms");
}

TEST_MAIN(PARSE(a_kick_takes_all_or_some_or_those_named),
          PARSE(a_kick_that_means_nothing_is_refused),
          PARSE(a_cancel_names_up_to_1024_jobs),
          PARSE(a_purge_without_a_state_takes_what_waits),
          PARSE(a_setting_that_is_not_said_is_negative),
          PARSE(a_setting_that_means_nothing_is_refused),
          PARSE(a_pause_is_for_both_ways_unless_it_names_one),
          PARSE(a_shutdown_may_be_immediate),
          PARSE(a_wait_is_for_all_unless_it_says_any),
          PARSE(a_wait_names_up_to_64_jobs), PARSE(a_watch_is_of_the_server_or_a_queue),
          PARSE(a_job_gets_a_new_time_in_one_of_two_ways),
          PARSE(a_job_is_sent_to_a_queue), PARSE(a_peek_looks_at_the_next_job),
          PARSE(a_match_is_made_of_terms), PARSE(a_number_is_matched_by_a_range),
          PARSE(a_match_that_means_nothing_is_refused))
