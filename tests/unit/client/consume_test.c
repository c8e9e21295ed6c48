/* consume_test - GET and what settles a lease: words that are sent, replies that are
 * read. SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

/* A job in RESP3; `n` is the last digit of its number. */
#define JOB(n)                                                           \
    "%7\r\n$2\r\nid\r\n$3\r\n7-" n "\r\n$5\r\nlease\r\n$5\r\n7-" n       \
    ":2\r\n$5\r\nqueue\r\n"                                              \
    "$4\r\nmail\r\n$4\r\nbody\r\n$5\r\nhello\r\n$7\r\nattempt\r\n:2\r\n" \
    "$3\r\nttr\r\n:60000\r\n$5\r\nerror\r\n$4\r\nboom\r\n"

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

static void a_job_is_read_field_by_field(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET mail"), REPLIES(JOB("1")),
                                       ENDS};
    ringq *q = begin(script);
    ringq_job *job;

    (void)state;
    assert_int_equal(ringq_get(q, "mail", RINGQ_FOREVER, 0, &job), 0);
    assert_string_equal(job->id, "7-1");
    assert_string_equal(job->lease, "7-1:2");
    assert_string_equal(job->queue, "mail");
    assert_int_equal(job->body_len, 5);
    assert_memory_equal(job->body, "hello", 6); /* with its NUL */
    assert_int_equal(job->attempt, 2);
    assert_int_equal(job->ttr_ms, 60000);
    assert_string_equal(job->error, "boom");
    ringq_job_free(job);
    end(q);
}

static void a_first_attempt_has_an_empty_error(void **state)
{
    /* In RESP2, numbers as digits, a new field at the end. */
    const struct fake_step script[] = {
        OPENS, EXPECTS("GET q BLOCK 0 TTR 5000"),
        REPLIES(
            "*14\r\n$2\r\nid\r\n$3\r\n7-1\r\n$5\r\nlease\r\n$5\r\n7-1:1\r\n$5\r\n"
            "queue\r\n$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\nattempt\r\n$1\r\n1\r\n"
            "$3\r\nttr\r\n$4\r\n5000\r\n$3\r\nnew\r\n:1\r\n"),
        ENDS};
    ringq *q = begin(script);
    ringq_job *job;

    (void)state;
    assert_int_equal(ringq_get(q, "q", 0, 5000, &job), 0);
    assert_string_equal(job->error, "");
    assert_int_equal(job->body_len, 0);
    assert_string_equal(job->body, "");
    assert_int_equal(job->ttr_ms, 5000);
    ringq_job_free(job);
    end(q);
}

static void headers_come_with_the_job(void **state)
{
    /* As RESP3 and as RESP2 have a map. */
    static const char *const heads[] = {"%2\r\n", "*4\r\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char reply[512];
        const struct fake_step script[] = {OPENS, EXPECTS("GET q"), REPLIES(reply),
                                           ENDS};
        ringq_job *job;

        (void)snprintf(
            reply, sizeof reply,
            "%%7\r\n$2\r\nid\r\n$3\r\n7-1\r\n$5\r\nlease\r\n$5\r\n7-1:1\r\n"
            "$5\r\nqueue\r\n$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\nattempt\r\n"
            ":1\r\n$3\r\nttr\r\n:5000\r\n$7\r\nheaders\r\n%s"
            "$5\r\nTrace\r\n$2\r\n4b\r\n$1\r\ne\r\n$0\r\n\r\n",
            heads[i]);
        ringq *q = begin(script);
        assert_int_equal(ringq_get(q, "q", RINGQ_FOREVER, 0, &job), 0);
        assert_int_equal(job->header_count, 2);
        assert_string_equal(job->headers[0].name, "Trace");
        assert_int_equal(job->headers[0].value_len, 2);
        assert_string_equal(ringq_job_header(job, "trace"), "4b");
        assert_string_equal(ringq_job_header(job, "e"), "");
        assert_null(ringq_job_header(job, "other"));
        assert_null(ringq_job_header(job, NULL));
        ringq_job_free(job);
        end(q);
    }
}

static void headers_that_are_no_text_are_no_job(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("GET q"),
        REPLIES("%7\r\n$2\r\nid\r\n$3\r\n7-1\r\n$5\r\nlease\r\n$5\r\n7-1:1\r\n"
                "$5\r\nqueue\r\n$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\nattempt\r\n"
                ":1\r\n$3\r\nttr\r\n:5000\r\n$7\r\nheaders\r\n*2\r\n:1\r\n:2\r\n"),
        ENDS};
    ringq *q = begin(script);
    ringq_job *job = NULL;

    (void)state;
    assert_int_equal(ringq_get(q, "q", RINGQ_FOREVER, 0, &job), RINGQ_PROTOCOL);
    assert_null(job);
    end(q);
}

static void nil_is_a_timeout(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("GET q BLOCK 5"),
                                       REPLIES("*-1\r\n"),
                                       EXPECTS("GET q BLOCK 5 COUNT 3"),
                                       REPLIES("_\r\n"),
                                       ENDS};
    ringq *q = begin(script);
    ringq_job *jobs[3] = {NULL};

    (void)state;
    assert_int_equal(ringq_get(q, "q", 5, 0, jobs), RINGQ_TIMEOUT);
    assert_int_equal(ringq_get_many(q, "q", 5, 0, jobs, 3), RINGQ_TIMEOUT);
    assert_null(jobs[0]);
    end(q);
}

static void many_jobs_come_as_a_list(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET a,b COUNT 3"),
                                       REPLIES("*2\r\n" JOB("1") JOB("2")), ENDS};
    ringq *q = begin(script);
    ringq_job *jobs[3];

    (void)state;
    assert_int_equal(ringq_get_many(q, "a,b", RINGQ_FOREVER, 0, jobs, 3), 2);
    assert_string_equal(jobs[0]->id, "7-1");
    assert_string_equal(jobs[1]->id, "7-2");
    ringq_job_free(jobs[0]);
    ringq_job_free(jobs[1]);
    end(q);
}

static void a_count_is_at_most_what_the_server_takes(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q BLOCK 0 COUNT 1024"),
                                       REPLIES("_\r\n"), ENDS};
    static ringq_job *jobs[2000];
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_get_many(q, "q", 0, 0, jobs, 2000), RINGQ_TIMEOUT);
    end(q);
}

static void assert_no_job(const char *reply)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("GET q"), {FAKE_REPLY, reply, 0}, ENDS};
    ringq *q = begin(script);
    ringq_job *job = NULL;

    assert_int_equal(ringq_get(q, "q", RINGQ_FOREVER, 0, &job), RINGQ_PROTOCOL);
    assert_null(job);
    assert_int_equal(fake.open_sockets, 0); /* the server takes back what it gave */
    end(q);
}

static void a_job_without_one_of_its_fields_is_refused(void **state)
{
    static const char *const fields[] = {
        "$2\r\nid\r\n$3\r\n7-1\r\n",     "$5\r\nlease\r\n$5\r\n7-1:2\r\n",
        "$5\r\nqueue\r\n$4\r\nmail\r\n", "$4\r\nbody\r\n$5\r\nhello\r\n",
        "$7\r\nattempt\r\n:2\r\n",       "$3\r\nttr\r\n:60000\r\n",
    };
    enum { N = sizeof fields / sizeof *fields };

    (void)state;
    for (size_t without = 0; without < N; without++) {
        char reply[512] = "%5\r\n";

        for (size_t i = 0; i < N; i++)
            if (i != without)
                (void)snprintf(reply + strlen(reply), sizeof reply - strlen(reply),
                               "%s", fields[i]);
        assert_no_job(reply);
    }
}

static void what_is_no_job_is_refused(void **state)
{
    (void)state;
    assert_no_job("+OK\r\n");
    assert_no_job(":1\r\n");
    assert_no_job("*0\r\n");
    assert_no_job("%1\r\n:1\r\n:2\r\n");
    /* an attempt below zero, a ttr of 33 bits, an id of 48 bytes */
    assert_no_job(
        "%6\r\n$2\r\nid\r\n$1\r\n1\r\n$5\r\nlease\r\n$1\r\n1\r\n$5\r\nqueue\r\n"
        "$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\nattempt\r\n:-1\r\n$3\r\nttr\r\n"
        ":1\r\n");
    assert_no_job(
        "%6\r\n$2\r\nid\r\n$1\r\n1\r\n$5\r\nlease\r\n$1\r\n1\r\n$5\r\nqueue\r\n"
        "$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\nattempt\r\n:1\r\n$3\r\nttr\r\n"
        ":4294967296\r\n");
    assert_no_job("%6\r\n$2\r\nid\r\n$48\r\n"
                  "000000000000000000000000000000000000000000000000\r\n$5\r\nlease\r\n"
                  "$1\r\n1\r\n$5\r\nqueue\r\n$1\r\nq\r\n$4\r\nbody\r\n$0\r\n\r\n$7\r\n"
                  "attempt\r\n:1\r\n$3\r\nttr\r\n:1\r\n");
}

static void more_jobs_than_asked_for_are_refused(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q COUNT 1"),
                                       REPLIES("*2\r\n" JOB("1") JOB("2")), ENDS};
    ringq *q = begin(script);
    ringq_job *job;

    (void)state;
    assert_int_equal(ringq_get_many(q, "q", RINGQ_FOREVER, 0, &job, 1), RINGQ_PROTOCOL);
    end(q);
}

static void a_bad_job_in_a_list_spoils_the_list(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("GET q COUNT 2"),
                                       REPLIES("*2\r\n" JOB("1") ":5\r\n"), ENDS};
    ringq *q = begin(script);
    ringq_job *jobs[2];

    (void)state;
    assert_int_equal(ringq_get_many(q, "q", RINGQ_FOREVER, 0, jobs, 2), RINGQ_PROTOCOL);
    end(q);
}

static void done_takes_a_result(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("DONE 7-1:1"),
                                       REPLIES(":1\r\n"),
                                       EXPECTS("DONE 7-1:1 RESULT 42"),
                                       REPLIES(":1\r\n"),
                                       EXPECTS("DONE 7-1:1 RESULT "),
                                       REPLIES(":1\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_done(q, "7-1:1", NULL, 0), 0);
    assert_int_equal(ringq_done(q, "7-1:1", "42", 2), 0);
    assert_int_equal(ringq_done(q, "7-1:1", "", 0), 0);
    assert_int_equal(ringq_done(q, NULL, NULL, 0), RINGQ_USAGE);
    end(q);
}

static void many_leases_are_done_in_one_command(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("DONE 7-1:1 7-2:1"),
                                       REPLIES(":2\r\n"), ENDS};
    const char *const leases[] = {"7-1:1", "7-2:1"};
    size_t done = 99;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_done_many(q, leases, 2, &done), 2);
    assert_int_equal(done, 2);
    assert_int_equal(ringq_done_many(q, NULL, 0, &done), 0);
    assert_int_equal(done, 0);
    end(q);
}

static void a_stale_lease_among_many_leaves_the_count(void **state)
{
    const struct fake_step script[] = {
        OPENS, EXPECTS("DONE 7-1:1 7-2:1 7-3:1"),
        REPLIES("-STALE 7-1:1 is no longer yours; COUNT 2\r\n"), ENDS};
    const char *const leases[] = {"7-1:1", "7-2:1", "7-3:1"};
    size_t done = 99;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_done_many(q, leases, 3, &done), RINGQ_STALE);
    assert_int_equal(done, 2);
    end(q);
}

static void more_leases_than_a_command_takes_go_in_several(void **state)
{
    enum { N = 1500 };
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("DONE 7-1:1 7-1:1*"),
        REPLIES("-STALE 7-1:1 is no longer yours; COUNT 1000\r\n"),
        EXPECTS("DONE 7-1:1 7-1:1*"),
        REPLIES(":476\r\n"),
        ENDS};
    static const char *leases[N];
    size_t done = 0;
    ringq *q = begin(script);

    (void)state;
    for (size_t i = 0; i < N; i++)
        leases[i] = "7-1:1";
    assert_int_equal(ringq_done_many(q, leases, N, &done), RINGQ_STALE);
    assert_int_equal(done, 1476);
    assert_non_null(strstr(ringq_error_text(q), "COUNT 1000"));
    end(q);
}

static void fail_says_when_it_is_tried_again(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("FAIL 7-1:1"),
        REPLIES("*2\r\n$7\r\ndelayed\r\n:1700000000000\r\n"),
        EXPECTS("FAIL 7-1:1 ERROR no luck DELAY 0"),
        REPLIES("*2\r\n$7\r\ndelayed\r\n:5\r\n"),
        EXPECTS("FAIL 7-1:1 ERROR poison DEAD"),
        REPLIES("*2\r\n$4\r\ndead\r\n:0\r\n"),
        ENDS};
    ringq_failed f;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_fail(q, "7-1:1", NULL, -1, false, &f), 0);
    assert_string_equal(f.state, "delayed");
    assert_int_equal(f.retry_unix_ms, INT64_C(1700000000000));
    assert_int_equal(ringq_fail(q, "7-1:1", "no luck", 0, false, NULL), 0);
    assert_int_equal(ringq_fail(q, "7-1:1", "poison", 5, true, &f), 0);
    assert_string_equal(f.state, "dead");
    assert_int_equal(f.retry_unix_ms, 0);
    end(q);
}

static void a_malformed_answer_to_fail_is_refused(void **state)
{
    const struct fake_step script[] = {OPENS, EXPECTS("FAIL 7-1:1"), REPLIES("*0\r\n"),
                                       ENDS};
    ringq_failed f;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_fail(q, "7-1:1", NULL, -1, false, &f), RINGQ_PROTOCOL);
    end(q);
}

static void release_gives_back_now_or_later(void **state)
{
    const struct fake_step script[] = {OPENS,
                                       EXPECTS("RELEASE 7-1:1"),
                                       REPLIES("+OK\r\n"),
                                       EXPECTS("RELEASE 7-1:1 DELAY 9"),
                                       REPLIES("-STALE 7-1:1 is no longer yours\r\n"),
                                       ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_release(q, "7-1:1", 0), 0);
    assert_int_equal(ringq_release(q, "7-1:1", 9), RINGQ_STALE);
    end(q);
}

static void touch_tells_the_new_deadline(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("TOUCH 7-1:1"),
        REPLIES("*1\r\n*2\r\n$5\r\n7-1:1\r\n:1700000000000\r\n"),
        EXPECTS("TOUCH 7-1:1 TTR 5000"),
        REPLIES("*1\r\n*3\r\n$5\r\n7-1:1\r\n:5\r\n$5\r\nquiet\r\n"),
        EXPECTS("TOUCH 7-1:1"),
        REPLIES("*0\r\n"),
        ENDS};
    int64_t deadline = 0;
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_touch(q, "7-1:1", 0, &deadline), 0);
    assert_int_equal(deadline, INT64_C(1700000000000));
    assert_int_equal(ringq_touch(q, "7-1:1", 5000, NULL), 0);
    assert_int_equal(ringq_touch(q, "7-1:1", 0, &deadline), RINGQ_PROTOCOL);
    end(q);
}

static void progress_is_said_with_a_note_or_without(void **state)
{
    const struct fake_step script[] = {
        OPENS,
        EXPECTS("TOUCH 7-1:1 PROGRESS 40 NOTE half"),
        REPLIES("*1\r\n*2\r\n$5\r\n7-1:1\r\n:1700000000000\r\n"),
        EXPECTS("TOUCH 7-1:1 PROGRESS 101"),
        REPLIES("-BADARG PROGRESS must be 0 to 100\r\n"),
        ENDS};
    ringq *q = begin(script);

    (void)state;
    assert_int_equal(ringq_progress(q, "7-1:1", 40, "half"), 0);
    assert_int_equal(ringq_progress(q, "7-1:1", 101, NULL), RINGQ_BADARG);
    assert_int_equal(ringq_progress(q, NULL, 1, NULL), RINGQ_USAGE);
    end(q);
}

TEST_MAIN(cmocka_unit_test(a_job_is_read_field_by_field),
          cmocka_unit_test(progress_is_said_with_a_note_or_without),
          cmocka_unit_test(a_first_attempt_has_an_empty_error),
          cmocka_unit_test(headers_come_with_the_job),
          cmocka_unit_test(headers_that_are_no_text_are_no_job),
          cmocka_unit_test(nil_is_a_timeout),
          cmocka_unit_test(many_jobs_come_as_a_list),
          cmocka_unit_test(a_count_is_at_most_what_the_server_takes),
          cmocka_unit_test(a_job_without_one_of_its_fields_is_refused),
          cmocka_unit_test(what_is_no_job_is_refused),
          cmocka_unit_test(more_jobs_than_asked_for_are_refused),
          cmocka_unit_test(a_bad_job_in_a_list_spoils_the_list),
          cmocka_unit_test(done_takes_a_result),
          cmocka_unit_test(many_leases_are_done_in_one_command),
          cmocka_unit_test(a_stale_lease_among_many_leaves_the_count),
          cmocka_unit_test(more_leases_than_a_command_takes_go_in_several),
          cmocka_unit_test(fail_says_when_it_is_tried_again),
          cmocka_unit_test(a_malformed_answer_to_fail_is_refused),
          cmocka_unit_test(release_gives_back_now_or_later),
          cmocka_unit_test(touch_tells_the_new_deadline))
