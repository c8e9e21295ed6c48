/* encode_test - records <-> bytes, and what hostile bytes come to.
 * SPDX-License-Identifier: MIT */
#include "store/encode.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "support/test.h"
#include "unit/store/records.h"

/* A commit of the first `count` samples. */
static struct rq_buf encode_samples(int count)
{
    struct rq_buf plain;
    static struct kinds kinds;

    rq_buf_init(&plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    for (int i = 0; i < count; i++) {
        struct record r = record_sample(i);

        assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    }
    return plain;
}

static void every_record_reads_back_as_written(void **state)
{
    struct rq_buf plain = encode_samples(RECORD_SAMPLES);
    static struct decoder d;
    struct record got;

    (void)state;
    assert_int_equal(encode_count(&plain), RECORD_SAMPLES);
    assert_int_equal(decode_begin(&d, rq_buf_slice(&plain)), 0);
    for (int i = 0; i < RECORD_SAMPLES; i++) {
        struct record want = record_sample(i);

        assert_int_equal(decode_next(&d, &got), 1);
        assert_true(record_equal(&got, &want));
    }
    assert_int_equal(decode_next(&d, &got), 0);
    rq_buf_fini(&plain);
}

/* The bytes of the format, once and for all: a change here needs a new version. */
static void the_bytes_are_those_of_version_1(void **state)
{
    static const uint8_t want[] = {1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0,
                                   0, 0, 0, 0, 0, 4, 4, 0, 2, 1, 0};
    struct rq_buf plain;
    static struct kinds kinds;
    struct record r = record_done(7, 2);

    (void)state;
    rq_buf_init(&plain, 1000);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_int_equal(plain.len, sizeof want);
    assert_memory_equal(rq_buf_slice(&plain).ptr, want, sizeof want);
    rq_buf_fini(&plain);
}

static void small_records_are_small(void **state)
{
    struct rq_buf plain;
    static struct kinds kinds;
    struct record done = record_done(7, 1000), lease = record_lease(7, 1000);
    struct record put = record_put(7, 1000, "");

    (void)state;
    rq_buf_init(&plain, 1000);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    assert_int_equal(encode_record(&plain, &kinds, &done), 0);
    assert_int_equal(plain.len - ENCODE_HEADER, 7);
    assert_int_equal(encode_record(&plain, &kinds, &lease), 0);
    assert_int_equal(plain.len - ENCODE_HEADER, 13);
    assert_int_equal(encode_record(&plain, &kinds, &put), 0);
    assert_true(plain.len - ENCODE_HEADER - 13 <= 32);
    rq_buf_fini(&plain);
}

/* Types of their own: whoever does not know that bodies can stand apart must not take
 * such a job for one with an empty body. */
static void a_body_apart_is_a_length_and_a_name_under_a_type_of_its_own(void **state)
{
    static const uint8_t name[] = {0xe8, 7, 3, 0xac, 2}; /* 1000, 3, 300 */
    struct record r = {.type = RECORD_PUT,
                       .job = {7, 1},
                       .queue = RQ_LIT("q"),
                       .policy = {.tries = 1, .backoff = JOB_BACKOFF_LINEAR},
                       .apart = {3, 300, 1000}};
    struct rq_buf plain;
    static struct kinds kinds;

    (void)state;
    rq_buf_init(&plain, 1000);
    assert_int_equal(encode_begin(&plain, &kinds, r.job), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    struct rq_slice bytes = rq_buf_slice(&plain);
    size_t payload = bytes.len - ENCODE_HEADER - 2;
    assert_int_equal(bytes.ptr[ENCODE_HEADER], 10);
    assert_int_equal(bytes.ptr[ENCODE_HEADER + 1], payload);
    assert_memory_equal(bytes.ptr + bytes.len - sizeof name, name, sizeof name);
    size_t before = bytes.len;
    r.type = RECORD_MOVE;
    r.state = RECORD_READY;
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_int_equal(rq_buf_slice(&plain).ptr[before], 11);
    rq_buf_fini(&plain);
}

static int decode_all(struct rq_slice bytes)
{
    static struct decoder d;
    struct record r;

    int rc = decode_begin(&d, bytes);
    if (rc < 0)
        return rc;
    while ((rc = decode_next(&d, &r)) == 1)
        ;
    return rc;
}

static void every_cut_commit_is_refused(void **state)
{
    struct rq_buf plain = encode_samples(RECORD_SAMPLES);
    struct rq_slice all = rq_buf_slice(&plain);

    (void)state;
    for (size_t cut = 0; cut < all.len; cut++) {
        uint8_t *part = malloc(cut > 0 ? cut : 1);

        assert_non_null(part);
        memcpy(part, all.ptr, cut);
        assert_int_equal(decode_all(rq_slice(part, cut)), RQ_E_MALFORMED);
        free(part);
    }
    rq_buf_fini(&plain);
}

static void a_byte_too_many_is_refused(void **state)
{
    struct rq_buf plain = encode_samples(2);

    (void)state;
    assert_int_equal(rq_buf_append_byte(&plain, 0), 0);
    assert_int_equal(decode_all(rq_buf_slice(&plain)), RQ_E_MALFORMED);
    rq_buf_fini(&plain);
}

static void an_unknown_type_is_never_skipped(void **state)
{
    static const uint8_t types[] = {0, 15, 16, 255};

    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        uint8_t bytes[] = {1, 0, 0, 0, 7, 0, 0,        0, 1, 0,
                           0, 0, 0, 0, 0, 0, types[i], 2, 0, 0};

        assert_int_equal(decode_all(rq_slice(bytes, sizeof bytes)), -ENOTSUP);
    }
}

/* One record around `payload`, for a base of 7-1. */
static int decode_one(enum record_type type, const uint8_t *payload, size_t len,
                      struct record *out)
{
    uint8_t bytes[ENCODE_HEADER + 2 + 64] = {1, 0, 0, 0, 7, 0, 0, 0, 1};
    static struct decoder d;

    assert_true(len <= 64);
    bytes[ENCODE_HEADER] = (uint8_t)type;
    bytes[ENCODE_HEADER + 1] = (uint8_t)len;
    memcpy(bytes + ENCODE_HEADER + 2, payload, len);
    assert_int_equal(decode_begin(&d, rq_slice(bytes, ENCODE_HEADER + 2 + len)), 0);
    return decode_next(&d, out);
}

#define DECODE(type, r, ...)                           \
    decode_one((type), (const uint8_t[]){__VA_ARGS__}, \
               sizeof((const uint8_t[]){__VA_ARGS__}), (r))

static void a_lease_may_be_kept(void **state)
{
    struct record r;

    (void)state;
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5), 1);
    assert_true(r.attempts == 5 && r.hold.n == 0); /* of a log without KEEPLEASES */
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 1, 2, 1, 'w'), 1);
    assert_true(r.hold.n == 1 && r.hold.ttr_ms == 2 && r.hold.worker.len == 1);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 0, 2, 1, 'w'), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 1, 0, 1, 'w'), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 1, 2, 1, '/'), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 1, 2), RQ_E_MALFORMED);
}

static void totals_may_lack_the_last(void **state)
{
    struct record r;

    (void)state;
    assert_int_equal(DECODE(RECORD_TOTALS, &r, 1, 'q', 1, 2, 3, 4, 5, 6, 7, 8, 9), 1);
    assert_int_equal(r.totals.requeued, 0); /* a log from before REQUEUE */
    assert_int_equal(DECODE(RECORD_TOTALS, &r, 1, 'q', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
                     1);
    assert_int_equal(r.totals.requeued, 10);
}

static void fields_out_of_range_are_refused(void **state)
{
    struct record r;

    (void)state;
    assert_int_equal(DECODE(RECORD_LEASE, &r, 13, 0, 5), RQ_E_MALFORMED); /* epoch 0 */
    assert_int_equal(DECODE(RECORD_LEASE, &r, 15, 0, 5), RQ_E_MALFORMED); /* epoch -1 */
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 1, 5), RQ_E_MALFORMED);  /* number 0 */
    assert_int_equal(DECODE(RECORD_DONE, &r, 0, 0, 3, 0), 1);
    assert_int_equal(DECODE(RECORD_DONE, &r, 0, 0, 0, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_DONE, &r, 0, 0, 4, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_DONE, &r, 0, 0, 1, 0, 2, 1, 'q', 1, 0, 1, 'k', 2),
                     1);
    assert_int_equal(DECODE(RECORD_DONE, &r, 0, 0, 1, 0, 2, 1, 'q', 1, 0, 0, 2),
                     RQ_E_MALFORMED); /* a window without a key */
    assert_int_equal(DECODE(RECORD_STATE, &r, 0, 0, 3, 1, 0, 0), 1);
    assert_int_equal(DECODE(RECORD_STATE, &r, 0, 0, 4, 1, 0, 0), 1);
    assert_int_equal(DECODE(RECORD_STATE, &r, 0, 0, 5, 1, 0, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_TOTALS, &r, 1, '/', 1, 2, 3, 4, 5, 6, 7, 8, 9),
                     RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_TOTALS, &r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
                     RQ_E_MALFORMED);
}

static void numbers_have_one_spelling(void **state)
{
    struct record r;

    (void)state;
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 0x85, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f), 1);
    assert_int_equal(r.attempts, UINT32_MAX);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x1f),
                     RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 2, 5),
                     RQ_E_MALFORMED);
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                            0x80, 0x80, 0x80, 0x80, 1, 5),
                     RQ_E_MALFORMED);
}

/* A later version may add fields at the end that an older one need not know. */
static void what_stands_behind_the_known_fields_is_ignored(void **state)
{
    struct record r;

    (void)state;
    assert_int_equal(DECODE(RECORD_LEASE, &r, 0, 0, 5, 1, 2, 1, 'w', 3), 1);
    assert_int_equal(r.attempts, 5);
}

static void a_record_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
    struct rq_buf plain;
    static struct kinds kinds;
    uint8_t *body = calloc(1, ENCODE_RECORD_MAX);
    struct record r = record_put(7, 1, "");

    (void)state;
    assert_non_null(body);
    rq_buf_init(&plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&plain, &kinds, r.job), 0);
    r.body = rq_slice(body, ENCODE_RECORD_MAX - r.queue.len + 1);
    assert_int_equal(encode_record(&plain, &kinds, &r), -EMSGSIZE);
    assert_int_equal(encode_count(&plain), 0);
    assert_int_equal(plain.len, ENCODE_HEADER);
    r.body.len--;
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_true(plain.len - ENCODE_HEADER <= encode_bound(&r));
    rq_buf_fini(&plain);
    free(body);
}

/* It is full when the next record might not go in, however short it turns out. */
static void a_full_commit_takes_nothing_more(void **state)
{
    struct rq_buf plain;
    static struct kinds kinds;
    struct record r = record_done(7, 1);

    (void)state;
    rq_buf_init(&plain, ENCODE_HEADER + 6 + encode_bound(&r));
    assert_int_equal(encode_begin(&plain, &kinds, r.job), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), -EMSGSIZE);
    assert_int_equal(encode_count(&plain), 2);
    assert_int_equal(plain.len, ENCODE_HEADER + 12);
    rq_buf_fini(&plain);
}

/* Whatever length was foreseen: bodies around the places where it gets a byte wider. */
static void lengths_are_right_where_their_own_width_changes(void **state)
{
    static const size_t edges[] = {1 << 7, 1 << 14};
    static char body[(1 << 14) + 10];

    (void)state;
    memset(body, 'b', sizeof body);
    for (size_t i = 0; i < 2; i++)
        for (size_t len = edges[i] - 60; len < edges[i] + 10; len++) {
            struct rq_buf plain;
            static struct kinds kinds;
            static struct decoder d;
            struct record r = record_put(7, 1, ""), got;

            rq_buf_init(&plain, ENCODE_COMMIT_MAX);
            assert_int_equal(encode_begin(&plain, &kinds, r.job), 0);
            r.body = rq_slice(body, len);
            for (int k = 0; k < 3; k++)
                assert_int_equal(encode_record(&plain, &kinds, &r), 0);
            assert_int_equal(decode_begin(&d, rq_buf_slice(&plain)), 0);
            for (int k = 0; k < 3; k++) {
                assert_int_equal(decode_next(&d, &got), 1);
                assert_true(record_equal(&got, &r));
            }
            assert_int_equal(decode_next(&d, &got), 0);
            rq_buf_fini(&plain);
        }
}

static void a_struck_put_is_gone_after_the_sweep(void **state)
{
    struct rq_buf plain = encode_samples(RECORD_SAMPLES);
    static struct kinds kinds;
    struct record first = record_sample(0), r;
    static struct decoder d;
    size_t scan = 0;

    (void)state;
    assert_true(encode_strike_put(&plain, &scan, first.job));
    assert_false(encode_strike_put(&plain, &scan, first.job));
    assert_false(encode_strike_put(&plain, &scan, (struct job_id){7, 2})); /* a DONE */
    assert_int_equal(encode_count(&plain), RECORD_SAMPLES - 1);
    encode_sweep(&plain, &kinds);
    assert_int_equal(decode_begin(&d, rq_buf_slice(&plain)), 0);
    for (int i = 1; i < RECORD_SAMPLES; i++) {
        struct record want = record_sample(i);

        assert_int_equal(decode_next(&d, &r), 1);
        assert_true(record_equal(&r, &want));
    }
    assert_int_equal(decode_next(&d, &r), 0);
    rq_buf_fini(&plain);
}

static void strikes_find_their_record_in_any_order(void **state)
{
    static const uint64_t order[] = {3, 1, 5, 2, 4};
    struct rq_buf plain;
    static struct kinds kinds;
    size_t scan = 0;

    (void)state;
    rq_buf_init(&plain, 10000);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    for (uint64_t i = 1; i <= 5; i++) {
        struct record r = record_put(7, i, "x");

        assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    }
    for (size_t i = 0; i < 5; i++)
        assert_true(encode_strike_put(&plain, &scan, (struct job_id){7, order[i]}));
    assert_int_equal(encode_count(&plain), 0);
    encode_sweep(&plain, &kinds);
    assert_int_equal(plain.len, ENCODE_HEADER);
    rq_buf_fini(&plain);
}

static void sum_up(void *arg, struct job_id job)
{
    *(uint64_t *)arg += job.number;
}

static void all_puts_can_be_struck_and_nothing_else(void **state)
{
    struct rq_buf plain = encode_samples(RECORD_SAMPLES);
    static struct kinds kinds;
    static struct decoder d;
    struct record r;
    uint64_t sum = 0;
    int left = 0;

    (void)state;
    assert_int_equal(encode_strike_puts(&plain, sum_up, &sum), 6);
    assert_true(sum == 28); /* 1, 2^64 - 1, 3, 6, 9 and 10 */
    encode_sweep(&plain, &kinds);
    assert_int_equal(decode_begin(&d, rq_buf_slice(&plain)), 0);
    while (decode_next(&d, &r) == 1) {
        assert_int_not_equal(r.type, RECORD_PUT);
        left++;
    }
    assert_int_equal(left, RECORD_SAMPLES - 6);
    rq_buf_fini(&plain);
}

TEST_MAIN(cmocka_unit_test(every_record_reads_back_as_written),
          cmocka_unit_test(the_bytes_are_those_of_version_1),
          cmocka_unit_test(small_records_are_small),
          cmocka_unit_test(a_body_apart_is_a_length_and_a_name_under_a_type_of_its_own),
          cmocka_unit_test(every_cut_commit_is_refused),
          cmocka_unit_test(a_byte_too_many_is_refused),
          cmocka_unit_test(an_unknown_type_is_never_skipped),
          cmocka_unit_test(a_lease_may_be_kept),
          cmocka_unit_test(totals_may_lack_the_last),
          cmocka_unit_test(fields_out_of_range_are_refused),
          cmocka_unit_test(numbers_have_one_spelling),
          cmocka_unit_test(what_stands_behind_the_known_fields_is_ignored),
          cmocka_unit_test(a_record_may_be_as_large_as_the_limit_and_no_larger),
          cmocka_unit_test(a_full_commit_takes_nothing_more),
          cmocka_unit_test(lengths_are_right_where_their_own_width_changes),
          cmocka_unit_test(a_struck_put_is_gone_after_the_sweep),
          cmocka_unit_test(strikes_find_their_record_in_any_order),
          cmocka_unit_test(all_puts_can_be_struck_and_nothing_else))
