/* attrs_test - what only some jobs carry.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "core/attrs.h"
#include "support/test.h"

static void fill(struct rq_buf *b)
{
    const struct attr header = {ATTR_HEADER, RQ_LIT("trace"), RQ_LIT("4bf9")};
    const struct attr group = {ATTR_GROUP, RQ_LIT(""), RQ_LIT("customer-7")};

    rq_buf_init(b, 1024);
    assert_int_equal(attrs_add(b, &header), 0);
    assert_int_equal(attrs_add(b, &group), 0);
}

static void what_goes_in_comes_out(void **state)
{
    struct rq_slice rest;
    struct rq_buf b;
    struct attr a;

    (void)state;
    fill(&b);
    rest = rq_buf_slice(&b);
    assert_true(attrs_are_valid(rest));
    assert_int_equal(attrs_next(&rest, &a), 1);
    assert_int_equal(a.kind, ATTR_HEADER);
    assert_true(rq_slice_eq(a.name, RQ_LIT("trace")));
    assert_true(rq_slice_eq(a.value, RQ_LIT("4bf9")));
    assert_int_equal(attrs_next(&rest, &a), 1);
    assert_int_equal(a.kind, ATTR_GROUP);
    assert_int_equal(attrs_next(&rest, &a), 0);
    rq_buf_fini(&b);
}

static void one_is_found_by_its_kind(void **state)
{
    struct rq_slice value;
    struct rq_buf b;

    (void)state;
    fill(&b);
    assert_true(attrs_find(rq_buf_slice(&b), ATTR_GROUP, &value));
    assert_true(rq_slice_eq(value, RQ_LIT("customer-7")));
    assert_false(attrs_find(rq_buf_slice(&b), ATTR_UNIQUE, &value));
    rq_buf_fini(&b);
}

static void every_cut_but_between_two_is_seen(void **state)
{
    struct rq_slice whole;
    struct rq_buf b;

    (void)state;
    fill(&b);
    whole = rq_buf_slice(&b);
    for (size_t len = 0; len <= whole.len; len++) {
        bool is_between = len == 0 || len == 6 + 5 + 4 || len == whole.len;

        assert_int_equal(attrs_are_valid(rq_slice(whole.ptr, len)), is_between);
    }
    rq_buf_fini(&b);
}

static void a_full_buffer_takes_no_more(void **state)
{
    const struct attr header = {ATTR_HEADER, RQ_LIT("a"), RQ_LIT("1234")};
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 11);
    assert_int_equal(attrs_add(&b, &header), 0);
    assert_true(attrs_add(&b, &header) < 0);
    assert_true(attrs_are_valid(rq_buf_slice(&b)));
    rq_buf_fini(&b);
}

static void a_batch_is_found_by_its_id(void **state)
{
    const struct job_id id = {UINT64_MAX, 258};
    const struct attr cut = {.kind = ATTR_BATCH, .value = RQ_LIT("short")};
    struct job_id found;
    struct rq_buf buf;

    (void)state;
    rq_buf_init(&buf, 100);
    assert_false(attrs_find_batch(rq_buf_slice(&buf), &found));
    assert_int_equal(attrs_add_batch(&buf, id), 0);
    assert_true(attrs_are_valid(rq_buf_slice(&buf)));
    assert_true(attrs_find_batch(rq_buf_slice(&buf), &found));
    assert_true(found.epoch == id.epoch && found.number == id.number);
    rq_buf_clear(&buf);
    assert_int_equal(attrs_add(&buf, &cut), 0);
    assert_false(attrs_find_batch(rq_buf_slice(&buf), &found));
    rq_buf_clear(&buf);
    assert_int_equal(attrs_add_batch(&buf, (struct job_id){7, 0}), 0);
    assert_false(attrs_find_batch(rq_buf_slice(&buf), &found));
    rq_buf_fini(&buf);
}

TEST_MAIN(cmocka_unit_test(a_batch_is_found_by_its_id),
          cmocka_unit_test(what_goes_in_comes_out),
          cmocka_unit_test(one_is_found_by_its_kind),
          cmocka_unit_test(every_cut_but_between_two_is_seen),
          cmocka_unit_test(a_full_buffer_takes_no_more))
