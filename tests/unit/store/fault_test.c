/* fault_test - what the store does when Redis, the link or another owner does its
 * worst. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"
#include "unit/store/records.h"
#include "unit/store/rig.h"

RIO_AWAITS static int start_up(struct rig *rig, struct peer *p)
{
    int rc = await(peer_start(rig, p, NULL));

    return rc == 0 && await(peer_up(p, 1)) ? 0 : -EIO;
}

RIO_AWAITS static int start_behind_proxy(struct rig *rig, struct peer *p)
{
    int rc = await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url));

    if (rc == 0)
        rc = await(peer_start(rig, p, rig->proxy.url));
    return rc == 0 && await(peer_up(p, 1)) ? 0 : -EIO;
}

/* Reads the whole log with the other peer, which fences the first. */
RIO_AWAITS static int read_log(struct rig *rig)
{
    return await(start_up(rig, &rig->b));
}

/* ---- fencing ---- */

static long fenced(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;
    uint64_t seq;

    EXPECT(await(start_up(rig, a)) == 0);
    uint64_t stored = await(peer_put_flush(a, 1, 5000));
    EXPECT(stored > 0);
    EXPECT(await(start_up(rig, b)) == 0);
    EXPECT(b->epoch > a->epoch && peer_seen_put(b, 1) == 1);
    EXPECT(await(peer_put_flush(b, 1, 5000)) > 0); /* trims b's own claim, too */

    EXPECT(peer_put(a, 2, 10) > stored);
    EXPECT(await(peer_stopped(a)));
    EXPECT(a->stopped == STORE_FENCED);
    EXPECT(strcmp(a->owner, "10.0.0.2:7766") == 0);
    EXPECT(a->committed == stored && a->refused_count == 0);
    EXPECT(store_state(a->store) == STORE_FENCED);
    struct record put = record_put(a->epoch, 3, "x"), done = record_done(a->epoch, 1);
    EXPECT(store_append(a->store, &put, &seq) == -ESHUTDOWN);
    EXPECT(store_append(a->store, &done, &seq) == -ESHUTDOWN);
    EXPECT(!store_has_room(a->store));
    EXPECT(await(store_flush(a->store)) == -ESHUTDOWN);
    EXPECT(await(peer_put_flush(b, 2, 10)) > 0); /* the owner is not disturbed */
    return 0;
}

static void a_fenced_writer_confirms_nothing(void **state)
{
    (void)state;
    rig_run(fenced, rig_no_aof);
}

static long fenced_while_idle(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(start_up(rig, &rig->b)) == 0);
    EXPECT(await(peer_stopped(&rig->a)));
    EXPECT(rig->a.stopped == STORE_FENCED);
    EXPECT(strcmp(rig->a.owner, "10.0.0.2:7766") == 0);
    return 0;
}

static void an_idle_owner_notices_that_it_was_fenced(void **state)
{
    (void)state;
    rig_run(fenced_while_idle, rig_no_aof);
}

static long waiting_flush(void *arg)
{
    struct peer *a = arg;

    return await(store_flush(a->store));
}

/* The commit is on its way when the other claims: it must not be taken for stored. */
static long fenced_in_flight(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    rig->proxy.keeps_commands = true;
    EXPECT(peer_put(a, 1, 10) == 1);
    rio_task *flush = rio_create_task(waiting_flush, a);
    EXPECT(await(rio_sleep(5 * RIO_MS)) == 0);
    EXPECT(await(start_up(rig, &rig->b)) == 0);
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_stopped(a)));
    EXPECT(a->stopped == STORE_FENCED && a->committed == 0 && a->refused_count == 0);
    EXPECT(await(rio_join_unref(flush)) == -ESHUTDOWN);
    EXPECT(rig->b.seen_count == 0);
    return 0;
}

static void a_commit_in_flight_across_a_claim_is_not_confirmed(void **state)
{
    (void)state;
    rig_run(fenced_in_flight, rig_no_aof);
}

static bool one_owns(void *arg)
{
    struct rig *rig = arg;

    return rig->a.owned > 0 && rig->b.owned > 0 &&
           (store_state(rig->a.store) == STORE_FENCED) !=
               (store_state(rig->b.store) == STORE_FENCED);
}

static long two_at_once(struct rig *rig)
{
    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(until(one_owns, rig)));
    return 0;
}

static void of_two_that_start_at_once_one_stays(void **state)
{
    (void)state;
    rig_run(two_at_once, rig_no_aof);
}

/* ---- an interrupted start ---- */

/* What the first try has left must not be taken for somebody else's. */
static long cut_self_test(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url)) == 0);
    EXPECT(await(peer_start(rig, a, rig->proxy.url)) == 0);
    while (redis_do(&rig->redis, "DBSIZE") == 0) /* the key that it tries on */
        EXPECT(await(rio_yield()) == 0);
    EXPECT(redis_do(&rig->redis, "EXISTS ringq:{p000}:log") == 0);
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_up(a, 1)));
    EXPECT(a->stopped == 0);
    return 0;
}

static void a_link_that_breaks_in_the_self_test_is_tried_again(void **state)
{
    (void)state;
    rig_run(cut_self_test, rig_no_aof);
}

/* ---- unknown outcomes ---- */

static long landed(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    int64_t before = rig_xlen(rig);
    rig->proxy.keeps_replies = true;
    uint64_t seq = peer_put(a, 1, 10);
    while (rig_xlen(rig) == before)
        EXPECT(await(rio_sleep(RIO_MS)) == 0);
    EXPECT(a->committed < seq);
    rig->proxy.keeps_replies = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->epoch == 2 && !a->went_back);
    EXPECT(await(peer_put_flush(a, 2, 10)) == seq + 1);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 1 && peer_seen_put(&rig->b, 2) == 1);
    return 0;
}

static void a_commit_whose_answer_was_lost_is_found_in_the_log(void **state)
{
    (void)state;
    rig_run(landed, rig_no_aof);
}

static long not_landed(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    rig->proxy.keeps_commands = true;
    uint64_t seq = peer_put(a, 1, 10);
    EXPECT(peer_done(a, 9) == seq);
    EXPECT(await(rio_sleep(5 * RIO_MS)) == 0);
    uint64_t next = peer_put(a, 2, 10); /* waits behind it */
    EXPECT(next == seq + 1);
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_committed(a, next)));
    EXPECT(a->epoch == 2 && !a->went_back && a->refused_count == 0);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(rig->b.seen_count == 3);
    EXPECT(rig->b.seen[0].job.number == 1 && rig->b.seen[1].type == RECORD_DONE);
    EXPECT(rig->b.seen[2].job.number == 2);
    return 0;
}

static void a_commit_that_never_arrived_is_sent_again_under_a_new_epoch(void **state)
{
    (void)state;
    rig_run(not_landed, rig_no_aof);
}

/* The link stays open and silent; the store has to give it up by itself. */
static long silence(struct rig *rig)
{
    struct peer *a = &rig->a;

    a->config.redis_timeout_ns = 200 * RIO_MS;
    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    rig->proxy.keeps_replies = true;
    int64_t before = rio_now();
    uint64_t seq = peer_put(a, 1, 10);
    EXPECT(await(rio_sleep(100 * RIO_MS)) == 0);
    EXPECT(store_state(a->store) == STORE_UP);
    while (store_state(a->store) == STORE_UP)
        EXPECT(await(rio_sleep(5 * RIO_MS)) == 0);
    EXPECT(rio_now() - before >= 200 * RIO_MS && rio_now() - before < 2 * RIO_SEC);
    struct store_stats st;
    store_stats(a->store, &st);
    EXPECT(strstr(st.problem, "not answered") != NULL);
    rig->proxy.keeps_replies = false;
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 1);
    return 0;
}

static void a_silent_redis_is_given_up_after_the_timeout(void **state)
{
    (void)state;
    rig_run(silence, rig_no_aof);
}

/* The claim itself is lost: ours, though we have not heard that it was accepted. */
static long lost_claim(struct rig *rig)
{
    struct peer *a = &rig->a;

    a->config.redis_timeout_ns = 200 * RIO_MS;
    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    uint64_t seq = await(peer_put_flush(a, 1, 10));
    EXPECT(seq > 0);
    /* Pause Redis' answers a little after each reconnect, in the midst of the claim. */
    for (int i = 0; i < 8; i++) {
        proxy_cut(&rig->proxy);
        EXPECT(await(rio_sleep((40 + 7 * i) * RIO_MS)) == 0);
        rig->proxy.keeps_replies = true;
        EXPECT(await(rio_sleep(20 * RIO_MS)) == 0);
        proxy_cut(&rig->proxy);
        rig->proxy.keeps_replies = false;
        seq = peer_put(a, (uint64_t)i + 2, 10);
        EXPECT(seq > 0);
    }
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->stopped == STORE_CONNECTING);
    EXPECT(await(read_log(rig)) == 0);
    for (uint64_t i = 1; i < 10; i++)
        EXPECT(peer_seen_put(&rig->b, i) == 1);
    return 0;
}

static void its_own_unheard_claim_does_not_fence_it(void **state)
{
    (void)state;
    rig_run(lost_claim, rig_no_aof);
}

static long kill_by_client_kill(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t seq = 0, number = 0;

    EXPECT(await(start_up(rig, a)) == 0);
    for (int cut = 0; cut < 10; cut++) {
        for (int i = 0; i < 50; i++) {
            seq = peer_put(a, ++number, 100);
            EXPECT(seq > 0);
            EXPECT(await(rio_yield()) == 0);
        }
        redis_do(&rig->redis, "CLIENT KILL TYPE normal SKIPME yes");
    }
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(!a->went_back && a->refused_count == 0);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(rig->b.seen_count == number);
    for (size_t i = 0; i < number; i++)
        EXPECT(rig->b.seen[i].job.number == i + 1);
    return 0;
}

static void cuts_at_any_moment_neither_lose_nor_double(void **state)
{
    (void)state;
    rig_run(kill_by_client_kill, rig_no_aof);
}

/* ---- Redis dies ---- */

static long killed(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t seq = 0, number = 0;

    EXPECT(await(start_up(rig, a)) == 0);
    for (int life = 0; life < 5; life++) {
        EXPECT(await(peer_up(a, life + 1)));
        for (int i = 0; i < 100; i++) {
            seq = peer_put(a, ++number, 100);
            EXPECT(seq > 0);
            EXPECT(await(rio_sleep(i % 10 == 0 ? RIO_MS / 2 : 0)) == 0);
        }
        redis_kill(&rig->redis);
        seq = peer_put(a, ++number, 100); /* nobody is there */
        EXPECT(await(rio_sleep(20 * RIO_MS)) == 0);
        redis_again(&rig->redis);
    }
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(!a->went_back && a->refused_count == 0);
    struct store_stats st;
    store_stats(a->store, &st);
    EXPECT(st.reconnects >= 5 && st.lost_tails == 0);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(rig->b.seen_count == number);
    for (size_t i = 0; i < number; i++)
        EXPECT(rig->b.seen[i].job.number == i + 1);
    return 0;
}

static void a_redis_that_is_killed_loses_nothing_at_fsync(void **state)
{
    (void)state;
    rig_run(killed, rig_always);
}

static long stopped_redis(struct rig *rig)
{
    struct peer *a = &rig->a;

    a->config.redis_timeout_ns = 100 * RIO_MS;
    EXPECT(await(start_up(rig, a)) == 0);
    kill(rig->redis.pid, SIGSTOP);
    uint64_t seq = peer_put(a, 1, 10);
    EXPECT(await(rio_sleep(400 * RIO_MS)) == 0);
    EXPECT(store_state(a->store) == STORE_CONNECTING && a->committed < seq);
    kill(rig->redis.pid, SIGCONT);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 1);
    return 0;
}

static void a_redis_that_stands_still_is_waited_for(void **state)
{
    (void)state;
    rig_run(stopped_redis, rig_no_aof);
}

static long late_redis(struct rig *rig)
{
    redis_kill(&rig->redis);
    EXPECT(await(peer_start(rig, &rig->a, NULL)) == 0);
    EXPECT(await(rio_sleep(100 * RIO_MS)) == 0);
    EXPECT(store_state(rig->a.store) == STORE_CONNECTING);
    struct store_stats st;
    store_stats(rig->a.store, &st);
    EXPECT(strstr(st.problem, "cannot connect") != NULL);
    redis_again(&rig->redis);
    EXPECT(await(peer_up(&rig->a, 1)));
    return 0;
}

static void a_redis_that_comes_late_is_found(void **state)
{
    (void)state;
    rig_run(late_redis, rig_no_aof);
}

/* ---- what Redis refuses ---- */

static long full(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, 100)) > 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    uint64_t seq = peer_put(a, 2, 100);
    EXPECT(peer_done(a, 1) == seq && peer_put(a, 3, 100) == seq);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->refused_count == 2 && a->refused_seq == seq);
    EXPECT(a->refused[0].number == 2 && a->refused[1].number == 3);
    seq = peer_put(a, 4, 100); /* nothing but a PUT: nothing is left to store */
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->refused_count == 3);
    EXPECT(store_state(a->store) == STORE_UP && a->owned == 1);
    redis_do(&rig->redis, "CONFIG SET maxmemory 0");
    EXPECT(await(peer_put_flush(a, 5, 100)) > 0);
    EXPECT(a->refused_count == 3);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(rig->b.seen_count == 3 && rig->b.seen[1].type == RECORD_DONE);
    EXPECT(peer_seen_put(&rig->b, 1) == 1 && peer_seen_put(&rig->b, 5) == 1);
    return 0;
}

static void a_full_redis_refuses_puts_and_takes_the_rest(void **state)
{
    (void)state;
    rig_run(full, rig_no_aof);
}

/* More PUTs than are told at once. */
static long full_of_puts(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t seq = 0;

    EXPECT(await(start_up(rig, a)) == 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    for (uint64_t i = 1; i <= 1000; i++)
        seq = peer_put(a, i, 10);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->refused_count == 1000);
    for (uint64_t i = 0; i < 1000; i++)
        EXPECT(a->refused[i].number == i + 1);
    return 0;
}

static void every_refused_put_is_told_once_and_in_order(void **state)
{
    (void)state;
    rig_run(full_of_puts, rig_no_aof);
}

static long full_at_start(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    EXPECT(await(peer_stop(&rig->a)) == 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(peer_seen_put(&rig->a, 1) == 1);
    uint64_t seq = peer_done(&rig->a, 1);
    EXPECT(await(peer_committed(&rig->a, seq)));
    return 0;
}

static void a_full_redis_can_be_claimed_and_emptied(void **state)
{
    (void)state;
    rig_run(full_at_start, rig_no_aof);
}

static long no_replicas(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, a)) == 0);
    redis_do(&rig->redis, "CONFIG SET min-replicas-to-write 1");
    uint64_t seq = peer_put(a, 1, 100);
    EXPECT(peer_done(a, 9) == seq);
    EXPECT(await(peer_refused(a, 1)));
    EXPECT(await(rio_sleep(100 * RIO_MS)) == 0);
    EXPECT(a->committed < seq && store_state(a->store) == STORE_CONNECTING);
    struct store_stats st;
    store_stats(a->store, &st);
    EXPECT(strstr(st.problem, "NOREPLICAS") != NULL);
    redis_do(&rig->redis, "CONFIG SET min-replicas-to-write 0");
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(rig->b.seen_count == 1 && rig->b.seen[0].type == RECORD_DONE);
    return 0;
}

static void what_a_refusing_redis_did_not_take_is_kept_but_for_puts(void **state)
{
    (void)state;
    rig_run(no_replicas, rig_no_aof);
}

static long replica(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, a)) == 0);
    redis_do(&rig->redis, "REPLICAOF 127.0.0.1 1");
    uint64_t seq = peer_done(a, 1);
    EXPECT(await(rio_sleep(200 * RIO_MS)) == 0);
    EXPECT(store_state(a->store) == STORE_CONNECTING);
    redis_do(&rig->redis, "REPLICAOF NO ONE");
    EXPECT(await(peer_committed(a, seq)));
    return 0;
}

static void a_replica_is_not_written_to(void **state)
{
    (void)state;
    rig_run(replica, rig_no_aof);
}

/* ---- forgetting ---- */

static long flushed(struct rig *rig)
{
    struct peer *a = &rig->a;
    struct store_stats st;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, 100)) > 0);
    redis_do(&rig->redis, "FLUSHALL");
    uint64_t seq = peer_put(a, 2, 100);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->epoch == 2 && a->refused_count == 0);
    store_stats(a->store, &st);
    EXPECT(st.lost_tails == 1 && st.is_repairing);
    EXPECT(a->lost == 1 && a->lost_before == seq);
    EXPECT(await(peer_put_flush(a, 3, 100)) > 0);
    store_stats(a->store, &st);
    EXPECT(st.lost_tails == 1);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 2) == 1 && peer_seen_put(&rig->b, 3) == 1);
    return 0;
}

static void after_flushall_it_goes_on_in_a_new_log_and_says_so(void **state)
{
    (void)state;
    rig_run(flushed, rig_no_aof);
}

/* The stale half of a log: the PUT of a job whose end is lost goes with the repair. */
static long repaired(struct rig *rig)
{
    struct peer *a = &rig->a;
    struct store_stats st;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, 100)) > 0);
    EXPECT(await(peer_put_flush(a, 2, 100)) > 0);
    uint64_t last = peer_done(a, 1);
    EXPECT(await(peer_committed(a, last)));
    redis_do(&rig->redis, "XDEL ringq:{p000}:log 1-3");
    redis_do(&rig->redis, "DEL ringq:{p000}:epoch");
    redis_do(&rig->redis, "XSETID ringq:{p000}:log 1-2");
    EXPECT(await(peer_up(a, 2)));
    EXPECT(a->lost == 1 && a->lost_before == last + 1);
    uint64_t seq = peer_put(a, 2, 100); /* what lives, once more */
    store_repaired(a->store, seq);
    EXPECT(await(peer_committed(a, seq)));
    store_stats(a->store, &st);
    EXPECT(st.repairs == 1 && !st.is_repairing);
    EXPECT(rig_xlen(rig) == 2); /* the claim and that */
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 0 && peer_seen_put(&rig->b, 2) == 1);
    return 0;
}

static void a_repair_cuts_what_is_left_of_the_old_log(void **state)
{
    (void)state;
    rig_run(repaired, rig_no_aof);
}

/* All that lives was confirmed before the repair was said to be whole, and nobody
 * writes any more. */
static long repaired_in_silence(struct rig *rig)
{
    struct peer *a = &rig->a;
    struct store_stats st;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, 100)) > 0);
    redis_do(&rig->redis, "FLUSHALL");
    EXPECT(await(peer_up(a, 2)));
    uint64_t seq = peer_put(a, 1, 100);
    EXPECT(await(peer_committed(a, seq)));
    store_repaired(a->store, seq);
    do {
        EXPECT(await(rio_sleep(10 * RIO_MS)) == 0);
        store_stats(a->store, &st);
    } while (st.is_repairing); /* bounded by the test's own time */
    EXPECT(st.repairs == 1);
    EXPECT(await(read_log(rig)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 1);
    return 0;
}

static void a_repair_ends_although_nobody_writes_any_more(void **state)
{
    (void)state;
    rig_run(repaired_in_silence, rig_no_aof);
}

static long log_removed_while_idle(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    redis_do(&rig->redis, "DEL ringq:{p000}:log");
    EXPECT(await(peer_up(&rig->a, 2)));
    EXPECT(rig->a.lost == 1);
    return 0;
}

static void an_idle_owner_notices_that_entries_have_vanished(void **state)
{
    (void)state;
    rig_run(log_removed_while_idle, rig_no_aof);
}

static long flushed_while_idle(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    redis_do(&rig->redis, "FLUSHALL");
    EXPECT(await(peer_up(&rig->a, 2)));
    struct store_stats st;
    store_stats(rig->a.store, &st);
    EXPECT(st.lost_tails == 1);
    return 0;
}

static void an_idle_owner_notices_flushall(void **state)
{
    (void)state;
    rig_run(flushed_while_idle, rig_no_aof);
}

static long amnesia(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    redis_kill(&rig->redis);
    redis_again(&rig->redis); /* without an AOF: empty */
    uint64_t seq = peer_put(&rig->a, 2, 100);
    EXPECT(await(peer_committed(&rig->a, seq)));
    struct store_stats st;
    store_stats(rig->a.store, &st);
    EXPECT(st.lost_tails == 1 && rig->a.epoch == 2);
    return 0;
}

static void a_redis_without_memory_is_noticed(void **state)
{
    (void)state;
    rig_run(amnesia, rig_no_aof);
}

/* ---- damage ---- */

RIO_AWAITS static int write_one(struct rig *rig)
{
    int rc = await(start_up(rig, &rig->a));

    if (rc == 0 && await(peer_put_flush(&rig->a, 1, 100)) == 0)
        rc = -EIO;
    RIO_IGNORE(await(peer_stop(&rig->a)));
    return rc;
}

RIO_AWAITS static bool halts(struct rig *rig, const char *because)
{
    int rc = await(peer_start(rig, &rig->b, NULL));
    bool stopped = rc == 0 && await(peer_stopped(&rig->b));

    if (!stopped || rig->b.stopped != STORE_HALTED || rig->b.owned > 0 ||
        strstr(rig->b.why, because) == NULL) {
        fprintf(stderr, "stopped %d: %s\n", (int)rig->b.stopped, rig->b.why);
        return false;
    }
    RIO_IGNORE(await(peer_stop(&rig->b)));
    return true;
}

static long newer_version(struct rig *rig)
{
    EXPECT(await(write_one(rig)) == 0);
    redis_do(&rig->redis, "XADD ringq:{p000}:log 1-7 b %s",
             "\2ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ");
    EXPECT(await(halts(rig, "entry 1-7 of ringq:{p000}:log is of a newer version")));
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_stopped(&rig->b))); /* and again, until somebody acts */
    EXPECT(await(peer_stop(&rig->b)) == 0);
    redis_do(&rig->redis, "XDEL ringq:{p000}:log 1-7");
    EXPECT(await(start_up(rig, &rig->b)) == 0);
    EXPECT(peer_seen_put(&rig->b, 1) == 1);
    return 0;
}

static void a_commit_of_a_newer_version_halts_until_somebody_acts(void **state)
{
    (void)state;
    rig_run(newer_version, rig_no_aof);
}

/* A true commit, copied to another place by a script, as a hostile hand would. */
static long moved_commit(struct rig *rig)
{
    static const char copy[] =
        "local\te=redis.call('XRANGE',KEYS[1],'1-1','1-1');"
        "return\tredis.call('XADD',KEYS[1],'1-2','b',e[1][2][2])";

    EXPECT(await(write_one(rig)) == 0);
    redis_do(&rig->redis, "EVAL %s 1 ringq:{p000}:log", copy);
    EXPECT(await(halts(rig, "entry 1-2 of ringq:{p000}:log is damaged")));
    EXPECT(strstr(rig->b.why, "--bad-entries set-aside") != NULL);
    return 0;
}

static void a_damaged_commit_halts_with_its_id_and_a_remedy(void **state)
{
    (void)state;
    rig_run(moved_commit, rig_no_aof);
}

/* One flipped bit at the right place. */
static long flipped_bit(struct rig *rig)
{
    static const char flip[] =
        "local\te=redis.call('XRANGE',KEYS[1],'1-1','1-1');"
        "local\tv=e[1][2][2];"
        "local\tw=v:sub(1,49)..string.char(bit.bxor(v:byte(50),4))..v:sub(51);"
        "redis.call('DEL',KEYS[1]);redis.call('XADD',KEYS[1],'1-0','own','x');"
        "return\tredis.call('XADD',KEYS[1],'1-1','b',w)";

    EXPECT(await(write_one(rig)) == 0);
    redis_do(&rig->redis, "EVAL %s 1 ringq:{p000}:log", flip);
    EXPECT(await(halts(rig, "entry 1-1 of ringq:{p000}:log is damaged")));
    return 0;
}

static void a_flipped_bit_is_damage(void **state)
{
    (void)state;
    rig_run(flipped_bit, rig_no_aof);
}

static long foreign_entries(struct rig *rig)
{
    EXPECT(await(write_one(rig)) == 0);
    redis_do(&rig->redis, "XADD ringq:{p000}:log 1-7 x y");
    EXPECT(await(halts(rig, "not ours")));
    redis_do(&rig->redis, "XDEL ringq:{p000}:log 1-7");
    redis_do(&rig->redis, "XADD ringq:{p000}:log 900000-7 b x c d");
    EXPECT(await(halts(rig, "not ours")));
    return 0;
}

static void foreign_entries_halt(void **state)
{
    (void)state;
    rig_run(foreign_entries, rig_no_aof);
}

static long wrong_types(struct rig *rig)
{
    redis_do(&rig->redis, "SET ringq:{p000}:log x");
    EXPECT(await(halts(rig, "WRONGTYPE")));
    redis_do(&rig->redis, "DEL ringq:{p000}:log");
    redis_do(&rig->redis, "SET ringq:{p000}:epoch nonsense");
    EXPECT(await(halts(rig, "not ours")));
    redis_do(&rig->redis, "DEL ringq:{p000}:epoch");
    redis_do(&rig->redis, "LPUSH ringq:{p000}:epoch x");
    EXPECT(await(halts(rig, "WRONGTYPE")));
    return 0;
}

static void keys_of_another_type_halt(void **state)
{
    (void)state;
    rig_run(wrong_types, rig_no_aof);
}

/* ---- settings and rights ---- */

static long evicting(struct rig *rig)
{
    redis_do(&rig->redis, "CONFIG SET maxmemory-policy allkeys-lru");
    EXPECT(await(halts(rig, "CONFIG SET maxmemory-policy noeviction")));
    return 0;
}

static void a_redis_that_evicts_is_refused_with_the_remedy(void **state)
{
    (void)state;
    rig_run(evicting, rig_no_aof);
}

/* A Redis with passwords on a port of its own.  Returns  the port */
static int lock_up(struct rig *rig)
{
    int port = redis_listen(&rig->redis);

    redis_do(&rig->redis, "ACL SETUSER ringq on >s3cret ~ringq:* +@all -@dangerous");
    redis_do(&rig->redis, "ACL SETUSER default resetpass >other");
    return port;
}

static long right_password(struct rig *rig)
{
    char url[96];
    struct store_stats st;

    snprintf(url, sizeof url, "redis://ringq:s3cret@127.0.0.1:%d/3", lock_up(rig));
    EXPECT(await(peer_start(rig, &rig->a, url)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    EXPECT(await(peer_put_flush(&rig->a, 1, 10)) > 0);
    EXPECT(rig_xlen(rig) == 0); /* in database 3, not in 0 */
    /* CONFIG is forbidden: the level is the operator's word. */
    store_stats(rig->a.store, &st);
    EXPECT(!st.verified && st.level == STORE_FSYNC);
    return 0;
}

static void what_redis_does_not_tell_is_unverified(void **state)
{
    (void)state;
    rig_run(right_password, rig_no_aof);
}

/* The commands that docs/store.md names. */
static long least_rights(struct rig *rig)
{
    char url[96];

    snprintf(url, sizeof url, "redis://ringq:s3cret@127.0.0.1:%d", lock_up(rig));
    redis_do(&rig->redis,
             "ACL SETUSER ringq reset on >s3cret ~ringq:* +xadd +xrange "
             "+xinfo|stream +xtrim +get +set +pexpire +unlink +eval +hset +hget +hdel "
             "+hlen +hkeys");
    EXPECT(await(peer_start(rig, &rig->a, url)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    EXPECT(await(peer_put_flush(&rig->a, 1, 10)) > 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    uint64_t seq = peer_done(&rig->a, 1);
    EXPECT(await(peer_committed(&rig->a, seq)));
    redis_do(&rig->redis, "CLIENT KILL TYPE normal SKIPME yes");
    EXPECT(await(peer_up(&rig->a, 2)));
    return 0;
}

static void a_handful_of_rights_is_enough(void **state)
{
    (void)state;
    rig_run(least_rights, rig_no_aof);
}

RIO_AWAITS static bool halts_at(struct rig *rig, const char *because, const char *user,
                                int port)
{
    char url[96];

    snprintf(url, sizeof url, "redis://%s127.0.0.1:%d", user, port);
    int rc = await(peer_start(rig, &rig->a, url));
    bool stopped = rc == 0 && await(peer_stopped(&rig->a));
    if (strstr(rig->a.why, "s3cr") != NULL || strstr(rig->a.why, because) == NULL) {
        fprintf(stderr, "%s\n", rig->a.why);
        stopped = false;
    }
    RIO_IGNORE(await(peer_stop(&rig->a)));
    return stopped && rig->a.stopped == STORE_HALTED;
}

static long wrong_passwords(struct rig *rig)
{
    int port = lock_up(rig);

    EXPECT(await(halts_at(rig, "WRONGPASS", "ringq:s3cret2@", port)));
    EXPECT(await(halts_at(rig, "--redis redis://user:password@", "", port)));
    redis_do(&rig->redis, "ACL SETUSER ringq -xadd");
    EXPECT(await(halts_at(rig, "ACL", "ringq:s3cret@", port)));
    return 0;
}

static void a_wrong_password_halts_with_a_remedy(void **state)
{
    (void)state;
    rig_run(wrong_passwords, rig_no_aof);
}

static long lost_rights(struct rig *rig)
{
    char url[96];
    struct store_stats st;

    snprintf(url, sizeof url, "redis://ringq:s3cret@127.0.0.1:%d", lock_up(rig));
    EXPECT(await(peer_start(rig, &rig->a, url)) == 0);
    EXPECT(await(peer_up(&rig->a, 1)));
    redis_do(&rig->redis, "ACL SETUSER ringq -xadd");
    EXPECT(peer_done(&rig->a, 1) > 0 && peer_put(&rig->a, 1, 10) > 0);
    EXPECT(await(peer_refused(&rig->a, 1)));
    EXPECT(await(rio_sleep(50 * RIO_MS)) == 0);
    store_stats(rig->a.store, &st); /* it does not give up: somebody may mend it */
    EXPECT(st.state == STORE_CONNECTING && strstr(st.problem, "NOPERM") != NULL);
    return 0;
}

static void rights_lost_later_are_waited_for(void **state)
{
    (void)state;
    rig_run(lost_rights, rig_no_aof);
}

TEST_MAIN(cmocka_unit_test(a_fenced_writer_confirms_nothing),
          cmocka_unit_test(an_idle_owner_notices_that_it_was_fenced),
          cmocka_unit_test(a_commit_in_flight_across_a_claim_is_not_confirmed),
          cmocka_unit_test(of_two_that_start_at_once_one_stays),
          cmocka_unit_test(a_link_that_breaks_in_the_self_test_is_tried_again),
          cmocka_unit_test(a_commit_whose_answer_was_lost_is_found_in_the_log),
          cmocka_unit_test(a_commit_that_never_arrived_is_sent_again_under_a_new_epoch),
          cmocka_unit_test(a_silent_redis_is_given_up_after_the_timeout),
          cmocka_unit_test(its_own_unheard_claim_does_not_fence_it),
          cmocka_unit_test(cuts_at_any_moment_neither_lose_nor_double),
          cmocka_unit_test(a_redis_that_is_killed_loses_nothing_at_fsync),
          cmocka_unit_test(a_redis_that_stands_still_is_waited_for),
          cmocka_unit_test(a_redis_that_comes_late_is_found),
          cmocka_unit_test(a_full_redis_refuses_puts_and_takes_the_rest),
          cmocka_unit_test(every_refused_put_is_told_once_and_in_order),
          cmocka_unit_test(a_full_redis_can_be_claimed_and_emptied),
          cmocka_unit_test(what_a_refusing_redis_did_not_take_is_kept_but_for_puts),
          cmocka_unit_test(a_replica_is_not_written_to),
          cmocka_unit_test(after_flushall_it_goes_on_in_a_new_log_and_says_so),
          cmocka_unit_test(a_repair_cuts_what_is_left_of_the_old_log),
          cmocka_unit_test(a_repair_ends_although_nobody_writes_any_more),
          cmocka_unit_test(an_idle_owner_notices_that_entries_have_vanished),
          cmocka_unit_test(an_idle_owner_notices_flushall),
          cmocka_unit_test(a_redis_without_memory_is_noticed),
          cmocka_unit_test(a_commit_of_a_newer_version_halts_until_somebody_acts),
          cmocka_unit_test(a_damaged_commit_halts_with_its_id_and_a_remedy),
          cmocka_unit_test(a_flipped_bit_is_damage),
          cmocka_unit_test(foreign_entries_halt),
          cmocka_unit_test(keys_of_another_type_halt),
          cmocka_unit_test(a_redis_that_evicts_is_refused_with_the_remedy),
          cmocka_unit_test(what_redis_does_not_tell_is_unverified),
          cmocka_unit_test(a_handful_of_rights_is_enough),
          cmocka_unit_test(a_wrong_password_halts_with_a_remedy),
          cmocka_unit_test(rights_lost_later_are_waited_for))
