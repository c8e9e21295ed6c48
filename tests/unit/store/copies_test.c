/* copies_test - a commit is confirmed when its copies were counted, however few there
 * are. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "unit/store/rig.h"

/* A wait that only an answer in time can end before the test is given up, and one that
 * runs out at once. */
enum { LONG_MS = 40000, SHORT_MS = 50 };

RIO_AWAITS static int start_up(struct rig *rig, unsigned copies, int64_t wait_ms)
{
    struct peer *a = &rig->a;

    a->config.copies = copies;
    a->config.copies_wait_ns = wait_ms * RIO_MS;
    int rc = await(peer_start(rig, a, NULL));
    return rc == 0 && await(peer_up(a, 1)) ? 0 : -EIO;
}

static bool has_reached(const struct rig *rig, const char *word)
{
    return strcmp(store_reached(rig->a.store), word) == 0;
}

/* Waits until it follows the rig's Redis. */
static bool is_copied(void *arg)
{
    struct rig *rig = arg;

    return redis_do(&rig->redis, "WAIT 1 1") == 1;
}

/* A second Redis, which follows that of the rig. */
struct replica {
    struct redis_process redis;
    int port; /* of the one it follows */
};

static void follow(struct replica *r)
{
    redis_do(&r->redis, "REPLICAOF 127.0.0.1 %d", r->port);
}

typedef long copies_scenario(struct rig *rig, struct replica *replica);

/* Runs it with a store that wants a copy, and a replica that has it. */
RIO_AWAITS static long run_with_replica(struct rig *rig, copies_scenario *s)
{
    struct replica replica;

    rig->a.config.wanted = STORE_REDIS;
    redis_do(&rig->redis, "CONFIG SET repl-diskless-sync-delay 0");
    replica.port = redis_listen(&rig->redis);
    redis_start(&replica.redis, rig_no_aof);
    follow(&replica);
    long rc = await(until(is_copied, rig)) && await(start_up(rig, 1, LONG_MS)) == 0
                  ? await(s(rig, &replica))
                  : __LINE__;
    redis_stop(&replica.redis);
    return rc;
}

struct growth {
    struct rig *rig;
    int64_t length;
};

static bool has_grown(void *arg)
{
    const struct growth *g = arg;

    return rig_xlen(g->rig) > g->length;
}

/* Appends one, and waits until it is in the log.  Returns  its commit */
RIO_AWAITS static uint64_t put_until_landed(struct rig *rig, uint64_t number)
{
    struct growth g = {.rig = rig, .length = rig_xlen(rig)};
    uint64_t seq = peer_put(&rig->a, number, 100);

    return await(until(has_grown, &g)) ? seq : 0;
}

static long waits(struct rig *rig, struct replica *replica)
{
    struct peer *a = &rig->a;
    uint64_t seq = await(peer_put_flush(a, 1, 100));
    EXPECT(seq > 0 && a->committed == seq && has_reached(rig, "replica:1"));
    EXPECT(store_level(a->store) == STORE_REDIS && store_copies(a->store) == 1);

    redis_kill(&replica->redis); /* the next one needs it, and waits */
    seq = await(put_until_landed(rig, 2));
    EXPECT(seq > 0 && a->committed < seq);
    redis_again(&replica->redis);
    follow(replica);
    EXPECT(await(peer_committed(a, seq)) && has_reached(rig, "replica:1"));
    EXPECT(a->owned == 1 && !a->went_back);
    return 0;
}

static long copied(struct rig *rig)
{
    return await(run_with_replica(rig, waits));
}

static void a_commit_waits_for_its_copies(void **state)
{
    (void)state;
    rig_run(copied, rig_no_aof);
}

static long without(struct rig *rig)
{
    struct peer *a = &rig->a;

    rig->a.config.wanted = STORE_REDIS;
    EXPECT(await(start_up(rig, 2, SHORT_MS)) == 0);
    for (uint64_t i = 1; i <= 5; i++) {
        uint64_t seq = await(peer_put_flush(a, i, 100));

        EXPECT(seq > 0 && a->committed == seq && has_reached(rig, "redis"));
    }
    EXPECT(a->owned == 1 && !a->went_back && a->refused_count == 0);
    return 0;
}

static void without_copies_it_is_confirmed_at_the_lower_level(void **state)
{
    (void)state;
    rig_run(without, rig_no_aof);
}

static long breaks(struct rig *rig, struct replica *replica)
{
    struct peer *a = &rig->a;

    EXPECT(await(peer_put_flush(a, 2, 100)) > 0);
    redis_kill(&replica->redis);
    uint64_t seq = await(put_until_landed(rig, 1));
    EXPECT(seq > 0 && a->committed < seq);
    redis_do(&rig->redis, "CLIENT KILL TYPE normal");
    EXPECT(await(peer_up(a, 2)));
    EXPECT(a->committed == seq && a->refused_count == 0); /* it was looked up */
    EXPECT(has_reached(rig, "redis"));
    EXPECT(await(peer_stop(a)) == 0);
    EXPECT(await(start_up(rig, 0, LONG_MS)) == 0);
    EXPECT(peer_seen_put(a, 1) == 1);
    return 0;
}

static long landed(struct rig *rig)
{
    return await(run_with_replica(rig, breaks));
}

static void
a_commit_that_waits_for_copies_when_the_link_breaks_is_in_the_log(void **state)
{
    (void)state;
    rig_run(landed, rig_no_aof);
}

/* The answers: refused, its WAIT, taken through the script, its WAIT. */
static long full(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, 1, SHORT_MS)) == 0);
    EXPECT(await(peer_put_flush(a, 1, 100)) > 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    uint64_t seq = peer_put(a, 2, 100);
    EXPECT(peer_done(a, 1) == seq && peer_put(a, 3, 100) == seq);
    EXPECT(await(peer_committed(a, seq)));
    EXPECT(a->refused_count == 2 && a->refused_seq == seq);
    seq = peer_put(a, 4, 100); /* nothing is left to store */
    EXPECT(await(peer_committed(a, seq)) && a->refused_count == 3);
    seq = peer_done(a, 4); /* behind the WAIT of the one that was refused */
    EXPECT(await(peer_committed(a, seq)));
    redis_do(&rig->redis, "CONFIG SET maxmemory 0");
    EXPECT(await(peer_put_flush(a, 5, 100)) > 0);
    EXPECT(a->refused_count == 3 && a->owned == 1 && !a->went_back);
    EXPECT(await(peer_stop(a)) == 0);
    EXPECT(await(start_up(rig, 0, SHORT_MS)) == 0);
    EXPECT(a->seen_count == 4 && a->seen[1].type == RECORD_DONE);
    EXPECT(peer_seen_put(a, 1) == 1 && peer_seen_put(a, 5) == 1);
    return 0;
}

static void the_wait_of_a_refused_commit_confirms_nothing(void **state)
{
    (void)state;
    rig_run(full, rig_no_aof);
}

static long patient(struct rig *rig)
{
    rig->a.config.redis_timeout_ns = 200 * RIO_MS;
    EXPECT(await(start_up(rig, 1, 600)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    EXPECT(await(peer_put_flush(&rig->a, 2, 100)) > 0);
    EXPECT(rig->a.owned == 1);
    return 0;
}

static void a_wait_longer_than_the_timeout_does_not_break_the_link(void **state)
{
    (void)state;
    rig_run(patient, rig_no_aof);
}

static long forbidden(struct rig *rig)
{
    rig->a.config.wanted = STORE_REDIS;
    redis_do(&rig->redis, "ACL SETUSER default -wait");
    EXPECT(await(start_up(rig, 1, LONG_MS)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    EXPECT(has_reached(rig, "redis") && rig->a.owned == 1);
    return 0;
}

static void where_wait_is_forbidden_no_copy_is_promised(void **state)
{
    (void)state;
    rig_run(forbidden, rig_no_aof);
}

static long at_memory(struct rig *rig)
{
    rig->a.config.wanted = STORE_MEMORY;
    EXPECT(await(start_up(rig, 1, LONG_MS)) == 0);
    EXPECT(store_copies(rig->a.store) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, 100)) > 0);
    EXPECT(has_reached(rig, "memory"));
    return 0;
}

static void at_level_memory_no_copies_are_waited_for(void **state)
{
    (void)state;
    rig_run(at_memory, rig_no_aof);
}

TEST_MAIN(
    cmocka_unit_test(a_commit_waits_for_its_copies),
    cmocka_unit_test(without_copies_it_is_confirmed_at_the_lower_level),
    cmocka_unit_test(a_commit_that_waits_for_copies_when_the_link_breaks_is_in_the_log),
    cmocka_unit_test(the_wait_of_a_refused_commit_confirms_nothing),
    cmocka_unit_test(a_wait_longer_than_the_timeout_does_not_break_the_link),
    cmocka_unit_test(where_wait_is_forbidden_no_copy_is_promised),
    cmocka_unit_test(at_level_memory_no_copies_are_waited_for))
