/* commit_test - commits that are not in the log yet.
 * SPDX-License-Identifier: MIT */
#include "store/commit.h"

#include <errno.h>
#include <stdlib.h>

#include "store/encode.h"
#include "support/test.h"
#include "unit/store/records.h"

struct fixture {
    struct ledger ledger;
    struct commits commits;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    ledger_init(&f->ledger);
    commits_init(&f->commits, &f->ledger);
    f->commits.bigs.epoch = 7;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    commits_fini(&f->commits);
    ledger_fini(&f->ledger);
    free(f);
    return 0;
}

static uint64_t append(struct fixture *f, struct record r)
{
    uint64_t seq;

    assert_int_equal(commits_append(&f->commits, &r, 5, &seq), 0);
    return seq;
}

static uint64_t put(struct fixture *f, uint64_t number)
{
    return append(f, record_put(7, number, "body"));
}

static uint64_t put_large(struct fixture *f, uint64_t number, size_t len)
{
    uint8_t *body = calloc(1, len);
    struct record r = record_put(7, number, "");

    assert_non_null(body);
    r.body = rq_slice(body, len);
    uint64_t seq = append(f, r);
    free(body);
    return seq;
}

static void records_of_one_turn_share_a_commit(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, 1), 1);
    assert_int_equal(put(f, 2), 1);
    struct commit *c = commits_first(&f->commits);
    assert_int_equal(encode_count(&c->plain), 2);
    assert_int_equal(c->opened_ns, 5);
    assert_int_equal(f->commits.bytes, c->plain.len);
    assert_int_equal(f->ledger.live, 1);
}

static void a_sent_commit_takes_nothing_more(void **state)
{
    struct fixture *f = *state;

    put(f, 1);
    struct commit *c = commits_first(&f->commits);
    c->is_closed = c->was_sent = true;
    assert_int_equal(put(f, 2), 2);
    assert_ptr_equal(commits_first(&f->commits), c);
    ledger_place(&f->ledger, 1, (struct entry_id){7, 1}, 100);
    commits_drop_first(&f->commits);
    c = commits_first(&f->commits);
    assert_int_equal(c->seq, 2);
    assert_int_equal(f->commits.count, 1);
    assert_int_equal(f->commits.bytes, c->plain.len);
}

static void a_commit_ends_at_a_mebibyte(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_large(f, 1, 512 << 10), 1);
    assert_int_equal(put_large(f, 2, 511 << 10), 1);
    assert_int_equal(put_large(f, 3, 2 << 10), 2);
    assert_true(commits_first(&f->commits)->plain.len <= COMMIT_BYTES_MAX);
    assert_true(commits_first(&f->commits)->is_closed);
}

static void one_record_may_be_larger_than_a_commit(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_large(f, 1, 3 << 20), 1);
    assert_int_equal(put(f, 2), 2);
    assert_int_equal(put_large(f, 3, 3 << 20), 3);
}

static void what_is_held_together_stays_together(void **state)
{
    struct fixture *f = *state;

    put(f, 1);
    commits_hold(&f->commits);
    for (uint64_t i = 2; i < 7; i++)
        assert_int_equal(put_large(f, i, 512 << 10), 1);
    commits_unhold(&f->commits);
    assert_int_equal(put(f, 8), 2);
}

static void only_leases_and_totals_may_wait(void **state)
{
    struct fixture *f = *state;

    append(f, record_lease(7, 1));
    append(f, record_totals("q"));
    assert_true(commits_first(&f->commits)->is_lazy);
    append(f, record_done(7, 1));
    assert_false(commits_first(&f->commits)->is_lazy);
}

static void what_lives_is_counted_once(void **state)
{
    struct fixture *f = *state;

    append(f, record_lease(7, 1));
    append(f, record_done(7, 1));
    assert_int_equal(f->ledger.live, 0);
    append(f, record_totals("q"));
    put(f, 2);
    assert_int_equal(f->ledger.live, 1);
    ledger_forget(&f->ledger, 1);
    ledger_forget(&f->ledger, 1);
    assert_int_equal(f->ledger.live, 0);
}

static void a_withdrawn_put_is_not_sealed(void **state)
{
    struct fixture *f = *state;

    put(f, 1);
    put(f, 2);
    struct commit *c = commits_first(&f->commits);
    assert_true(commit_withdraw(&f->commits, c, (struct job_id){7, 1}));
    assert_false(commit_withdraw(&f->commits, c, (struct job_id){7, 1}));

    struct decoder d;
    struct record r;
    assert_int_equal(decode_begin(&d, commit_plain(&f->commits, c)), 0);
    assert_int_equal(decode_next(&d, &r), 1);
    assert_int_equal(r.job.number, 2);
    assert_int_equal(decode_next(&d, &r), 0);
    assert_int_equal(f->commits.bytes, c->plain.len);
}

static void withdrawing_all_gives_the_room_back(void **state)
{
    struct fixture *f = *state;

    for (uint64_t i = 1; i <= 1000; i++)
        put(f, i);
    struct commit *c = commits_first(&f->commits);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_true(commit_withdraw(&f->commits, c, (struct job_id){7, i}));
    assert_int_equal(f->commits.bytes, ENCODE_HEADER);
    assert_true(commit_is_empty(c));
    assert_null(commits_first(&f->commits)); /* open, and nothing to send */
    assert_int_equal(put(f, 1001), 1);
}

static void ignore(void *arg, struct job_id job)
{
    (void)job;
    (*(int *)arg)++;
}

static void a_refused_commit_keeps_what_is_no_put(void **state)
{
    struct fixture *f = *state;
    int told = 0;

    put(f, 1);
    append(f, record_done(6, 1));
    put(f, 2);
    struct commit *c = commits_first(&f->commits);
    assert_int_equal(commit_refuse(&f->commits, c, ignore, &told), 2);
    assert_int_equal(told, 2);
    assert_int_equal(encode_count(&c->plain), 1);
    assert_int_equal(f->commits.bytes, c->plain.len);
}

static void a_commit_is_found_by_its_number(void **state)
{
    struct fixture *f = *state;

    put_large(f, 1, 1 << 20);
    put_large(f, 2, 1 << 20);
    assert_int_equal(commits_find(&f->commits, 1)->seq, 1);
    assert_int_equal(commits_find(&f->commits, 2)->seq, 2);
    assert_null(commits_find(&f->commits, 3));
}

/* However it goes, and in whatever order. */
static void bodies_apart_are_counted_and_given_back(void **state)
{
    struct fixture *f = *state;
    struct bigs *bigs = &f->commits.bigs;
    const size_t len = BIG_OVER + 1;
    int told = 0;

    append(f, record_lease(7, 9));
    put_large(f, 1, len);
    put_large(f, 2, len);
    struct commit *c = commits_first(&f->commits);
    assert_int_equal(c->big_bytes, 2 * len);
    assert_int_equal(f->commits.bytes, c->plain.len + 2 * len);
    assert_true(c->plain.len < 300);
    assert_int_equal(bigs->count, 2);
    assert_true(commit_withdraw(&f->commits, c, (struct job_id){7, 1}));
    assert_int_equal(c->big_bytes, len);
    append(f, record_done(7, 2)); /* ended before it is confirmed */
    assert_int_equal(bigs->count, 0);
    assert_false(rq_list_empty(&bigs->held));
    assert_int_equal(commit_refuse(&f->commits, c, ignore, &told), 1);
    assert_int_equal(c->big_bytes, 0);
    assert_int_equal(f->commits.bytes, c->plain.len);
    assert_true(rq_list_empty(&bigs->held) && rq_list_empty(&bigs->waste));

    put_large(f, 3, len);
    append(f, record_done(7, 3));
    c->is_closed = true;
    ledger_place(&f->ledger, c->seq, (struct entry_id){7, 1}, 100);
    commits_drop_first(&f->commits);
    assert_int_equal(f->commits.bytes, 0);
    assert_int_equal(bigs->bytes, 0);
    assert_true(rq_list_empty(&bigs->leaving));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_MAIN(TEST(records_of_one_turn_share_a_commit),
          TEST(a_sent_commit_takes_nothing_more), TEST(a_commit_ends_at_a_mebibyte),
          TEST(one_record_may_be_larger_than_a_commit),
          TEST(what_is_held_together_stays_together),
          TEST(only_leases_and_totals_may_wait), TEST(what_lives_is_counted_once),
          TEST(a_withdrawn_put_is_not_sealed),
          TEST(withdrawing_all_gives_the_room_back),
          TEST(a_refused_commit_keeps_what_is_no_put),
          TEST(a_commit_is_found_by_its_number),
          TEST(bodies_apart_are_counted_and_given_back))
