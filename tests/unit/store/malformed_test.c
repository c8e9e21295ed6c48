/* malformed_test - a record whose payload ends early, or holds another byte.
 *
 * encode_test cuts whole commits; here the length in front of the payload is right, so
 * that each field in it comes to its end.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/err.h"
#include "store/encode.h"
#include "support/test.h"
#include "unit/store/records.h"

enum { PAYLOAD_MAX = 400, LENGTH_MAX = 2, TYPE_AT = ENCODE_HEADER };

/* A commit of one record, taken apart. */
struct parts {
    uint8_t header[ENCODE_HEADER], type, payload[PAYLOAD_MAX];
    size_t len;
};

static struct parts take_apart(int sample)
{
    struct record r = record_sample(sample);
    struct parts p = {.len = 0};
    struct rq_buf plain;
    static struct kinds kinds;

    rq_buf_init(&plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    const uint8_t *at = rq_buf_slice(&plain).ptr;
    size_t behind = at[TYPE_AT + 1] < 0x80 ? TYPE_AT + 2 : TYPE_AT + 3;
    p.len = plain.len - behind;
    p.type = at[TYPE_AT];
    assert_true(p.len <= PAYLOAD_MAX);
    memcpy(p.header, at, ENCODE_HEADER);
    memcpy(p.payload, at + behind, p.len);
    rq_buf_fini(&plain);
    return p;
}

static int read_parts(const struct parts *p)
{
    uint8_t bytes[ENCODE_HEADER + 1 + LENGTH_MAX + PAYLOAD_MAX];
    size_t len = ENCODE_HEADER;
    struct decoder d;
    struct record r;

    memcpy(bytes, p->header, len);
    bytes[len++] = p->type;
    if (p->len >= 0x80)
        bytes[len++] = (uint8_t)(p->len | 0x80);
    bytes[len++] = (uint8_t)(p->len >= 0x80 ? p->len >> 7 : p->len);
    memcpy(bytes + len, p->payload, p->len);
    assert_int_equal(decode_begin(&d, rq_slice(bytes, len + p->len)), 0);
    return decode_next(&d, &r);
}

static bool is_an_answer(int rc)
{
    return rc == 1 || rc == RQ_E_MALFORMED || rc == -ENOTSUP;
}

static void
a_payload_that_ends_early_is_refused_unless_the_rest_may_be_missing(void **s)
{
    (void)s;
    for (int i = 0; i < RECORD_SAMPLES; i++) {
        struct parts p = take_apart(i);
        size_t whole = p.len, read = 0;

        assert_int_equal(read_parts(&p), 1);
        for (p.len = 0; p.len < whole; p.len++) {
            int rc = read_parts(&p);

            assert_true(rc == 1 || rc == RQ_E_MALFORMED);
            read += rc == 1;
        }
        assert_in_range(read, 0, 3); /* it goes in up to three parts */
    }
}

static void any_other_byte_is_read_or_refused(void **s)
{
    (void)s;
    for (int i = 0; i < RECORD_SAMPLES; i++) {
        struct parts p = take_apart(i);

        for (size_t at = 0; at < p.len; at++) {
            uint8_t was = p.payload[at];

            for (int byte = 0; byte < 256; byte++) {
                p.payload[at] = (uint8_t)byte;
                assert_true(is_an_answer(read_parts(&p)));
            }
            p.payload[at] = was;
        }
    }
}

static void numbers_that_never_end_are_read_as_bytes_or_refused(void **s)
{
    (void)s;
    for (int i = 0; i < RECORD_SAMPLES; i++) {
        struct parts p = take_apart(i);

        for (size_t at = 0; at < p.len; at++) {
            static struct parts endless;

            endless = p;
            memset(endless.payload + at, 0xff, p.len - at);
            assert_true(is_an_answer(read_parts(&endless)));
        }
    }
}

/* What is not there is not written, but each of these alone brings the others along. */
static void what_few_jobs_have_is_read_back_alone(void **s)
{
    static const uint8_t attrs[] = {1, 0, 1, 0, 0, 0, 'k'};
    static struct record puts[4];

    (void)s;
    for (size_t i = 0; i < 4; i++)
        puts[i] = record_put(7, 2, "body");
    puts[0].policy.ttl_ms = 5;
    puts[1].policy.keep_ms = 5;
    puts[2].policy.window_ms = 5;
    puts[3].attrs = rq_slice(attrs, sizeof attrs);
    for (size_t i = 0; i < 4; i++) {
        struct rq_buf plain;
        static struct kinds kinds;
        struct decoder d;
        struct record got;

        rq_buf_init(&plain, ENCODE_COMMIT_MAX);
        assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
        assert_int_equal(encode_record(&plain, &kinds, &puts[i]), 0);
        assert_int_equal(decode_begin(&d, rq_buf_slice(&plain)), 0);
        assert_int_equal(decode_next(&d, &got), 1);
        assert_true(record_equal(&got, &puts[i]));
        rq_buf_fini(&plain);
    }
}

static void a_commit_of_all_records_there_can_be_takes_no_more(void **s)
{
    struct record r = record_done(7, 2);
    struct rq_buf plain;
    static struct kinds kinds;

    (void)s;
    rq_buf_init(&plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    memset(plain.ptr + plain.start, 0xff, 4); /* the count */
    assert_int_equal(encode_record(&plain, &kinds, &r), -EMSGSIZE);
    rq_buf_fini(&plain);
}

static void a_strike_looks_at_the_epoch_too(void **s)
{
    struct record other = record_put(8, 5, "other"), r = record_put(7, 5, "this");
    struct rq_buf plain;
    static struct kinds kinds;
    size_t scan = 0;

    (void)s;
    rq_buf_init(&plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&plain, &kinds, (struct job_id){7, 1}), 0);
    assert_int_equal(encode_record(&plain, &kinds, &other), 0);
    assert_int_equal(encode_record(&plain, &kinds, &r), 0);
    assert_true(encode_strike_put(&plain, &scan, (struct job_id){7, 5}));
    assert_false(encode_strike_put(&plain, &scan, (struct job_id){7, 5}));
    assert_int_equal(encode_count(&plain), 1);
    rq_buf_fini(&plain);
}

TEST_MAIN(cmocka_unit_test(
              a_payload_that_ends_early_is_refused_unless_the_rest_may_be_missing),
          cmocka_unit_test(what_few_jobs_have_is_read_back_alone),
          cmocka_unit_test(a_commit_of_all_records_there_can_be_takes_no_more),
          cmocka_unit_test(a_strike_looks_at_the_epoch_too),
          cmocka_unit_test(any_other_byte_is_read_or_refused),
          cmocka_unit_test(numbers_that_never_end_are_read_as_bytes_or_refused))
