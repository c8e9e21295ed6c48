/* seal_test - what the tag catches.
 * SPDX-License-Identifier: MIT */
#include "store/seal.h"

#include <errno.h>

#include "base/err.h"
#include "support/test.h"

#define PLAIN "sixteen records."
enum { SEALED = sizeof PLAIN - 1 + SEAL_OVERHEAD };

static const struct entry_id here = {7, 42};

static struct seal make(const char *log, uint8_t *out)
{
    struct seal s;

    assert_int_equal(seal_init(&s, log), 0);
    seal_close(&s, here, RQ_LIT(PLAIN), out);
    return s;
}

static void a_commit_opens_at_its_place(void **state)
{
    uint8_t value[SEALED];
    struct seal s = make("ringq:{p000}:log", value);
    struct rq_slice plain;

    (void)state;
    assert_int_equal(seal_open(&s, here, value, sizeof value, &plain), 0);
    assert_true(rq_slice_eq(plain, RQ_LIT(PLAIN)));
}

static void an_empty_commit_can_be_sealed(void **state)
{
    uint8_t value[SEAL_OVERHEAD];
    struct seal s;
    struct rq_slice plain;

    (void)state;
    assert_int_equal(seal_init(&s, "log"), 0);
    seal_close(&s, here, RQ_LIT(""), value);
    assert_int_equal(seal_open(&s, here, value, sizeof value, &plain), 0);
    assert_int_equal(plain.len, 0);
}

static void every_flipped_bit_is_caught(void **state)
{
    uint8_t sealed[SEALED];
    struct seal s = make("ringq:{p000}:log", sealed);

    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        uint8_t value[SEALED];
        struct rq_slice plain;

        memcpy(value, sealed, sizeof value);
        value[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = seal_open(&s, here, value, sizeof value, &plain);
        assert_int_equal(rc, bit < 16 ? -ENOTSUP : bit < 48 ? -ENOKEY : RQ_E_MALFORMED);
    }
}

static void every_cut_is_caught(void **state)
{
    uint8_t sealed[SEALED], value[SEALED];
    struct seal s = make("ringq:{p000}:log", sealed);
    struct rq_slice plain;

    (void)state;
    for (size_t len = 0; len < sizeof sealed; len++) {
        memcpy(value, sealed, sizeof value);
        assert_int_equal(seal_open(&s, here, value, len, &plain), RQ_E_MALFORMED);
    }
}

static void a_commit_cannot_be_moved(void **state)
{
    uint8_t sealed[SEALED], value[SEALED];
    struct seal s = make("ringq:{p000}:log", sealed), other;
    struct rq_slice plain;

    (void)state;
    memcpy(value, sealed, sizeof value);
    assert_int_equal(
        seal_open(&s, (struct entry_id){7, 43}, value, sizeof value, &plain),
        RQ_E_MALFORMED);
    memcpy(value, sealed, sizeof value);
    assert_int_equal(
        seal_open(&s, (struct entry_id){8, 42}, value, sizeof value, &plain),
        RQ_E_MALFORMED);
    memcpy(value, sealed, sizeof value);
    assert_int_equal(seal_init(&other, "ringq:{p001}:log"), 0);
    assert_int_equal(seal_open(&other, here, value, sizeof value, &plain),
                     RQ_E_MALFORMED);
}

/* Another process has another nonce but the same public key. */
static void another_process_can_open_it(void **state)
{
    uint8_t value[SEALED];
    struct rq_slice plain;
    struct seal other;

    (void)state;
    make("ringq:{p000}:log", value);
    assert_int_equal(seal_init(&other, "ringq:{p000}:log"), 0);
    assert_int_equal(seal_open(&other, here, value, sizeof value, &plain), 0);
}

static void no_nonce_is_used_twice(void **state)
{
    uint8_t a[SEALED], b[SEALED];
    struct seal s = make("log", a);

    (void)state;
    seal_close(&s, here, RQ_LIT(PLAIN), b);
    assert_memory_not_equal(a + 6, b + 6, 24);
}

TEST_MAIN(cmocka_unit_test(a_commit_opens_at_its_place),
          cmocka_unit_test(an_empty_commit_can_be_sealed),
          cmocka_unit_test(every_flipped_bit_is_caught),
          cmocka_unit_test(every_cut_is_caught),
          cmocka_unit_test(a_commit_cannot_be_moved),
          cmocka_unit_test(another_process_can_open_it),
          cmocka_unit_test(no_nonce_is_used_twice))
