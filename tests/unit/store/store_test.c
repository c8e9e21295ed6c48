/* store_test - the contract of store.h on a real redis-server.
 * SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "store/fetch.h"
#include "support/test.h"
#include "unit/store/records.h"
#include "unit/store/rig.h"

/* ---- group commit ---- */

static long one_turn_one_entry(struct rig *rig)
{
    uint64_t seq = 0;

    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    for (uint64_t i = 1; i <= 1000; i++) {
        uint64_t got = peer_put(&rig->a, i, 100);

        EXPECT(seq == 0 || got == seq);
        seq = got;
    }
    EXPECT(!store_was_sent(rig->a.store, seq));
    EXPECT(await(store_flush(rig->a.store)) == 0);
    EXPECT(store_was_sent(rig->a.store, seq));
    EXPECT(rig->a.committed == seq);
    struct store_stats st;
    store_stats(rig->a.store, &st);
    EXPECT(st.commits == 1 && st.entries == 1);
    EXPECT(rig_xlen(rig) <= 2); /* one commit, and perhaps the claim */
    return 0;
}

static void all_changes_of_a_turn_become_one_entry(void **state)
{
    (void)state;
    rig_run(one_turn_one_entry, rig_no_aof);
}

static long many_turns(struct rig *rig)
{
    uint64_t last = 0;

    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    for (uint64_t i = 1; i <= 200; i++) {
        last = peer_put(&rig->a, i, 10);
        EXPECT(await(rio_yield()) == 0);
    }
    EXPECT(await(store_flush(rig->a.store)) == 0);
    EXPECT(rig->a.committed >= last && !rig->a.went_back);
    struct store_stats st;
    store_stats(rig->a.store, &st);
    EXPECT(st.commits >= 2 && st.entries == st.commits);
    EXPECT(st.commits_in_flight == 0 && st.bytes_in_flight == 0);
    return 0;
}

static void commits_are_confirmed_in_order(void **state)
{
    (void)state;
    rig_run(many_turns, rig_no_aof);
}

static long lazy(struct rig *rig)
{
    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    uint64_t lease = peer_lease(&rig->a, 1);
    EXPECT(await(rio_yield()) == 0);
    EXPECT(await(rio_yield()) == 0);
    EXPECT(!store_was_sent(rig->a.store, lease)); /* it waits for company, */
    EXPECT(peer_done(&rig->a, 1) == lease);
    EXPECT(await(peer_committed(&rig->a, lease))); /* which takes it along; */
    EXPECT(rig_xlen(rig) == 2);
    lease = peer_lease(&rig->a, 2);
    int64_t before = rio_now();
    EXPECT(await(peer_committed(&rig->a, lease))); /* but not for ever, */
    EXPECT(rio_now() - before >= 2 * RIO_MS);
    lease = peer_lease(&rig->a, 3);
    EXPECT(await(store_flush(rig->a.store)) == 0); /* and not when it is needed. */
    EXPECT(rig->a.committed == lease);
    return 0;
}

static void a_lone_lease_waits_for_company(void **state)
{
    (void)state;
    rig_run(lazy, rig_no_aof);
}

static long held(struct rig *rig)
{
    uint64_t seq = 0;

    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    store_hold(rig->a.store);
    for (uint64_t i = 1; i <= 40; i++) {
        seq = peer_put(&rig->a, i, 100 << 10); /* 4 MB, four times a commit */
        EXPECT(seq == 1);
    }
    store_unhold(rig->a.store);
    EXPECT(await(store_flush(rig->a.store)) == 0);
    EXPECT(rig_xlen(rig) == 1); /* the claim was trimmed */
    return 0;
}

static void what_is_held_is_one_entry_however_large(void **state)
{
    (void)state;
    rig_run(held, rig_no_aof);
}

static long withdrawn(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url)) == 0);
    EXPECT(await(peer_start(rig, a, rig->proxy.url)) == 0);
    EXPECT(await(peer_up(a, 1)));
    rig->proxy.keeps_commands = true;
    uint64_t sent = peer_put(a, 1, 10);
    EXPECT(await(rio_sleep(RIO_MS)) == 0);
    EXPECT(store_was_sent(a->store, sent));
    EXPECT(!store_withdraw(a->store, (struct job_id){a->epoch, 1}, sent));
    uint64_t open = peer_put(a, 2, 10);
    EXPECT(open == sent + 1 && peer_put(a, 3, 10) == open);
    EXPECT(store_withdraw(a->store, (struct job_id){a->epoch, 2}, open));
    EXPECT(!store_withdraw(a->store, (struct job_id){a->epoch, 2}, open));
    store_forget(a->store, open);
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(a->refused_count == 0);
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_up(&rig->b, 1)));
    EXPECT(peer_seen_put(&rig->b, 1) == 1 && peer_seen_put(&rig->b, 2) == 0);
    EXPECT(peer_seen_put(&rig->b, 3) == 1);
    return 0;
}

static void an_unsent_put_can_be_withdrawn_and_a_sent_one_cannot(void **state)
{
    (void)state;
    rig_run(withdrawn, rig_no_aof);
}

/* Withdrawing the only record leaves nothing to wait for. */
static long flush_after_withdrawal(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    uint64_t seq = peer_put(a, 1, 10);
    EXPECT(store_withdraw(a->store, (struct job_id){a->epoch, 1}, seq));
    store_forget(a->store, seq);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(rig_xlen(rig) == 1);
    EXPECT(await(peer_put_flush(a, 2, 10)) == seq);
    return 0;
}

static void a_flush_does_not_wait_for_what_was_withdrawn(void **state)
{
    (void)state;
    rig_run(flush_after_withdrawal, rig_no_aof);
}

static long full_buffer(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t puts = 0;

    EXPECT(await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url)) == 0);
    EXPECT(await(peer_start(rig, a, rig->proxy.url)) == 0);
    EXPECT(await(peer_up(a, 1)));
    rig->proxy.keeps_commands = true;
    while (store_has_room(a->store)) {
        EXPECT(peer_put(a, ++puts, 1 << 20) > 0);
        EXPECT(puts <= 64);
    }
    struct record put = record_put(a->epoch, puts + 1, "x");
    uint64_t seq;
    EXPECT(store_append(a->store, &put, &seq) == -ENOBUFS);
    EXPECT(peer_done(a, 1) > 0); /* what ends jobs always finds room */
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(store_has_room(a->store));
    return 0;
}

static void beyond_64_mebibytes_only_puts_are_turned_away(void **state)
{
    (void)state;
    rig_run(full_buffer, rig_no_aof);
}

/* ---- recovery ---- */

static long recovery(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;
    uint64_t number = 0;

    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    for (int commit = 0; commit < 500; commit++) {
        /* From one small record to a commit of a third of a page. */
        for (int i = 0; i <= commit % 5; i++)
            EXPECT(peer_put(a, ++number,
                            commit % 50 == 49 ? 150 << 10 : (size_t)commit) > 0);
        EXPECT(peer_done(a, number) > 0);
        EXPECT(await(store_flush(a->store)) == 0);
    }
    EXPECT(rig_xlen(rig) >= 500);
    EXPECT(await(peer_start(rig, b, NULL)) == 0);
    EXPECT(await(peer_up(b, 1)));

    size_t at = 0;
    number = 0;
    for (uint64_t commit = 0; commit < 500; commit++) {
        for (uint64_t i = 0; i <= commit % 5; i++, at++) {
            number++;
            EXPECT(at < b->seen_count && b->seen[at].type == RECORD_PUT);
            EXPECT(b->seen[at].job.number == number &&
                   b->seen[at].job.epoch == a->epoch);
            EXPECT(b->seen[at].body_len == (commit % 50 == 49 ? 150 << 10 : commit));
            EXPECT(b->seen[at].seq == commit + 1);
        }
        EXPECT(b->seen[at].type == RECORD_DONE && b->seen[at].job.number == number);
        EXPECT(b->seen[at].seq == commit + 1);
        at++;
    }
    EXPECT(at == b->seen_count);
    struct store_stats st;
    store_stats(b->store, &st);
    EXPECT(st.replayed_records == at && st.live_entries == 500);
    /* Numbers go on where the replayed ones ended. */
    EXPECT(await(peer_put_flush(b, 1, 1)) == 501);
    return 0;
}

static void recovery_returns_every_record_in_order_over_many_pages(void **state)
{
    (void)state;
    rig_run(recovery, rig_no_aof);
}

static void on_large(void *arg, const struct store_want *want, struct rq_slice body,
                     int rc)
{
    size_t *len = arg;

    (void)want;
    *len = rc == 0 ? body.len : 0;
}

static long large_body(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;
    enum { LARGEST = 64 << 20 };

    /* A busy machine takes its time for so much. */
    a->config.redis_timeout_ns = b->config.redis_timeout_ns = 30 * RIO_SEC;
    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    EXPECT(await(peer_put_flush(a, 1, LARGEST)) > 0);
    EXPECT(await(peer_put_flush(a, 2, 1)) > 0);
    EXPECT(await(peer_stop(a)) == 0);
    EXPECT(await(peer_start(rig, b, NULL)) == 0);
    EXPECT(await(peer_up(b, 1)));
    EXPECT(b->seen_count == 2 && b->seen[0].apart.len == LARGEST);
    const struct store_want want = {b->seen[0].job, b->seen[0].seq};
    size_t len = 0;
    EXPECT(await(store_fetch(b->store, &want, 1, on_large, &len)) == 0);
    EXPECT(len == LARGEST);
    return 0;
}

static void a_body_of_64_mebibytes_survives(void **state)
{
    (void)state;
    rig_run(large_body, rig_no_aof);
}

static long refusing_replay(struct rig *rig)
{
    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    EXPECT(await(peer_put_flush(&rig->a, 1, 1)) > 0);
    rig->b.replay_rc = -ENOMEM;
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_stopped(&rig->b)));
    EXPECT(rig->b.stopped == STORE_HALTED && rig->b.owned == 0);
    EXPECT(strstr(rig->b.why, "1-1") != NULL);
    return 0;
}

static void a_record_that_cannot_be_applied_halts(void **state)
{
    (void)state;
    rig_run(refusing_replay, rig_no_aof);
}

/* ---- trimming ---- */

static long trimming(struct rig *rig)
{
    struct peer *a = &rig->a;
    static uint64_t seqs[301]; /* too large for a task */
    struct store_stats st;

    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    for (uint64_t i = 1; i <= 300; i++) {
        seqs[i] = await(peer_put_flush(a, i, 5000)); /* one entry a node */
        EXPECT(seqs[i] > 0);
    }
    EXPECT(rig_xlen(rig) == 300);
    for (uint64_t i = 1; i <= 300; i++)
        if (i != 250)
            store_forget(a->store, seqs[i]);
    EXPECT(peer_done(a, 1) > 0);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(rig_xlen(rig) <= 53); /* from commit 250 on, give or take a node */
    store_stats(a->store, &st);
    EXPECT(st.live_entries == 1 && st.entries == 52);

    EXPECT(await(peer_stop(a)) == 0);
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_up(&rig->b, 1)));
    EXPECT(peer_seen_put(&rig->b, 250) == 1);
    return 0;
}

static void the_log_shrinks_as_its_jobs_end(void **state)
{
    (void)state;
    rig_run(trimming, rig_no_aof);
}

static long trimming_all(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(peer_start(rig, a, NULL)) == 0);
    EXPECT(await(peer_up(a, 1)));
    for (uint64_t i = 1; i <= 300; i++) {
        uint64_t seq = await(peer_put_flush(a, i, 5000));

        EXPECT(seq > 0);
        store_forget(a->store, seq);
    }
    EXPECT(rig_xlen(rig) <= 5);
    /* What is not in the log any more does not hinder the next owner. */
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_up(&rig->b, 1)));
    EXPECT(rig->b.epoch > a->epoch);
    return 0;
}

static void an_idle_log_shrinks_to_nothing(void **state)
{
    (void)state;
    rig_run(trimming_all, rig_no_aof);
}

/* ---- epochs ---- */

static void write_epoch_file(const struct peer *p, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/epoch-000", p->state_dir);
    assert_int_equal(rq_file_write_atomic(path, rq_slice_str(text)), 0);
}

RIO_AWAITS static uint64_t epoch_of_start(struct rig *rig, struct peer *p)
{
    uint64_t epoch = 0;

    if (await(peer_start(rig, p, NULL)) == 0 && await(peer_up(p, 1)))
        epoch = p->epoch;
    RIO_IGNORE(await(peer_stop(p)));
    return epoch;
}

static bool is_jump(uint64_t from, uint64_t to)
{
    return to >= from + 1024 && to <= from + 65536;
}

static long epochs(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(epoch_of_start(rig, a)) == 1);
    EXPECT(await(epoch_of_start(rig, a)) == 2);
    uint64_t other = await(epoch_of_start(rig, b)); /* without a file */
    EXPECT(is_jump(2, other));
    EXPECT(await(epoch_of_start(rig, b)) == other + 1);
    uint64_t back =
        await(epoch_of_start(rig, a)); /* its file says 2: not the owner now */
    EXPECT(is_jump(other + 1, back));

    write_epoch_file(a, "epoch 200000 claiming\n"); /* tried, and perhaps lost */
    EXPECT(is_jump(200000, await(epoch_of_start(rig, a))));
    write_epoch_file(a, "epoch 300000 owner\n"); /* Redis has forgotten it */
    EXPECT(await(epoch_of_start(rig, a)) == 300001);
    write_epoch_file(a, "epoch 3x owner\n"); /* damaged */
    EXPECT(is_jump(300001, await(epoch_of_start(rig, a))));
    return 0;
}

static void no_epoch_is_used_twice(void **state)
{
    (void)state;
    rig_run(epochs, rig_no_aof);
}

static long key_counts(struct rig *rig)
{
    redis_do(&rig->redis, "SET ringq:{p000}:epoch 500");
    EXPECT(is_jump(500, await(epoch_of_start(rig, &rig->a))));
    return 0;
}

static void the_epoch_key_counts_when_the_log_is_gone(void **state)
{
    (void)state;
    rig_run(key_counts, rig_no_aof);
}

static long used_up(struct rig *rig)
{
    write_epoch_file(&rig->a, "epoch 4294967295 owner\n");
    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_stopped(&rig->a)));
    EXPECT(rig->a.stopped == STORE_HALTED);
    EXPECT(strstr(rig->a.why, "used up") != NULL);
    return 0;
}

static void when_epochs_are_used_up_it_says_so(void **state)
{
    (void)state;
    rig_run(used_up, rig_no_aof);
}

static long no_scratch_left(struct rig *rig)
{
    EXPECT(await(epoch_of_start(rig, &rig->a)) == 1);
    EXPECT(redis_do(&rig->redis, "DBSIZE") == 2); /* log and epoch */
    return 0;
}

static void the_self_test_leaves_nothing_behind(void **state)
{
    (void)state;
    rig_run(no_scratch_left, rig_no_aof);
}

/* ---- levels ---- */

RIO_AWAITS static enum store_level level_of(struct rig *rig, enum store_level wanted)
{
    enum store_level level = STORE_MEMORY;

    rig->a.config.wanted = wanted;
    if (await(peer_start(rig, &rig->a, NULL)) == 0 && await(peer_up(&rig->a, 1)))
        level = store_level(rig->a.store);
    RIO_IGNORE(await(peer_stop(&rig->a)));
    return level;
}

static long levels(struct rig *rig)
{
    EXPECT(await(level_of(rig, STORE_FSYNC)) == STORE_FSYNC);
    EXPECT(await(level_of(rig, STORE_EVERYSEC)) == STORE_EVERYSEC);
    EXPECT(await(level_of(rig, STORE_MEMORY)) == STORE_MEMORY);
    redis_do(&rig->redis, "CONFIG SET no-appendfsync-on-rewrite yes");
    EXPECT(await(level_of(rig, STORE_FSYNC)) == STORE_REDIS);
    redis_do(&rig->redis,
             "CONFIG SET no-appendfsync-on-rewrite no appendfsync everysec");
    EXPECT(await(level_of(rig, STORE_FSYNC)) == STORE_EVERYSEC);
    redis_do(&rig->redis, "CONFIG SET appendfsync no");
    EXPECT(await(level_of(rig, STORE_FSYNC)) == STORE_REDIS);
    redis_do(&rig->redis, "CONFIG SET appendonly no appendfsync always");
    EXPECT(await(level_of(rig, STORE_FSYNC)) == STORE_REDIS);
    return 0;
}

static void the_level_is_what_redis_promises(void **state)
{
    (void)state;
    rig_run(levels, rig_always);
}

TEST_MAIN(cmocka_unit_test(all_changes_of_a_turn_become_one_entry),
          cmocka_unit_test(commits_are_confirmed_in_order),
          cmocka_unit_test(a_lone_lease_waits_for_company),
          cmocka_unit_test(what_is_held_is_one_entry_however_large),
          cmocka_unit_test(an_unsent_put_can_be_withdrawn_and_a_sent_one_cannot),
          cmocka_unit_test(a_flush_does_not_wait_for_what_was_withdrawn),
          cmocka_unit_test(beyond_64_mebibytes_only_puts_are_turned_away),
          cmocka_unit_test(recovery_returns_every_record_in_order_over_many_pages),
          cmocka_unit_test(a_body_of_64_mebibytes_survives),
          cmocka_unit_test(a_record_that_cannot_be_applied_halts),
          cmocka_unit_test(the_log_shrinks_as_its_jobs_end),
          cmocka_unit_test(an_idle_log_shrinks_to_nothing),
          cmocka_unit_test(no_epoch_is_used_twice),
          cmocka_unit_test(the_epoch_key_counts_when_the_log_is_gone),
          cmocka_unit_test(when_epochs_are_used_up_it_says_so),
          cmocka_unit_test(the_self_test_leaves_nothing_behind),
          cmocka_unit_test(the_level_is_what_redis_promises))
