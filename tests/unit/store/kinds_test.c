/* kinds_test - what jobs of one commit have in common is written once.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/err.h"
#include "store/encode.h"
#include "support/test.h"
#include "unit/store/records.h"

enum { KIND_TYPE = 12, PUT_TYPE = 13, MOVE_TYPE = 14 };

struct text {
    struct rq_buf plain;
    struct kinds kinds;
};

static void begin(struct text *t)
{
    rq_buf_init(&t->plain, ENCODE_COMMIT_MAX);
    assert_int_equal(encode_begin(&t->plain, &t->kinds, (struct job_id){7, 1}), 0);
}

/* Returns  how many bytes it has come to */
static size_t add(struct text *t, struct record r)
{
    size_t before = t->plain.len;

    assert_int_equal(encode_record(&t->plain, &t->kinds, &r), 0);
    assert_true(t->plain.len - before <= encode_bound(&r));
    return t->plain.len - before;
}

static void assert_reads(const struct text *t, const struct record *want, size_t count)
{
    struct decoder d;
    struct record got;

    assert_int_equal(encode_count(&t->plain), count);
    assert_int_equal(decode_begin(&d, rq_buf_slice(&t->plain)), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(decode_next(&d, &got), 1);
        assert_true(record_equal(&got, &want[i]));
    }
    assert_int_equal(decode_next(&d, &got), 0);
}

static struct record put_into(uint64_t number, const char *queue)
{
    struct record r = record_put(7, number, "x");

    r.queue = rq_slice_str(queue);
    return r;
}

static struct record move(uint64_t number, const char *error)
{
    struct record r = put_into(number, "mail");

    r.type = RECORD_MOVE;
    r.state = RECORD_DELAYED;
    r.attempts = 300;
    r.error = rq_slice_str(error);
    r.due_wall_ms = 1700000000005;
    return r;
}

static void the_first_job_of_a_kind_is_written_whole(void **state)
{
    static struct text t;

    (void)state;
    begin(&t);
    add(&t, put_into(1, "mail"));
    assert_int_equal(rq_buf_slice(&t.plain).ptr[ENCODE_HEADER], RECORD_PUT);
    rq_buf_fini(&t.plain);
}

/* The bytes of the format, once and for all: a change here needs a new type. */
static void with_the_second_the_kind_is_written_and_then_what_is_their_own(void **state)
{
    static const uint8_t want[] = {
        KIND_TYPE, 21,                           /* its length */
        0,         4,    'm',  'a',  'i',  'l',  /* slot, queue */
        0xe0,      0xd4, 3,    3,    0,    0,    /* how it is handled */
        0,         0,    0,                      /* and so on */
        0x80,      0xa0, 0xab, 0xfe, 0xf9, 0x62, /* put at */
        PUT_TYPE,  7,    0,    2,    0,    0,    0, 1, 'x'};
    struct record puts[3] = {put_into(1, "mail"), put_into(2, "mail"),
                             put_into(3, "mail")};
    static struct text t;

    (void)state;
    begin(&t);
    puts[2].put_wall_ms += 63;
    size_t whole = add(&t, puts[0]);
    assert_int_equal(add(&t, puts[1]), sizeof want);
    assert_memory_equal(rq_buf_slice(&t.plain).ptr + ENCODE_HEADER + whole, want,
                        sizeof want);
    assert_int_equal(add(&t, puts[2]), 9);
    assert_reads(&t, puts, 3);
    rq_buf_fini(&t.plain);
}

static void moves_share_with_puts(void **state)
{
    struct record all[] = {put_into(1, "mail"), move(2, "why"), move(3, ""),
                           put_into(4, "mail"), move(5, "why not")};
    static struct text t;

    (void)state;
    all[2].put_wall_ms = INT64_MIN;
    all[3].put_wall_ms = INT64_MAX;
    all[4].attrs = RQ_LIT("\1\1\0\0\0\0n");
    all[4].policy.keep_ms = UINT64_MAX;
    begin(&t);
    for (size_t i = 0; i < 5; i++)
        add(&t, all[i]);
    assert_reads(&t, all, 5);
    rq_buf_fini(&t.plain);
}

/* TTL, KEEP and WINDOW are a job's own. */
static void another_queue_or_handling_is_another_kind(void **state)
{
    static struct record all[20];
    static struct text t;

    (void)state;
    for (uint64_t i = 0; i < 20; i++)
        all[i] = put_into(i + 1, i % 2 == 0 ? "mail" : "q");
    all[4].policy.ttr_ms++;
    all[5].policy.tries++;
    all[6].policy.backoff = JOB_BACKOFF_LINEAR;
    all[7].policy.backoff_base_ms++;
    all[8].policy.backoff_max_ms++;
    all[9].policy.jitter_pct++;
    all[10].policy.pri = KINDS_SLOTS; /* the slot of 0 */
    all[11].policy.ttl_ms++;
    all[12].policy.window_ms++;
    all[16].policy.backoff = JOB_BACKOFF_FIXED; /* and nothing else, unlike all[14] */
    begin(&t);
    for (size_t i = 0; i < 20; i++)
        add(&t, all[i]);
    assert_reads(&t, all, 20);
    rq_buf_fini(&t.plain);
}

static void kinds_that_share_a_slot_are_written_again(void **state)
{
    static const char *const queues[] = {"a1", "b1", "c1"}; /* as long, and end alike */
    static struct record all[12];
    static struct text t;

    (void)state;
    for (uint64_t i = 0; i < 12; i++)
        all[i] = put_into(i + 1, queues[i / 2 % 3]);
    begin(&t);
    for (size_t i = 0; i < 12; i++)
        add(&t, all[i]);
    assert_reads(&t, all, 12);
    rq_buf_fini(&t.plain);
}

static void a_queue_has_a_kind_however_long_its_name(void **state)
{
    static const char longest[] =
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123";
    struct record all[3];
    static struct text t;

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        all[i] = put_into(i + 1, longest);
    begin(&t);
    add(&t, all[0]);
    add(&t, all[1]);
    assert_int_equal(add(&t, all[2]), 9);
    assert_reads(&t, all, 3);
    rq_buf_fini(&t.plain);
}

/* Nobody can put such jobs, but an encoder that met one must not leave its arrays. */
static void a_name_that_is_none_is_written_whole(void **state)
{
    static char too_long[RQ_NAME_MAX + 2];
    static struct text t;

    (void)state;
    memset(too_long, 'x', sizeof too_long - 1);
    begin(&t);
    for (uint64_t i = 1; i <= 6; i += 2) {
        struct record none = put_into(i, ""), wide = put_into(i + 1, too_long);

        assert_int_equal(encode_record(&t.plain, &t.kinds, &none), 0);
        assert_int_equal(encode_record(&t.plain, &t.kinds, &wide), 0);
    }
    assert_true(t.plain.len > 3 * RQ_NAME_MAX);
    rq_buf_fini(&t.plain);
}

static void no_strike_takes_the_kind_from_the_others(void **state)
{
    for (uint64_t struck = 1; struck <= 4; struck++) {
        struct record left[3];
        static struct text t;
        size_t scan = 0, count = 0;

        (void)state;
        begin(&t);
        for (uint64_t i = 1; i <= 4; i++) {
            add(&t, put_into(i, "mail"));
            if (i != struck)
                left[count++] = put_into(i, "mail");
        }
        assert_true(encode_strike_put(&t.plain, &scan, (struct job_id){7, struck}));
        encode_sweep(&t.plain, &t.kinds);
        assert_reads(&t, left, 3);
        rq_buf_fini(&t.plain);
    }
}

static void after_a_sweep_kinds_begin_anew(void **state)
{
    struct record want[4] = {record_done(7, 9), put_into(4, "mail"),
                             put_into(5, "mail"), put_into(6, "mail")};
    static struct text t;
    size_t scan = 0;

    (void)state;
    begin(&t);
    add(&t, want[0]);
    size_t len = t.plain.len;
    for (uint64_t i = 1; i <= 3; i++)
        add(&t, put_into(i, "mail"));
    for (uint64_t i = 1; i <= 3; i++)
        assert_true(encode_strike_put(&t.plain, &scan, (struct job_id){7, i}));
    encode_sweep(&t.plain, &t.kinds);
    assert_int_equal(t.plain.len, len); /* nor a kind that nobody has */
    assert_reads(&t, want, 1);
    for (size_t i = 1; i < 4; i++)
        add(&t, want[i]);
    assert_reads(&t, want, 4);
    rq_buf_fini(&t.plain);
}

/* One commit of one record, as the log has them. */
static int decode(const uint8_t *records, size_t len)
{
    uint8_t bytes[ENCODE_HEADER + 64] = {1, 0, 0, 0, 7, 0, 0, 0, 1};
    struct decoder d;
    struct record r;

    assert_true(len <= 64);
    memcpy(bytes + ENCODE_HEADER, records, len);
    assert_int_equal(decode_begin(&d, rq_slice(bytes, ENCODE_HEADER + len)), 0);
    int rc = decode_next(&d, &r);
    return rc == 1 ? decode_next(&d, &r) : rc;
}

#define DECODE(...) \
    decode((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define KIND(slot) KIND_TYPE, 11, (slot), 1, 'q', 1, 1, 0, 0, 0, 0, 0, 0
#define PUT(slot) PUT_TYPE, 7, 0, 0, (slot), 0, 0, 1, 'x'

static void a_kind_that_nobody_has_written_is_damage(void **state)
{
    (void)state;
    assert_int_equal(DECODE(KIND(3), PUT(3)), 0);
    assert_int_equal(DECODE(KIND(7), PUT(7)), 0);
    assert_int_equal(DECODE(KIND(3), KIND(4), KIND(3), PUT(3)), 0);
    assert_int_equal(DECODE(KIND(3), PUT(4)), RQ_E_MALFORMED);
    assert_int_equal(DECODE(PUT(0)), RQ_E_MALFORMED);
    assert_int_equal(DECODE(KIND(8), PUT(0)), RQ_E_MALFORMED);
    assert_int_equal(DECODE(KIND(0), PUT(8)), RQ_E_MALFORMED);
    assert_int_equal(DECODE(KIND(3)), RQ_E_MALFORMED); /* and no record */
    assert_int_equal(DECODE(PUT_TYPE, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(KIND_TYPE, 0), RQ_E_MALFORMED);
    assert_int_equal(DECODE(KIND(3), MOVE_TYPE, 7, 0, 0, 3, 0, 0, 0, 0),
                     RQ_E_MALFORMED); /* no such state */
}

static void a_kind_or_a_job_of_it_that_ends_early_is_damage(void **state)
{
    static const uint8_t whole[] = {KIND(3), MOVE_TYPE, 10, 0, 0, 3,  1,
                                    5,       0,         2,  0, 1, 'x'};
    enum { KIND_LEN = 11, MOVE_AT = 2 + KIND_LEN };

    (void)state;
    assert_int_equal(decode(whole, sizeof whole), 0);
    for (uint8_t len = 0; len < KIND_LEN; len++) {
        uint8_t bytes[64] = {KIND_TYPE, len};

        memcpy(bytes + 2, whole + 2, len);
        memcpy(bytes + 2 + len, whole + MOVE_AT, sizeof whole - MOVE_AT);
        assert_int_equal(decode(bytes, sizeof whole - KIND_LEN + len), RQ_E_MALFORMED);
    }
    for (uint8_t len = 0; len < 10; len++) {
        uint8_t bytes[64];

        memcpy(bytes, whole, sizeof whole);
        bytes[MOVE_AT + 1] = len;
        assert_int_equal(decode(bytes, MOVE_AT + 2U + len), RQ_E_MALFORMED);
    }
}

TEST_MAIN(
    cmocka_unit_test(the_first_job_of_a_kind_is_written_whole),
    cmocka_unit_test(with_the_second_the_kind_is_written_and_then_what_is_their_own),
    cmocka_unit_test(moves_share_with_puts),
    cmocka_unit_test(another_queue_or_handling_is_another_kind),
    cmocka_unit_test(kinds_that_share_a_slot_are_written_again),
    cmocka_unit_test(a_queue_has_a_kind_however_long_its_name),
    cmocka_unit_test(a_name_that_is_none_is_written_whole),
    cmocka_unit_test(no_strike_takes_the_kind_from_the_others),
    cmocka_unit_test(after_a_sweep_kinds_begin_anew),
    cmocka_unit_test(a_kind_that_nobody_has_written_is_damage),
    cmocka_unit_test(a_kind_or_a_job_of_it_that_ends_early_is_damage))
