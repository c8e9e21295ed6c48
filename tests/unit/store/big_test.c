/* big_test - large bodies stand apart from the log, and are there exactly as long as
 * their jobs.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "store/big.h"
#include "store/fetch.h"
#include "support/test.h"
#include "unit/store/records.h"
#include "unit/store/rig.h"

#define BIG "ringq:{p000}:big"

enum { OVER = BIG_OVER, LARGE = BIG_OVER + 1 };

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

/* Starts the other one, which reads the log. */
RIO_AWAITS static int read_again(struct rig *rig)
{
    RIO_IGNORE(await(peer_stop(&rig->a)));
    RIO_IGNORE(await(peer_stop(&rig->b)));
    return await(start_up(rig, &rig->b));
}

static int64_t fields(struct rig *rig)
{
    return redis_do(&rig->redis, "HLEN " BIG);
}

static bool has_no_field(void *arg)
{
    return fields(arg) == 0;
}

static bool has_one_field(void *arg)
{
    return fields(arg) == 1;
}

/* ---- bodies, as whoever needs them fetches them ---- */

static struct told {
    int rc;
    size_t len;
} told;

static void on_told(void *arg, const struct store_want *want, struct rq_slice body,
                    int rc)
{
    (void)arg;
    (void)want;
    told = (struct told){rc, body.len};
}

/* What the job's last PUT or MOVE became; NULL: not there. */
static const struct seen *seen(const struct peer *p, uint64_t number)
{
    const struct seen *found = NULL;

    for (size_t i = 0; i < p->seen_count; i++)
        if (p->seen[i].job.number == number &&
            (p->seen[i].type == RECORD_PUT || p->seen[i].type == RECORD_MOVE))
            found = &p->seen[i];
    return found;
}

/* Has the job's last PUT or MOVE a body apart, of `len` bytes?  Else -> rc */
RIO_AWAITS static bool has_apart(struct peer *p, uint64_t number, size_t len, int rc)
{
    const struct seen *s = seen(p, number);

    if (s == NULL || s->apart.epoch == 0 || s->body_len != 0)
        return false;
    const struct store_want want = {s->job, s->seq};
    if (await(store_fetch(p->store, &want, 1, on_told, NULL)) < 0)
        return false;
    return told.rc == rc && told.len == len && (rc < 0 || s->apart.len == len);
}

static uint64_t move(struct peer *p, uint64_t number, size_t len, bool same_body)
{
    uint8_t *body = calloc(1, len + 1);
    struct record r = record_put(p->epoch, number, "");
    uint64_t seq = 0;

    r.type = RECORD_MOVE;
    r.state = RECORD_READY;
    r.body = rq_slice(body, len);
    r.same_body = same_body;
    int rc = store_append(p->store, &r, &seq);
    free(body);
    return rc == 0 ? seq : 0;
}

/* ---- where it stands ---- */

static long limits(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, OVER)) > 0);
    EXPECT(fields(rig) == 0);
    EXPECT(await(peer_put_flush(a, 2, LARGE)) > 0);
    EXPECT(fields(rig) == 1);
    EXPECT(await(peer_put_flush(a, 3, 64 << 20)) > 0);
    EXPECT(fields(rig) == 2);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(seen(b, 1)->apart.epoch == 0 && seen(b, 1)->body_len == OVER);
    EXPECT(await(has_apart(b, 2, LARGE, 0)));
    EXPECT(await(has_apart(b, 3, 64 << 20, 0)));

    struct store_stats st;
    store_stats(b->store, &st);
    EXPECT(st.replayed_bytes < OVER + 4096); /* they are not in the log */
    struct record put = record_put(b->epoch, 4, "");
    uint64_t seq;
    put.body = rq_slice("", (size_t)65 << 20); /* not looked at */
    EXPECT(store_append(b->store, &put, &seq) == -EMSGSIZE);
    return 0;
}

static void a_body_of_more_than_256_kib_stands_apart(void **state)
{
    (void)state;
    rig_run(limits, rig_everysec);
}

static long many_at_once(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, a)) == 0);
    store_hold(a->store);
    uint64_t first = peer_put(a, 1, LARGE), last = first;
    for (uint64_t i = 2; i <= 40; i++)
        last = peer_put(a, i, i % 3 == 0 ? 10 : LARGE + (size_t)i);
    store_unhold(a->store);
    EXPECT(first > 0 && first == last);
    EXPECT(store_owed(a->store) > (size_t)27 * LARGE);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(store_owed(a->store) == 0);
    EXPECT(fields(rig) == 27 && rig_xlen(rig) == 2);
    EXPECT(await(read_again(rig)) == 0);
    for (uint64_t i = 1; i <= 40; i++)
        if (i % 3 == 0)
            EXPECT(seen(&rig->b, i)->body_len == 10);
        else
            EXPECT(await(has_apart(&rig->b, i, i == 1 ? LARGE : LARGE + i, 0)));
    return 0;
}

static void many_large_bodies_of_one_commit_go_together(void **state)
{
    (void)state;
    rig_run(many_at_once, rig_no_aof);
}

/* Unconfirmed bodies count, and a held commit has an end. */
static long room(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    rig->proxy.keeps_commands = true;
    EXPECT(peer_put(a, 1, 40 << 20) > 0 && store_has_room(a->store));
    EXPECT(peer_put(a, 2, 30 << 20) > 0 && !store_has_room(a->store));
    EXPECT(peer_put(a, 3, 1) == 0);
    EXPECT(peer_done(a, 1) > 0);
    store_hold(a->store);
    EXPECT(peer_put(a, 4, 60 << 20) > 0);
    EXPECT(peer_put(a, 5, 60 << 20) > 0);
    EXPECT(peer_put(a, 6, 10 << 20) == 0); /* over 128 MiB */
    EXPECT(peer_put(a, 6, 1 << 20) > 0);
    store_unhold(a->store);
    return 0;
}

static void bodies_apart_count_as_unconfirmed_bytes(void **state)
{
    (void)state;
    rig_run(room, rig_no_aof);
}

/* ---- as long as its job ---- */

static long ended(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, LARGE)) > 0);
    EXPECT(await(peer_put_flush(a, 2, LARGE)) > 0);
    EXPECT(fields(rig) == 2);
    EXPECT(peer_done(a, 1) > 0);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(await(until(has_one_field, rig)));
    EXPECT(peer_put(a, 3, LARGE) > 0 && peer_done(a, 3) > 0); /* before it was sent */
    EXPECT(peer_done(a, 2) > 0);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(await(until(has_no_field, rig)));
    return 0;
}

static void the_end_of_the_job_deletes_its_body(void **state)
{
    (void)state;
    rig_run(ended, rig_no_aof);
}

static long moved(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, LARGE)) > 0);
    EXPECT(await(peer_put_flush(a, 2, LARGE)) > 0);
    redis_do(&rig->redis, "CONFIG RESETSTAT");
    EXPECT(move(a, 1, LARGE, true) > 0); /* as compaction does */
    EXPECT(await(store_flush(a->store)) == 0);
    static char stats[8192];
    redis_text(&rig->redis, stats, sizeof stats, "INFO commandstats");
    EXPECT(strstr(stats, "cmdstat_hset") == NULL && fields(rig) == 2);

    EXPECT(move(a, 2, LARGE + 9, false) > 0); /* as REPLACE does */
    EXPECT(await(store_flush(a->store)) == 0);
    redis_text(&rig->redis, stats, sizeof stats, "INFO commandstats");
    EXPECT(strstr(stats, "cmdstat_hset") != NULL);
    EXPECT(move(a, 1, 5, false) > 0); /* by a small one */
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(await(until(has_one_field, rig)));
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(seen(b, 1)->apart.epoch == 0 && seen(b, 1)->body_len == 5);
    EXPECT(await(has_apart(b, 2, LARGE + 9, 0)));
    return 0;
}

static void a_move_refers_to_the_body_and_another_body_is_written(void **state)
{
    (void)state;
    rig_run(moved, rig_no_aof);
}

static long withdrawn(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    rig->proxy.keeps_commands = true;
    uint64_t seq = peer_put(a, 1, LARGE);
    RIO_IGNORE(
        await(rio_sleep(5 * RIO_MS))); /* the body is on its way, no commit yet */
    EXPECT(seq > 0 && !store_was_sent(a->store, seq));
    EXPECT(store_withdraw(a->store, (struct job_id){a->epoch, 1}, seq));
    store_forget(a->store, seq);
    EXPECT(store_owed(a->store) < 100);
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_up(a, 2)));
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(await(until(has_no_field, rig)));
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(rig->b.seen_count == 0);
    return 0;
}

static void a_put_can_be_withdrawn_while_its_body_is_on_its_way(void **state)
{
    (void)state;
    rig_run(withdrawn, rig_no_aof);
}

static long full(struct rig *rig)
{
    struct peer *a = &rig->a;

    a->forgets_refused = true;
    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, LARGE)) > 0);
    redis_do(&rig->redis, "CONFIG SET maxmemory 1");
    uint64_t seq = peer_put(a, 2, LARGE);
    EXPECT(seq > 0 && await(peer_refused(a, 1)));
    EXPECT(a->refused[0].number == 2);
    EXPECT(move(a, 1, LARGE + 1, false) > 0); /* what is not a PUT gets through */
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(await(until(has_one_field, rig)));
    redis_do(&rig->redis, "CONFIG SET maxmemory 0");
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(seen(&rig->b, 2) == NULL);
    EXPECT(await(has_apart(&rig->b, 1, LARGE + 1, 0)));
    return 0;
}

static void a_full_redis_refuses_the_body_and_so_the_put(void **state)
{
    (void)state;
    rig_run(full, rig_no_aof);
}

/* ---- crashes and losses ---- */

/* Between the body and the commit: it is in Redis, and no record names it. */
static long orphan(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, LARGE)) > 0);
    redis_do(&rig->redis,
             "HSET " BIG " 1-2/1-9 body 1-1/1-8 older 1-1/9999999-1 newer");
    redis_do(&rig->redis, "HSET " BIG " foreign value");
    EXPECT(fields(rig) == 5);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(await(has_apart(b, 1, LARGE, 0)));
    /* left: that of job 1, one that a later owner may have written, and no name of ours
     */
    EXPECT(fields(rig) == 3);
    EXPECT(redis_do(&rig->redis, "HEXISTS " BIG " 1-1/9999999-1") == 1);
    return 0;
}

static void what_a_crash_has_left_is_deleted_by_recovery(void **state)
{
    (void)state;
    rig_run(orphan, rig_no_aof);
}

static long many_orphans(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    for (int i = 1; i <= 1000; i++)
        redis_do(&rig->redis, "HSET " BIG " 1-%d/1-%d x", i, i);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(fields(rig) == 0);
    return 0;
}

static void a_thousand_of_them_are_deleted_in_steps(void **state)
{
    (void)state;
    rig_run(many_orphans, rig_no_aof);
}

/* The link breaks between HSET and XADD, or with the answer to either. */
static long cut(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    for (uint64_t i = 1; i <= 12; i++) {
        uint64_t seq = peer_put(a, i, LARGE);

        EXPECT(seq > 0);
        for (uint64_t turn = 0; turn < 3 * i; turn++)
            RIO_IGNORE(await(rio_yield()));
        proxy_cut(&rig->proxy);
        EXPECT(await(peer_committed(a, seq)));
    }
    EXPECT(a->owned > 1 && !a->went_back);
    EXPECT(await(read_again(rig)) == 0);
    for (uint64_t i = 1; i <= 12; i++)
        EXPECT(peer_seen_put(b, i) == 1 && await(has_apart(b, i, LARGE, 0)));
    EXPECT(fields(rig) == 12);
    return 0;
}

static void a_link_that_breaks_anywhere_loses_and_doubles_nothing(void **state)
{
    (void)state;
    rig_run(cut, rig_no_aof);
}

static long flushed(struct rig *rig)
{
    struct peer *a = &rig->a, *b = &rig->b;

    EXPECT(await(start_up(rig, a)) == 0);
    EXPECT(await(peer_put_flush(a, 1, LARGE)) > 0);
    EXPECT(await(peer_put_flush(a, 2, LARGE)) > 0);
    redis_do(&rig->redis, "FLUSHALL");
    /* A compaction that was at work refers to what is lost: it counts as lost, too. */
    uint64_t referring = move(a, 2, LARGE, true);
    EXPECT(referring > 0 && await(peer_up(a, 2)));
    EXPECT(a->lost == 1 && a->lost_before > referring);
    EXPECT(move(a, 1, LARGE, true) > referring);
    uint64_t last = move(a, 2, LARGE, true);
    store_repaired(a->store, last);
    EXPECT(await(store_flush(a->store)) == 0);
    EXPECT(fields(rig) == 2);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(await(has_apart(b, 1, LARGE, 0)) && await(has_apart(b, 2, LARGE, 0)));
    return 0;
}

static void a_lost_log_has_its_large_bodies_written_again(void **state)
{
    (void)state;
    rig_run(flushed, rig_no_aof);
}

/* ---- damage ---- */

static const char flip[] =
    "local\tf=redis.call('HKEYS',KEYS[1])[1];local\tv=redis.call('HGET',KEYS[1],f);"
    "return\tredis.call('HSET',KEYS[1],f,"
    "v:sub(1,999)..string.char(bit.bxor(v:byte(1000),4))..v:sub(1001))";

/* The body of one job under the name of the other's, as a hostile hand would. */
static const char swap[] =
    "local\tf=redis.call('HKEYS',KEYS[1]);"
    "return\tredis.call('HSET',KEYS[1],f[1],redis.call('HGET',KEYS[1],f[2]))";

static long damaged(struct rig *rig)
{
    EXPECT(await(start_up(rig, &rig->a)) == 0);
    EXPECT(await(peer_put_flush(&rig->a, 1, LARGE)) > 0);
    redis_do(&rig->redis, "EVAL %s 1 " BIG, flip);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(await(has_apart(&rig->b, 1, 0, RQ_E_MALFORMED)));
    EXPECT(await(peer_put_flush(&rig->b, 2, LARGE)) > 0);
    redis_do(&rig->redis, "EVAL %s 1 " BIG, swap);
    EXPECT(await(read_again(rig)) == 0);
    EXPECT(await(has_apart(&rig->b, 1, 0, RQ_E_MALFORMED)) ||
           await(has_apart(&rig->b, 2, 0, RQ_E_MALFORMED)));
    redis_do(&rig->redis, "DEL " BIG);
    EXPECT(await(has_apart(&rig->b, 1, 0, -ENOENT)));
    EXPECT(await(has_apart(&rig->b, 2, 0, -ENOENT)));
    return 0;
}

static void a_body_that_is_damaged_or_gone_costs_one_job(void **state)
{
    (void)state;
    rig_run(damaged, rig_no_aof);
}

/* ---- fetched ---- */

struct totals {
    size_t count, bytes, lost, corrupt;
};

static void on_fetched(void *arg, const struct store_want *want, struct rq_slice body,
                       int rc)
{
    struct totals *all = arg;

    (void)want;
    all->count += rc == 0;
    all->bytes += body.len;
    all->lost += rc == -ENOENT;
    all->corrupt += rc == RQ_E_MALFORMED;
}

static long fetched(struct rig *rig)
{
    struct peer *a = &rig->a;
    struct store_want wants[3];
    struct totals all = {0};

    EXPECT(await(start_behind_proxy(rig, a)) == 0);
    for (uint64_t i = 1; i <= 2; i++) {
        uint64_t home = await(peer_put_flush(a, i, LARGE * (size_t)i));

        EXPECT(home > 0);
        wants[i - 1] = (struct store_want){{a->epoch, i}, home};
    }
    rig->proxy.keeps_commands = true;
    wants[2] = (struct store_want){{a->epoch, 3}, peer_put(a, 3, LARGE + 3)};
    EXPECT(await(store_fetch(a->store, wants + 2, 1, on_fetched, &all)) == 0);
    EXPECT(all.count == 1 && all.bytes == LARGE + 3);
    rig->proxy.keeps_commands = false;
    proxy_cut(&rig->proxy);
    EXPECT(await(peer_up(a, 2)));
    EXPECT(await(store_flush(a->store)) == 0);

    all = (struct totals){0};
    EXPECT(await(store_fetch(a->store, wants, 3, on_fetched, &all)) == 0);
    EXPECT(all.count == 3 && all.bytes == 4 * (size_t)LARGE + 3);
    redis_do(&rig->redis, "EVAL %s 1 " BIG, flip);
    all = (struct totals){0};
    EXPECT(await(store_fetch(a->store, wants, 3, on_fetched, &all)) == 0);
    EXPECT(all.count == 2 && all.corrupt == 1);
    redis_do(&rig->redis, "DEL " BIG);
    all = (struct totals){0};
    EXPECT(await(store_fetch(a->store, wants, 3, on_fetched, &all)) == 0);
    EXPECT(all.lost == 3);
    return 0;
}

static void a_body_apart_can_be_fetched(void **state)
{
    (void)state;
    rig_run(fetched, rig_no_aof);
}

/* ---- names ---- */

static void names_are_read_as_they_are_written(void **state)
{
    const struct job_id longest = {UINT64_MAX, UINT64_MAX};
    const struct record_apart name = {UINT64_MAX, UINT64_MAX, 1};
    struct record_apart apart;
    struct job_id job;
    char field[BIG_FIELD];

    (void)state;
    size_t len = big_field(longest, &name, field);
    assert_true(len < BIG_FIELD && strlen(field) == len);
    assert_int_equal(big_field_parse(rq_slice(field, len), &job, &apart), 0);
    assert_true(job.epoch == UINT64_MAX && apart.number == UINT64_MAX);
    static const char *const bad[] = {"", "1-2", "1-2/", "/1-2", "1-2/3-4/5", "a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(big_field_parse(rq_slice_str(bad[i]), &job, &apart),
                         RQ_E_MALFORMED);
}

TEST_MAIN(cmocka_unit_test(a_body_of_more_than_256_kib_stands_apart),
          cmocka_unit_test(many_large_bodies_of_one_commit_go_together),
          cmocka_unit_test(bodies_apart_count_as_unconfirmed_bytes),
          cmocka_unit_test(the_end_of_the_job_deletes_its_body),
          cmocka_unit_test(a_move_refers_to_the_body_and_another_body_is_written),
          cmocka_unit_test(a_put_can_be_withdrawn_while_its_body_is_on_its_way),
          cmocka_unit_test(a_full_redis_refuses_the_body_and_so_the_put),
          cmocka_unit_test(what_a_crash_has_left_is_deleted_by_recovery),
          cmocka_unit_test(a_thousand_of_them_are_deleted_in_steps),
          cmocka_unit_test(a_link_that_breaks_anywhere_loses_and_doubles_nothing),
          cmocka_unit_test(a_lost_log_has_its_large_bodies_written_again),
          cmocka_unit_test(a_body_that_is_damaged_or_gone_costs_one_job),
          cmocka_unit_test(a_body_apart_can_be_fetched),
          cmocka_unit_test(names_are_read_as_they_are_written))
