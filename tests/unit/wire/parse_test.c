/* parse_test - the options of every command: defaults, both ends of each range, one
 * past them, and the words of each complaint.
 * SPDX-License-Identifier: MIT */
#include "lines.h"

/* Lends: until the next call. */
static const struct rq_put *good_put(const char *line)
{
    static struct rq_put put;
    int rc = rq_put_parse(cmd(line), &put, &why);

    if (rc < 0)
        fail_msg("%s: %s", line, why.text);
    return &put;
}

static void bad_put(const char *line, int code, const char *text)
{
    struct rq_put put;

    assert_complaint(rq_put_parse(cmd(line), &put, &why), code, text);
}

static void a_put_without_options_has_the_defaults(void **state)
{
    struct rq_put put = *good_put("PUT emails hello");

    (void)state;
    assert_true(rq_slice_eq(put.queue, RQ_LIT("emails")));
    assert_int_equal(put.body_count, 1);
    assert_true(rq_slice_eq(put.bodies[0], RQ_LIT("hello")));
    assert_int_equal(put.delay_ms, 0);
    assert_int_equal(put.at_unix_ms, 0);
    assert_int_equal(put.pri, 128);
    assert_int_equal(put.ttr_ms, 0); /* the queue's */
    assert_int_equal(put.tries, 0);
    assert_int_equal(put.block_ms, -1);
    assert_int_equal(put.backoff, RQ_BACKOFF_EXP);
    assert_int_equal(put.backoff_base_ms, 1000);
    assert_int_equal(put.backoff_max_ms, 3600000);
    assert_int_equal(put.jitter_pct, 10);
}

static void options_of_put_come_in_any_order_and_case(void **state)
{
    struct rq_put put = *good_put("put q b jitter 20 Tries 3 TTR 5000 pri 0 "
                                  "backoff linear 7 9 delay 42");

    (void)state;
    assert_int_equal(put.jitter_pct, 20);
    assert_int_equal(put.tries, 3);
    assert_int_equal(put.ttr_ms, 5000);
    assert_int_equal(put.pri, 0);
    assert_int_equal(put.backoff, RQ_BACKOFF_LINEAR);
    assert_int_equal(put.backoff_base_ms, 7);
    assert_int_equal(put.backoff_max_ms, 9);
    assert_int_equal(put.delay_ms, 42);
}

static void a_put_may_have_many_headers(void **state)
{
    struct rq_put put = *good_put("PUT q b HEADER trace 4bf9 TTL 500 HEADER lang ''");

    (void)state;
    assert_int_equal(put.header_count, 2);
    assert_true(rq_slice_eq(put.headers[0].name, RQ_LIT("trace")));
    assert_true(rq_slice_eq(put.headers[0].value, RQ_LIT("4bf9")));
    assert_int_equal(put.headers[1].value.len, 0);
    assert_int_equal(put.ttl_ms, 500);
    assert_int_equal(good_put("PUT q b")->header_count, 0);
    assert_int_equal(good_put("PUT q b")->ttl_ms, 0);
}

/* A PUT with one header of these lengths. */
static int put_header(size_t name_len, size_t value_len)
{
    static char name[100], value[2000];
    struct rq_slice words[] = {RQ_LIT("PUT"),
                               RQ_LIT("q"),
                               RQ_LIT("b"),
                               RQ_LIT("HEADER"),
                               rq_slice(name, name_len),
                               rq_slice(value, value_len)};
    const struct rq_cmd c = {.argc = 6, .argv = words};
    struct rq_put put;

    memset(name, 'n', sizeof name);
    return rq_put_parse(&c, &put, &why);
}

static void a_header_has_its_limits(void **state)
{
    (void)state;
    assert_int_equal(put_header(64, 1024), 0);
    assert_complaint(put_header(65, 1), RQ_E_BADARG, "a header's name is 1 to 64");
    assert_complaint(put_header(0, 1), RQ_E_BADARG, "a header's name is 1 to 64");
    assert_complaint(put_header(1, 1025), RQ_E_LIMIT,
                     "a header's value has at most 1024");
    bad_put("PUT q b HEADER", RQ_E_BADARG, "HEADER needs a name and a value");
    bad_put("PUT q b HEADER a", RQ_E_BADARG, "HEADER needs a name and a value");
    bad_put("PUT q b HEADER a:b c", RQ_E_BADARG, "a header's name is");
}

static void a_job_has_at_most_sixteen_headers(void **state)
{
    char line[512] = "PUT q b";
    size_t len = strlen(line);

    (void)state;
    for (int i = 0; i < 16; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, " HEADER n%d v", i);
    assert_int_equal(good_put(line)->header_count, 16);
    snprintf(line + len, sizeof line - len, " HEADER more v");
    bad_put(line, RQ_E_LIMIT, "more than 16 headers in one job");
}

static void a_put_may_be_unique(void **state)
{
    struct rq_put put = *good_put("PUT q b UNIQUE daily:7 WINDOW 604800000 REPLACE");

    (void)state;
    assert_true(rq_slice_eq(put.unique, RQ_LIT("daily:7")));
    assert_int_equal(put.window_ms, 604800000);
    assert_true(put.replace);
    assert_false(good_put("PUT q b UNIQUE k")->replace);
    bad_put("PUT q b UNIQUE", RQ_E_BADARG, "UNIQUE needs a key of 1 to 255 bytes");
    bad_put("PUT q b UNIQUE ''", RQ_E_BADARG, "UNIQUE needs a key");
    bad_put("PUT q b WINDOW 5", RQ_E_BADARG, "WINDOW and REPLACE go with UNIQUE");
    bad_put("PUT q b REPLACE", RQ_E_BADARG, "WINDOW and REPLACE go with UNIQUE");
    bad_put("PUT q b UNIQUE k WINDOW 604800001", RQ_E_BADARG, "WINDOW must be 0 to");
    assert_complaint(
        rq_mput_parse(cmd("MPUT q UNIQUE k BODIES 1 a"), &(struct rq_put){0}, &why),
        RQ_E_BADARG, "UNIQUE is for one job: use PUT");
}

static void a_put_may_be_of_a_group(void **state)
{
    char line[300];

    (void)state;
    assert_true(
        rq_slice_eq(good_put("PUT q b GROUP customer:7")->group, RQ_LIT("customer:7")));
    assert_int_equal(good_put("PUT q b")->group.len, 0);
    assert_int_equal(
        rq_mput_parse(cmd("MPUT q GROUP g BODIES 1 a"), &(struct rq_put){0}, &why), 0);
    snprintf(line, sizeof line, "PUT q b GROUP %0255d", 0);
    assert_int_equal(good_put(line)->group.len, 255);
    snprintf(line, sizeof line, "PUT q b GROUP %0256d", 0);
    bad_put(line, RQ_E_BADARG, "GROUP needs a key of 1 to 255 bytes");
    bad_put("PUT q b GROUP ''", RQ_E_BADARG, "GROUP needs a key");
    bad_put("PUT q b GROUP", RQ_E_BADARG, "GROUP needs a key");
    bad_put("PUT q b GROUP a GROUP b", RQ_E_BADARG, "GROUP is given twice");
}

static void a_put_may_say_how_durable(void **state)
{
    (void)state;
    assert_int_equal(good_put("PUT q b")->durable, RQ_DURABLE_AS_HELD);
    assert_int_equal(good_put("PUT q b DURABLE memory")->durable, RQ_DURABLE_MEMORY);
    assert_int_equal(good_put("PUT q b durable REDIS")->durable, RQ_DURABLE_REDIS);
    assert_int_equal(good_put("PUT q b DURABLE everysec")->durable,
                     RQ_DURABLE_EVERYSEC);
    assert_int_equal(good_put("PUT q b DURABLE fsync")->durable, RQ_DURABLE_FSYNC);
    bad_put("PUT q b DURABLE", RQ_E_BADARG, "DURABLE needs memory");
    bad_put("PUT q b DURABLE disk", RQ_E_BADARG, "DURABLE must be memory, redis");
}

static void a_put_may_ask_for_1_to_16_copies(void **state)
{
    (void)state;
    assert_int_equal(good_put("PUT q b DURABLE redis")->copies, 0);
    assert_int_equal(good_put("PUT q b DURABLE replica:1")->copies, 1);
    assert_int_equal(good_put("PUT q b durable REPLICA:16")->copies, 16);
    assert_int_equal(good_put("PUT q b DURABLE replica:2")->durable, RQ_DURABLE_REDIS);
    bad_put(
        "PUT q b DURABLE replica:17", RQ_E_BADARG,
        "DURABLE must be memory, redis, everysec, fsync or replica:1 to replica:16, "
        "not 'replica:17'");
    bad_put("PUT q b DURABLE replica:0", RQ_E_BADARG, "DURABLE must be");
    bad_put("PUT q b DURABLE replica:", RQ_E_BADARG, "DURABLE must be");
    bad_put("PUT q b DURABLE replica", RQ_E_BADARG, "DURABLE must be");
    bad_put("PUT q b DURABLE replica:1:1", RQ_E_BADARG, "DURABLE must be");
    bad_put("PUT q b DURABLE replica:01", RQ_E_BADARG, "DURABLE must be");
    bad_put("PUT q b DURABLE redis:1", RQ_E_BADARG, "DURABLE must be");
}

static void the_body_may_look_like_an_option(void **state)
{
    struct rq_put put = *good_put("PUT q TTR TTR 1000");

    (void)state;
    assert_true(rq_slice_eq(put.bodies[0], RQ_LIT("TTR")));
    assert_int_equal(put.ttr_ms, 1000);
    assert_int_equal(good_put("PUT q ''")->bodies[0].len, 0);
}

static void every_range_of_put_includes_its_ends(void **state)
{
    (void)state;
    assert_int_equal(good_put("PUT q b PRI 255")->pri, 255);
    assert_int_equal(good_put("PUT q b TTR 1000")->ttr_ms, 1000);
    assert_int_equal(good_put("PUT q b TTR 86400000")->ttr_ms, 86400000);
    assert_int_equal(good_put("PUT q b TRIES 1")->tries, 1);
    assert_int_equal(good_put("PUT q b TRIES 65535")->tries, 65535);
    assert_int_equal(good_put("PUT q b JITTER 0")->jitter_pct, 0);
    assert_int_equal(good_put("PUT q b JITTER 100")->jitter_pct, 100);
    assert_int_equal(good_put("PUT q b DELAY 0")->delay_ms, 0);
    assert_int_equal(good_put("PUT q b DELAY 315360000000")->delay_ms,
                     INT64_C(315360000000));
    assert_int_equal(good_put("PUT q b AT 253402300799999")->at_unix_ms,
                     INT64_C(253402300799999));
}

static void one_past_every_range_of_put_is_refused(void **state)
{
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"PUT q b PRI 256", "PRI must be 0 to 255, not '256'"},
        {"PUT q b PRI -1", "PRI must be 0 to 255, not '-1'"},
        {"PUT q b TTR 999", "TTR must be 1000 to 86400000 ms, not '999'"},
        {"PUT q b TTR 86400001", "TTR must be 1000 to 86400000 ms, not '86400001'"},
        {"PUT q b TTR abc", "TTR must be 1000 to 86400000 ms, not 'abc'"},
        {"PUT q b TRIES 0", "TRIES must be 1 to 65535, not '0'"},
        {"PUT q b TRIES 65536", "TRIES must be 1 to 65535, not '65536'"},
        {"PUT q b JITTER 101", "JITTER must be 0 to 100, not '101'"},
        {"PUT q b JITTER 10%", "JITTER must be 0 to 100, not '10%'"},
        {"PUT q b DELAY -1", "DELAY must be 0 to 315360000000 ms, not '-1'"},
        {"PUT q b DELAY 315360000001", "DELAY must be 0 to 315360000000 ms, not"},
        {"PUT q b DELAY 99999999999999999999", "DELAY must be 0 to 315360000000 ms"},
        {"PUT q b AT 253402300800000", "AT must be 0 to 253402300799999 ms, not"},
        {"PUT q b AT -1", "AT must be 0 to 253402300799999 ms, not '-1'"},
        {"PUT q b PRI 1.5", "PRI must be 0 to 255, not '1.5'"},
        {"PUT q b PRI ''", "PRI must be 0 to 255, not ''"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bad_put(cases[i].line, RQ_E_BADARG, cases[i].text);
}

static void a_time_replaces_the_delay(void **state)
{
    struct rq_put put = *good_put("PUT q b AT 1790000000000");

    (void)state;
    assert_int_equal(put.delay_ms, -1);
    assert_int_equal(put.at_unix_ms, INT64_C(1790000000000));
    assert_int_equal(good_put("PUT q b AT 0")->delay_ms, -1);
}

static void delay_and_at_exclude_each_other(void **state)
{
    (void)state;
    bad_put("PUT q b DELAY 1 AT 2", RQ_E_BADARG, "DELAY and AT exclude each other");
    bad_put("PUT q b AT 2 DELAY 1", RQ_E_BADARG, "AT and DELAY exclude each other");
}

static void no_option_may_come_twice(void **state)
{
    (void)state;
    bad_put("PUT q b PRI 1 PRI 1", RQ_E_BADARG, "PRI is given twice");
    bad_put("PUT q b BACKOFF FIXED 1 backoff fixed 1", RQ_E_BADARG,
            "BACKOFF is given twice");
    bad_put("PUT q b jitter 1 TTR 1000 JITTER 2", RQ_E_BADARG, "JITTER is given twice");
}

static void options_of_later_versions_are_unknown(void **state)
{
    static const char *const later[] = {"SHARD 7", "REPLICAS 2"};

    (void)state;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        char line[64];

        rq_ignore(snprintf(line, sizeof line, "PUT q b %s", later[i]) < 0);
        bad_put(line, RQ_E_BADARG, "unknown option '");
    }
    bad_put("PUT q b PR 1", RQ_E_BADARG, "unknown option 'PR'");
    bad_put("PUT q b PRIO 1", RQ_E_BADARG, "unknown option 'PRIO'");
    bad_put("PUT q b ''", RQ_E_BADARG, "unknown option ''");
}

static void an_option_without_its_value_is_refused(void **state)
{
    (void)state;
    bad_put("PUT q b TTR", RQ_E_BADARG, "TTR needs a value, 1000 to 86400000 ms");
    bad_put("PUT q b PRI 1 TRIES", RQ_E_BADARG, "TRIES needs a value, 1 to 65535");
    bad_put("PUT q b BACKOFF", RQ_E_BADARG, "BACKOFF needs FIXED, LINEAR or EXP");
    bad_put("PUT q b BACKOFF EXP", RQ_E_BADARG,
            "BACKOFF base needs a value, 0 to 86400000 ms");
}

static void the_maximum_of_a_backoff_is_optional(void **state)
{
    struct rq_put put = *good_put("PUT q b BACKOFF FIXED 500 PRI 3");

    (void)state;
    assert_int_equal(put.backoff, RQ_BACKOFF_FIXED);
    assert_int_equal(put.backoff_base_ms, 500);
    assert_int_equal(put.backoff_max_ms, 3600000);
    assert_int_equal(put.pri, 3);
    /* A base above the default maximum raises it. */
    assert_int_equal(good_put("PUT q b BACKOFF EXP 3600001")->backoff_max_ms, 3600001);
    assert_int_equal(good_put("PUT q b BACKOFF EXP 86400000 86400000")->backoff_max_ms,
                     86400000);
    assert_int_equal(good_put("PUT q b BACKOFF EXP 0 0")->backoff_max_ms, 0);
}

static void a_bad_backoff_is_refused(void **state)
{
    (void)state;
    bad_put("PUT q b BACKOFF CUBIC 1", RQ_E_BADARG,
            "BACKOFF must be FIXED, LINEAR or EXP, not 'CUBIC'");
    bad_put("PUT q b BACKOFF EXP x", RQ_E_BADARG,
            "BACKOFF base must be 0 to 86400000 ms, not 'x'");
    bad_put("PUT q b BACKOFF EXP 86400001", RQ_E_BADARG, "BACKOFF base must be");
    bad_put("PUT q b BACKOFF EXP 5 4", RQ_E_BADARG,
            "BACKOFF max must be 5 to 86400000 ms, not '4'");
    bad_put("PUT q b BACKOFF EXP 5 86400001", RQ_E_BADARG, "BACKOFF max must be 5 to");
    bad_put("PUT q b BACKOFF EXP 5 -1", RQ_E_BADARG, "BACKOFF max must be 5 to");
}

static void a_queue_has_a_valid_name(void **state)
{
    char line[200];

    (void)state;
    bad_put("PUT 'a b' x", RQ_E_BADARG,
            "a queue's name is 1 to 128 of A-Z a-z 0-9 . _ -, not 'a b'");
    bad_put("PUT '' x", RQ_E_BADARG, "a queue's name is");
    bad_put("PUT a,b x", RQ_E_BADARG, "a queue's name is");
    rq_ignore(snprintf(line, sizeof line, "PUT %0128d x", 0) < 0);
    assert_int_equal(good_put(line)->queue.len, 128);
    rq_ignore(snprintf(line, sizeof line, "PUT %0129d x", 0) < 0);
    bad_put(line, RQ_E_BADARG, "a queue's name is");
}

static void too_few_words_are_told_by_the_usage(void **state)
{
    (void)state;
    bad_put("PUT q", RQ_E_MALFORMED, "wrong number of arguments; write PUT queue body");
    bad_put("PUT", RQ_E_MALFORMED, "wrong number of arguments; write PUT queue body");
}

/* The word is a peer's: it must not reach a terminal or a log as it is. */
static void a_complaint_is_printable_and_short(void **state)
{
    (void)state;
    bad_put("PUT q b \"\\x1b[31m\\n.\\xff\"", RQ_E_BADARG, "unknown option '?[31m?.?'");
    bad_put("PUT q b 123456789012345678901234567890123456789", RQ_E_BADARG,
            "unknown option '123456789012345678901234567890123456789'");
    bad_put("PUT q b 1234567890123456789012345678901234567890", RQ_E_BADARG,
            "unknown option '123456789012345678901234567890123456...'");
}

static void an_mput_has_many_bodies(void **state)
{
    struct rq_put put;

    (void)state;
    assert_int_equal(
        rq_mput_parse(cmd("MPUT q PRI 7 TTR 2000 bodies 3 a BODIES c"), &put, &why), 0);
    assert_int_equal(put.pri, 7);
    assert_int_equal(put.ttr_ms, 2000);
    assert_int_equal(put.body_count, 3);
    assert_true(rq_slice_eq(put.bodies[1], RQ_LIT("BODIES")));
    assert_true(rq_slice_eq(put.bodies[2], RQ_LIT("c")));
    assert_int_equal(rq_mput_parse(cmd("MPUT q BODIES 1 a"), &put, &why), 0);
    assert_int_equal(put.body_count, 1);
    assert_int_equal(put.pri, 128);
}

static void bad_mput(const char *line, int code, const char *text)
{
    struct rq_put put;

    assert_complaint(rq_mput_parse(cmd(line), &put, &why), code, text);
}

static void an_mput_counts_its_bodies(void **state)
{
    (void)state;
    bad_mput("MPUT q BODIES 3 a b", RQ_E_MALFORMED, "BODIES says 3 and 2 follow");
    bad_mput("MPUT q BODIES 1 a b", RQ_E_MALFORMED, "BODIES says 1 and 2 follow");
    bad_mput("MPUT q PRI 1 BODIES 1", RQ_E_MALFORMED, "BODIES says 1 and 0 follow");
    bad_mput("MPUT q PRI 1 TTR 1000", RQ_E_MALFORMED, "MPUT ends with BODIES n body");
    bad_mput("MPUT q PRI 1 BODIES", RQ_E_BADARG, "BODIES needs a value");
    bad_mput("MPUT q BODIES 0 a", RQ_E_BADARG, "BODIES must be 1 to 1048576, not '0'");
    bad_mput("MPUT q BODIES 1048577 a", RQ_E_BADARG, "BODIES must be 1 to 1048576");
    bad_mput("MPUT q b c d", RQ_E_BADARG, "unknown option 'b'");
    bad_mput("MPUT q BODIES 1", RQ_E_MALFORMED, "wrong number of arguments");
    bad_mput("MPUT q! BODIES 1 a", RQ_E_BADARG, "a queue's name is");
    bad_mput("MPUT q PRI 1 PRI 2 BODIES 1 a", RQ_E_BADARG, "PRI is given twice");
}

static struct rq_get get;

static void bad_get(const char *line, int code, const char *text)
{
    assert_complaint(rq_get_parse(cmd(line), &get, &why), code, text);
}

static void a_get_without_options_waits_for_one_job(void **state)
{
    (void)state;
    memset(&get, 0xff, sizeof get);
    assert_int_equal(rq_get_parse(cmd("GET q"), &get, &why), 0);
    assert_int_equal(get.queue_count, 1);
    assert_true(rq_slice_eq(get.queues[0], RQ_LIT("q")));
    assert_int_equal(get.block_ms, -1);
    assert_false(get.has_count);
    assert_int_equal(get.count, 1);
    assert_int_equal(get.ttr_ms, 0);
}

static void options_of_get_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        rq_get_parse(cmd("get critical,default,low count 1 ttr 1000 block 0"), &get,
                     &why),
        0);
    assert_int_equal(get.queue_count, 3);
    assert_true(rq_slice_eq(get.queues[0], RQ_LIT("critical")));
    assert_true(rq_slice_eq(get.queues[2], RQ_LIT("low")));
    assert_int_equal(get.block_ms, 0);
    assert_true(get.has_count);
    assert_int_equal(get.count, 1);
    assert_int_equal(get.ttr_ms, 1000);
    assert_int_equal(
        rq_get_parse(cmd("GET q COUNT 1024 BLOCK 315360000000"), &get, &why), 0);
    assert_int_equal(get.count, 1024);
    assert_int_equal(get.block_ms, INT64_C(315360000000));
}

static void bad_options_of_get_are_refused(void **state)
{
    (void)state;
    bad_get("GET", RQ_E_MALFORMED, "wrong number of arguments; write GET queue[,queue");
    bad_get("GET q COUNT 0", RQ_E_BADARG, "COUNT must be 1 to 1024, not '0'");
    bad_get("GET q COUNT 1025", RQ_E_BADARG, "COUNT must be 1 to 1024, not '1025'");
    bad_get("GET q BLOCK -1", RQ_E_BADARG, "BLOCK must be 0 to 315360000000 ms");
    bad_get("GET q BLOCK 315360000001", RQ_E_BADARG, "BLOCK must be 0 to 315360000000");
    bad_get("GET q TTR 999", RQ_E_BADARG, "TTR must be 1000 to 86400000 ms, not '999'");
    bad_get("GET q TTR 86400001", RQ_E_BADARG, "TTR must be 1000 to 86400000 ms");
    bad_get("GET q r", RQ_E_BADARG, "unknown option 'r'");
    bad_get("GET q COUNT 2 COUNT 2", RQ_E_BADARG, "COUNT is given twice");
    bad_get("GET q BLOCK", RQ_E_BADARG, "BLOCK needs a value");
}

static void queues_may_have_weights(void **state)
{
    (void)state;
    assert_int_equal(rq_get_parse(cmd("GET critical:1000,low:1 COUNT 2"), &get, &why),
                     0);
    assert_true(get.has_weights && get.queue_count == 2 && get.count == 2);
    assert_true(rq_slice_eq(get.queues[0], RQ_LIT("critical")));
    assert_int_equal(get.weights[0], 1000);
    assert_int_equal(get.weights[1], 1);
    assert_int_equal(rq_get_parse(cmd("GET a,b"), &get, &why), 0);
    assert_false(get.has_weights);
}

static void bad_lists_of_queues_are_refused(void **state)
{
    (void)state;
    bad_get("GET a,b,a", RQ_E_BADARG, "queue 'a' is named twice");
    bad_get("GET ''", RQ_E_BADARG, "a queue's name is");
    bad_get("GET ,", RQ_E_BADARG, "a queue's name is");
    bad_get("GET a,", RQ_E_BADARG, "a queue's name is");
    bad_get("GET ,a", RQ_E_BADARG, "a queue's name is");
    bad_get("GET 'a, b'", RQ_E_BADARG, "a queue's name is");
    bad_get("GET a,b:1", RQ_E_BADARG, "give all queues a weight, or none");
    bad_get("GET a:1,b", RQ_E_BADARG, "give all queues a weight, or none");
    bad_get("GET a:0", RQ_E_BADARG,
            "a weight is 1 to 1000, as in critical:5, not 'a:0'");
    bad_get("GET a:1001", RQ_E_BADARG, "a weight is 1 to 1000");
    bad_get("GET a:", RQ_E_BADARG, "a weight is 1 to 1000");
    bad_get("GET :1", RQ_E_BADARG, "a queue's name is");
    bad_get("GET a:1,a:2", RQ_E_BADARG, "queue 'a' is named twice");
}

static void a_list_has_at_most_64_queues(void **state)
{
    char line[1000] = "GET q0";
    size_t len = strlen(line);

    (void)state;
    for (int i = 1; i < 64; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, ",q%d", i);
    assert_int_equal(rq_get_parse(cmd(line), &get, &why), 0);
    assert_int_equal(get.queue_count, 64);
    rq_ignore(snprintf(line + len, sizeof line - len, ",q64") < 0);
    bad_get(line, RQ_E_LIMIT, "more than 64 queues in one command");
}

static struct rq_leases leases;

static void a_done_takes_leases(void **state)
{
    (void)state;
    assert_int_equal(rq_done_parse(cmd("DONE 7-1042:3 7-1043:1"), &leases, &why), 0);
    assert_int_equal(leases.count, 2);
    assert_true(rq_slice_eq(leases.words[1], RQ_LIT("7-1043:1")));
    assert_false(leases.has_result);
    assert_false(leases.all);
}

static void a_result_goes_with_one_lease(void **state)
{
    (void)state;
    assert_int_equal(rq_done_parse(cmd("DONE 7-1:3 result 'a b'"), &leases, &why), 0);
    assert_true(leases.has_result);
    assert_true(rq_slice_eq(leases.result, RQ_LIT("a b")));
    /* Even one that looks like a lease, or is empty. */
    assert_int_equal(rq_done_parse(cmd("DONE 7-1:3 RESULT 7-2:1"), &leases, &why), 0);
    assert_int_equal(leases.count, 1);
    assert_int_equal(rq_done_parse(cmd("DONE 7-1:3 RESULT ''"), &leases, &why), 0);
    assert_true(leases.has_result);
    assert_int_equal(leases.result.len, 0);

    assert_complaint(rq_done_parse(cmd("DONE 7-1:3 7-2:1 RESULT x"), &leases, &why),
                     RQ_E_BADARG, "RESULT goes with one lease, not with 2");
    assert_complaint(rq_done_parse(cmd("DONE 7-1:3 RESULT"), &leases, &why),
                     RQ_E_BADARG, "RESULT needs a value");
    assert_complaint(rq_done_parse(cmd("DONE 7-1:3 RESULT a RESULT b"), &leases, &why),
                     RQ_E_BADARG, "RESULT is given twice");
}

static void a_word_that_is_no_lease_is_refused(void **state)
{
    (void)state;
    assert_complaint(rq_done_parse(cmd("DONE 7-1042"), &leases, &why), RQ_E_BADARG,
                     "a lease looks like 7-1042:3, not like '7-1042'");
    assert_complaint(rq_done_parse(cmd("DONE 7-1:1 7-2"), &leases, &why), RQ_E_BADARG,
                     "unknown option '7-2'");
    assert_complaint(rq_done_parse(cmd("DONE RESULT x"), &leases, &why), RQ_E_BADARG,
                     "a lease looks like 7-1042:3, not like 'RESULT'");
    assert_complaint(rq_done_parse(cmd("DONE 7-1:1 TTR 1000"), &leases, &why),
                     RQ_E_BADARG, "unknown option 'TTR'");
    assert_complaint(rq_done_parse(cmd("DONE ALL"), &leases, &why), RQ_E_BADARG,
                     "a lease looks like");
    assert_complaint(rq_done_parse(cmd("DONE"), &leases, &why), RQ_E_MALFORMED,
                     "wrong number of arguments; write DONE lease");
}

static void a_command_has_at_most_1024_leases(void **state)
{
    static char line[16384] = "DONE";
    size_t len = strlen(line);

    (void)state;
    for (int i = 0; i < 1024; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, " 7-%d:1", i + 1);
    assert_int_equal(rq_done_parse(cmd(line), &leases, &why), 0);
    assert_int_equal(leases.count, 1024);
    assert_int_equal(rq_touch_parse(cmd(line), &leases, &why), 0);
    rq_ignore(snprintf(line + len, sizeof line - len, " 7-1025:1") < 0);
    assert_complaint(rq_done_parse(cmd(line), &leases, &why), RQ_E_LIMIT,
                     "more than 1024 leases in one command");
    assert_complaint(rq_touch_parse(cmd(line), &leases, &why), RQ_E_LIMIT,
                     "more than 1024 leases in one command");
}

static void a_touch_takes_leases_or_all(void **state)
{
    (void)state;
    assert_int_equal(rq_touch_parse(cmd("TOUCH 7-1:1 7-2:1 TTR 1000"), &leases, &why),
                     0);
    assert_false(leases.all);
    assert_int_equal(leases.count, 2);
    assert_int_equal(leases.ttr_ms, 1000);
    assert_int_equal(rq_touch_parse(cmd("TOUCH all"), &leases, &why), 0);
    assert_true(leases.all);
    assert_int_equal(leases.count, 0);
    assert_int_equal(leases.ttr_ms, 0);
    assert_int_equal(rq_touch_parse(cmd("TOUCH ALL TTR 86400000"), &leases, &why), 0);
    assert_int_equal(leases.ttr_ms, 86400000);

    assert_complaint(rq_touch_parse(cmd("TOUCH ALL 7-1:1"), &leases, &why), RQ_E_BADARG,
                     "unknown option '7-1:1'");
    assert_complaint(rq_touch_parse(cmd("TOUCH 7-1:1 ALL"), &leases, &why), RQ_E_BADARG,
                     "unknown option 'ALL'");
    assert_complaint(rq_touch_parse(cmd("TOUCH 7-1:1 TTR 999"), &leases, &why),
                     RQ_E_BADARG, "TTR must be 1000 to 86400000 ms, not '999'");
    assert_complaint(rq_touch_parse(cmd("TOUCH"), &leases, &why), RQ_E_MALFORMED,
                     "wrong number of arguments; write TOUCH");
}

static void a_touch_says_how_far_the_work_is(void **state)
{
    (void)state;
    assert_int_equal(rq_touch_parse(cmd("TOUCH 7-1:1"), &leases, &why), 0);
    assert_int_equal(leases.progress, -1);
    assert_int_equal(rq_touch_parse(cmd("TOUCH 7-1:1 PROGRESS 0"), &leases, &why), 0);
    assert_int_equal(leases.progress, 0);
    assert_int_equal(leases.note.len, 0);
    assert_int_equal(
        rq_touch_parse(cmd("TOUCH 7-1:1 7-2:1 note half progress 100"), &leases, &why),
        0);
    assert_int_equal(leases.progress, 100);
    assert_int_equal(leases.note.len, 4);
    for (unsigned len = RQ_NOTE_MAX; len <= RQ_NOTE_MAX + 1; len++) { /* cut */
        char text[RQ_NOTE_MAX + 50];

        (void)snprintf(text, sizeof text, "TOUCH 7-1:1 PROGRESS 1 NOTE %0*d", (int)len,
                       1);
        assert_int_equal(rq_touch_parse(cmd(text), &leases, &why), 0);
        assert_int_equal(leases.note.len, RQ_NOTE_MAX);
    }

    assert_complaint(rq_touch_parse(cmd("TOUCH 7-1:1 PROGRESS 101"), &leases, &why),
                     RQ_E_BADARG, "PROGRESS must be 0 to 100, not '101'");
    assert_complaint(rq_touch_parse(cmd("TOUCH 7-1:1 NOTE half"), &leases, &why),
                     RQ_E_BADARG, "NOTE goes with PROGRESS 0..100");
    assert_complaint(rq_touch_parse(cmd("TOUCH ALL PROGRESS 5"), &leases, &why),
                     RQ_E_BADARG, "PROGRESS is of one job, or some: name their leases");
}

static struct rq_fail failure;

static void a_fail_reads_its_options(void **state)
{
    (void)state;
    assert_int_equal(rq_fail_parse(cmd("FAIL 7-1042:3"), &failure, &why), 0);
    assert_int_equal(failure.lease.epoch, 7);
    assert_int_equal(failure.lease.number, 1042);
    assert_int_equal(failure.lease.n, 3);
    assert_int_equal(failure.error.len, 0);
    assert_int_equal(failure.delay_ms, -1);
    assert_false(failure.dead);

    assert_int_equal(
        rq_fail_parse(cmd("FAIL 7-1:1 delay 0 error 'no disk'"), &failure, &why), 0);
    assert_true(rq_slice_eq(failure.error, RQ_LIT("no disk")));
    assert_int_equal(failure.delay_ms, 0);
    assert_int_equal(rq_fail_parse(cmd("FAIL 7-1:1 DEAD"), &failure, &why), 0);
    assert_true(failure.dead);
    assert_int_equal(failure.delay_ms, -1);
}

static void a_bad_fail_is_refused(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *text;
    } cases[] = {
        {"FAIL", RQ_E_MALFORMED, "wrong number of arguments; write FAIL lease"},
        {"FAIL 7-1", RQ_E_BADARG, "a lease looks like 7-1042:3, not like '7-1'"},
        {"FAIL 7-1:1 7-2:1", RQ_E_BADARG, "unknown option '7-2:1'"},
        {"FAIL 7-1:1 DELAY 5 DEAD", RQ_E_BADARG, "DELAY and DEAD exclude each other"},
        {"FAIL 7-1:1 DEAD DELAY 5", RQ_E_BADARG, "DEAD and DELAY exclude each other"},
        {"FAIL 7-1:1 DELAY -1", RQ_E_BADARG, "DELAY must be 0 to 315360000000 ms"},
        {"FAIL 7-1:1 DEAD DEAD", RQ_E_BADARG, "DEAD is given twice"},
        {"FAIL 7-1:1 ERROR", RQ_E_BADARG, "ERROR needs a value"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_complaint(rq_fail_parse(cmd(cases[i].line), &failure, &why),
                         cases[i].code, cases[i].text);
}

static void a_long_error_is_cut(void **state)
{
    static char line[8192];

    (void)state;
    rq_ignore(snprintf(line, sizeof line, "FAIL 7-1:1 ERROR %04096d", 0) < 0);
    assert_int_equal(rq_fail_parse(cmd(line), &failure, &why), 0);
    assert_int_equal(failure.error.len, 4096);
    rq_ignore(snprintf(line, sizeof line, "FAIL 7-1:1 ERROR %04097d DEAD", 0) < 0);
    assert_int_equal(rq_fail_parse(cmd(line), &failure, &why), 0);
    assert_int_equal(failure.error.len, 4096);
    assert_true(failure.dead);
}

static void a_release_has_a_lease_and_a_delay(void **state)
{
    struct rq_release release;

    (void)state;
    assert_int_equal(rq_release_parse(cmd("RELEASE 7-1:2"), &release, &why), 0);
    assert_int_equal(release.lease.n, 2);
    assert_int_equal(release.delay_ms, 0);
    assert_int_equal(rq_release_parse(cmd("RELEASE 7-1:2 DELAY 5"), &release, &why), 0);
    assert_int_equal(release.delay_ms, 5);
    assert_complaint(rq_release_parse(cmd("RELEASE x"), &release, &why), RQ_E_BADARG,
                     "a lease looks like");
    assert_complaint(rq_release_parse(cmd("RELEASE 7-1:2 5"), &release, &why),
                     RQ_E_BADARG, "unknown option '5'");
    assert_complaint(rq_release_parse(cmd("RELEASE"), &release, &why), RQ_E_MALFORMED,
                     "wrong number of arguments");
}

static void a_join_has_queues_and_options(void **state)
{
    static struct rq_join join;

    (void)state;
    memset(&join, 0xff, sizeof join);
    assert_int_equal(rq_join_parse(cmd("JOIN a,b"), &join, &why), 0);
    assert_int_equal(join.queue_count, 2);
    assert_int_equal(join.block_ms, -1);
    assert_false(join.strict);
    assert_int_equal(rq_join_parse(cmd("JOIN a strict block 7"), &join, &why), 0);
    assert_int_equal(join.block_ms, 7);
    assert_true(join.strict);
    assert_false(join.barrier);
    assert_int_equal(rq_join_parse(cmd("JOIN a barrier"), &join, &why), 0);
    assert_true(join.barrier && !join.strict);
    assert_complaint(rq_join_parse(cmd("JOIN a:1"), &join, &why), RQ_E_BADARG,
                     "a queue's name is");
    assert_complaint(rq_join_parse(cmd("JOIN a STRICT STRICT"), &join, &why),
                     RQ_E_BADARG, "STRICT is given twice");
    assert_complaint(rq_join_parse(cmd("JOIN a,a"), &join, &why), RQ_E_BADARG,
                     "queue 'a' is named twice");
    assert_complaint(rq_join_parse(cmd("JOIN"), &join, &why), RQ_E_MALFORMED,
                     "wrong number of arguments");
}

TEST_MAIN(
    PARSE(a_put_without_options_has_the_defaults),
    PARSE(options_of_put_come_in_any_order_and_case),
    PARSE(a_put_may_have_many_headers), PARSE(a_header_has_its_limits),
    PARSE(a_job_has_at_most_sixteen_headers), PARSE(a_put_may_be_unique),
    PARSE(a_put_may_be_of_a_group), PARSE(a_put_may_say_how_durable),
    PARSE(a_put_may_ask_for_1_to_16_copies), PARSE(the_body_may_look_like_an_option),
    PARSE(every_range_of_put_includes_its_ends),
    PARSE(one_past_every_range_of_put_is_refused), PARSE(a_time_replaces_the_delay),
    PARSE(delay_and_at_exclude_each_other), PARSE(no_option_may_come_twice),
    PARSE(options_of_later_versions_are_unknown),
    PARSE(an_option_without_its_value_is_refused),
    PARSE(the_maximum_of_a_backoff_is_optional), PARSE(a_bad_backoff_is_refused),
    PARSE(a_queue_has_a_valid_name), PARSE(too_few_words_are_told_by_the_usage),
    PARSE(a_complaint_is_printable_and_short), PARSE(an_mput_has_many_bodies),
    PARSE(an_mput_counts_its_bodies), PARSE(a_get_without_options_waits_for_one_job),
    PARSE(options_of_get_are_read), PARSE(bad_options_of_get_are_refused),
    PARSE(queues_may_have_weights), PARSE(bad_lists_of_queues_are_refused),
    PARSE(a_list_has_at_most_64_queues), PARSE(a_done_takes_leases),
    PARSE(a_result_goes_with_one_lease), PARSE(a_word_that_is_no_lease_is_refused),
    PARSE(a_command_has_at_most_1024_leases), PARSE(a_touch_takes_leases_or_all),
    PARSE(a_touch_says_how_far_the_work_is), PARSE(a_fail_reads_its_options),
    PARSE(a_bad_fail_is_refused), PARSE(a_long_error_is_cut),
    PARSE(a_release_has_a_lease_and_a_delay), PARSE(a_join_has_queues_and_options))
