/* fetch_test - bodies read back from the log, whatever happens to it meanwhile.
 * SPDX-License-Identifier: MIT */
#include "store/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "support/test.h"
#include "unit/store/records.h"
#include "unit/store/rig.h"

enum { WANTS_MAX = 1024 };

/* What was asked for and told. */
static struct asked {
    struct rig *rig;
    struct store_want wants[WANTS_MAX];
    size_t count;
    size_t told[WANTS_MAX]; /* how often */
    int rc[WANTS_MAX];
    size_t body_len[WANTS_MAX];
    bool is_right[WANTS_MAX]; /* the body is that of peer_put() */
    size_t told_count;
    bool cuts; /* the first to be told cuts the links */
} asked;

static bool is_body_of(uint64_t number, struct rq_slice body)
{
    for (size_t i = 0; i < body.len; i++)
        if (body.ptr[i] != (uint8_t)(i % 61 == 0 ? number + i : number))
            return false;
    return true;
}

static void on_fetched(void *arg, const struct store_want *want, struct rq_slice body,
                       int rc)
{
    struct asked *a = arg;
    size_t i = (size_t)(want - a->wants);

    a->told[i]++;
    a->told_count++;
    a->rc[i] = rc;
    a->body_len[i] = body.len;
    a->is_right[i] = rc == 0 && is_body_of(want->job.number, body);
    if (a->cuts)
        proxy_cut(&a->rig->proxy);
    a->cuts = false;
}

static void want(struct rig *rig, uint64_t number, uint64_t home)
{
    asked.rig = rig;
    asked.wants[asked.count++] = (struct store_want){{rig->a.epoch, number}, home};
}

static void forget_told(void)
{
    memset(asked.told, 0, sizeof asked.told);
    asked.told_count = 0;
}

RIO_AWAITS static int fetch(struct rig *rig)
{
    forget_told();
    return await(
        store_fetch(rig->a.store, asked.wants, asked.count, on_fetched, &asked));
}

/* Was every want told once, with `rc`? */
static bool all_told(int rc)
{
    for (size_t i = 0; i < asked.count; i++)
        if (asked.told[i] != 1 || asked.rc[i] != rc || asked.is_right[i] != (rc == 0)) {
            fprintf(stderr, "want %zu was told %zu times, rc %d\n", i, asked.told[i],
                    asked.rc[i]);
            return false;
        }
    return true;
}

static void run(scenario *s, const char *const *options)
{
    memset(&asked, 0, sizeof asked);
    rig_run(s, options);
}

RIO_AWAITS static int start_up(struct rig *rig)
{
    int rc = await(peer_start(rig, &rig->a, NULL));

    return rc == 0 && await(peer_up(&rig->a, 1)) ? 0 : -EIO;
}

RIO_AWAITS static int start_behind_proxy(struct rig *rig)
{
    int rc = await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url));

    if (rc == 0)
        rc = await(peer_start(rig, &rig->a, rig->proxy.url));
    return rc == 0 && await(peer_up(&rig->a, 1)) ? 0 : -EIO;
}

/* Puts jobs 1 to `count`, each in a commit of its own, and wants them. */
RIO_AWAITS static int put_and_want(struct rig *rig, uint64_t count, size_t len)
{
    for (uint64_t number = 1; number <= count; number++) {
        uint64_t home = await(peer_put_flush(&rig->a, number, len));

        if (home == 0)
            return -EIO;
        want(rig, number, home);
    }
    return 0;
}

static int64_t stat_of(struct rig *rig, const char *command)
{
    static char text[1 << 14];
    char key[64];

    redis_text(&rig->redis, text, sizeof text, "INFO commandstats");
    snprintf(key, sizeof key, "cmdstat_%s:calls=", command);
    const char *found = strstr(text, key);
    return found == NULL ? 0 : strtoll(found + strlen(key), NULL, 10);
}

/* ---- what is there ---- */

static uint64_t move(struct rig *rig, uint64_t number, const char *body)
{
    struct record r = record_put(rig->a.epoch, number, body);
    uint64_t seq = 0;

    r.type = RECORD_MOVE;
    r.state = RECORD_READY;
    return store_append(rig->a.store, &r, &seq) == 0 ? seq : 0;
}

static long put_and_moved(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    uint64_t home = await(peer_put_flush(&rig->a, 1, 5000));
    uint64_t moved = move(rig, 1, "");
    EXPECT(home > 0 && moved > home);
    EXPECT(move(rig, 1, "\1") == moved); /* the later one counts */
    EXPECT(await(store_flush(rig->a.store)) == 0);
    want(rig, 1, moved);
    want(rig, 1, home);
    want(rig, 1, home); /* two may want the same */
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    EXPECT(asked.body_len[0] == 1 && asked.body_len[1] == 5000);
    return 0;
}

static void a_body_is_found_after_a_put_and_after_a_move(void **state)
{
    (void)state;
    run(put_and_moved, rig_no_aof);
}

/* In three kinds of places: many in one commit, a commit each, and between others. */
static long many(struct rig *rig)
{
    struct peer *a = &rig->a;
    uint64_t number = 0;

    EXPECT(await(start_up(rig)) == 0);
    for (uint64_t turn = 0; turn < 90; turn++) {
        uint64_t home = 0;

        for (int i = 0; i < 10; i++) {
            number++;
            home = peer_put(a, number, number % 7 == 0 ? 0 : 10 * (size_t)number);
        }
        EXPECT(home > 0 && await(store_flush(a->store)) == 0);
        for (uint64_t i = 0; i < 10; i += turn % 3 + 1)
            want(rig, number - i, home);
    }
    for (size_t i = 0; i < asked.count / 2; i += 2) { /* asked for in no order */
        struct store_want other = asked.wants[asked.count - 1 - i];

        asked.wants[asked.count - 1 - i] = asked.wants[i];
        asked.wants[i] = other;
    }
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    return 0;
}

static void many_wants_over_many_commits_are_told_once_each(void **state)
{
    (void)state;
    run(many, rig_no_aof);
}

static long unconfirmed(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_behind_proxy(rig)) == 0);
    rig->proxy.keeps_commands = true;
    want(rig, 1, peer_put(a, 1, 1000));
    RIO_IGNORE(await(rio_yield())); /* the first is sent, the second waits for it */
    RIO_IGNORE(await(rio_yield()));
    want(rig, 2, peer_put(a, 2, 2000));
    EXPECT(asked.wants[1].home > asked.wants[0].home && a->committed == 0);
    want(rig, 3, asked.wants[1].home);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(asked.rc[2] == -ENOENT && asked.told[2] == 1);
    asked.count = 2;
    EXPECT(all_told(0));
    EXPECT(asked.body_len[0] == 1000 && asked.body_len[1] == 2000);
    return 0;
}

static void a_commit_that_is_not_in_the_log_yet_is_read_from_memory(void **state)
{
    (void)state;
    run(unconfirmed, rig_no_aof);
}

/* ---- how it is read ---- */

static long pages(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 200, 10)) == 0);
    redis_do(&rig->redis, "CONFIG RESETSTAT");
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && stat_of(rig, "xrange") == 1); /* all in one page */

    asked.wants[1] = asked.wants[199]; /* 198 small ones between are read, too */
    asked.count = 2;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && stat_of(rig, "xrange") == 2);

    asked.count = 0;
    EXPECT(await(put_and_want(rig, 7, 250 << 10)) == 0);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && stat_of(rig, "xrange") == 2 + 2); /* 4 and 3 */

    asked.wants[1] = asked.wants[2]; /* 250 KiB between are not */
    asked.count = 2;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && stat_of(rig, "xrange") == 4 + 2);
    EXPECT(stat_of(rig, "auth") == 0 && stat_of(rig, "client|setname") == 1);
    return 0;
}

static void commits_that_stand_close_together_share_a_page_of_a_mebibyte(void **state)
{
    (void)state;
    run(pages, rig_no_aof);
}

static long largest(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 1, 64 << 20)) == 0);
    EXPECT(await(put_and_want(rig, 1, 1)) == 0);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && asked.body_len[0] == 64 << 20 && asked.body_len[1] == 1);
    return 0;
}

static void the_largest_body_is_read_in_one_piece(void **state)
{
    (void)state;
    run(largest, rig_no_aof);
}

static bool has_two_links(void *arg)
{
    struct rig *rig = arg;
    static char list[4096];

    redis_text(&rig->redis, list, sizeof list, "CLIENT LIST");
    const char *first = strstr(list, "name=ringqd");
    return first != NULL && strstr(first + 1, "name=ringqd") != NULL;
}

static bool has_one_link(void *arg)
{
    return !has_two_links(arg);
}

static long idle(struct rig *rig)
{
    rig->a.config.redis_timeout_ns = 200 * RIO_MS;
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 1, 10)) == 0);
    EXPECT(has_one_link(rig));
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(has_two_links(rig));
    EXPECT(await(until(has_one_link, rig)));
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0) && has_two_links(rig));
    EXPECT(rig->a.owned == 1);
    return 0;
}

static void the_second_link_is_closed_when_nobody_needs_it(void **state)
{
    (void)state;
    run(idle, rig_no_aof);
}

/* ---- what is not there ---- */

static long absent(struct rig *rig)
{
    struct peer *a = &rig->a;

    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 4, 10)) == 0);
    uint64_t first = asked.wants[0].home;
    asked.wants[0].job.number = 9;                      /* never was in that commit */
    asked.wants[1].home = asked.wants[3].home + 1;      /* no such commit */
    asked.wants[2].home = 0;                            /* none at all */
    redis_do(&rig->redis, "XDEL ringq:{p000}:log 1-4"); /* gone by another hand */
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-ENOENT));

    store_forget(a->store, first); /* nothing lives in it */
    asked.wants[0] = (struct store_want){{a->epoch, 1}, first};
    asked.count = 1;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-ENOENT));
    return 0;
}

static void what_is_gone_is_said_to_be_gone(void **state)
{
    (void)state;
    run(absent, rig_no_aof);
}

static long flushed(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 2, 10)) == 0);
    redis_do(&rig->redis, "FLUSHALL");
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-EAGAIN)); /* that is not our log */
    EXPECT(await(peer_up(&rig->a, 2)));
    EXPECT(rig->a.lost == 1);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-ENOENT)); /* it is ours, and has lost them */
    return 0;
}

static void nothing_is_said_to_be_gone_before_the_log_is_ours_again(void **state)
{
    (void)state;
    run(flushed, rig_no_aof);
}

/* Writes the log again with a bit flipped in every entry but the first and the last. */
static const char flip[] =
    "local\te=redis.call('XRANGE',KEYS[1],'-','+');redis.call('DEL',KEYS[1]);"
    "for\ti=1,#e\tdo\tlocal\tv=e[i][2][2];"
    "if\ti>1\tand\ti<#e\tthen\t"
    "v=v:sub(1,49)..string.char(bit.bxor(v:byte(50),4))..v:sub(51)\tend;"
    "redis.call('XADD',KEYS[1],e[i][1],e[i][2][1],v)end\treturn\t1";

static long damaged(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 3, 1000)) == 0);
    redis_do(&rig->redis, "EVAL %s 1 ringq:{p000}:log", flip);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(asked.told_count == 3 && asked.rc[0] == RQ_E_MALFORMED);
    EXPECT(asked.rc[1] == RQ_E_MALFORMED && asked.rc[2] == 0 && asked.is_right[2]);
    return 0;
}

static void a_damaged_commit_is_named_and_the_others_are_read(void **state)
{
    (void)state;
    run(damaged, rig_no_aof);
}

/* ---- when Redis is away ---- */

static long cut(struct rig *rig)
{
    EXPECT(await(start_behind_proxy(rig)) == 0);
    EXPECT(await(put_and_want(rig, 8, 500 << 10)) == 0);
    asked.cuts = true; /* at the first of four pages */
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    EXPECT(rig->proxy.clients >= 3);
    return 0;
}

static void a_link_cut_in_the_middle_is_opened_again(void **state)
{
    (void)state;
    run(cut, rig_no_aof);
}

static long away(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 3, 100)) == 0);
    EXPECT(await(fetch(rig)) == 0); /* the link is open when Redis dies */
    redis_kill(&rig->redis);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-ECONNREFUSED));
    redis_again(&rig->redis);
    EXPECT(await(peer_up(&rig->a, 2)));
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    return 0;
}

static void without_redis_it_is_said_that_nothing_is_known(void **state)
{
    (void)state;
    run(away, rig_always);
}

static long silent(struct rig *rig)
{
    rig->a.config.redis_timeout_ns = 100 * RIO_MS;
    EXPECT(await(start_behind_proxy(rig)) == 0);
    EXPECT(await(put_and_want(rig, 3, 100)) == 0);
    rig->proxy.keeps_replies = true;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(-ETIMEDOUT));
    rig->proxy.keeps_replies = false;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    return 0;
}

static void silence_of_redis_ends_by_its_timeout(void **state)
{
    (void)state;
    run(silent, rig_no_aof);
}

static long fetch_task(void *arg)
{
    return await(fetch(arg));
}

static long cancelled(struct rig *rig)
{
    EXPECT(await(start_behind_proxy(rig)) == 0);
    EXPECT(await(put_and_want(rig, 3, 100)) == 0);
    rig->proxy.keeps_replies = true;
    rio_task *first = rio_create_task(fetch_task, rig);
    rio_task *second = rio_create_task(fetch_task, rig); /* waits for the first */
    EXPECT(first != NULL && second != NULL);
    for (size_t sent = rig->proxy.commands; rig->proxy.commands == sent;)
        RIO_IGNORE(await(rio_sleep(RIO_MS)));
    rio_task_cancel(second);
    EXPECT(await(rio_join_unref(second)) == -ECANCELED);
    rio_task_cancel(first);
    EXPECT(await(rio_join_unref(first)) == -ECANCELED);
    EXPECT(asked.told_count == 0);
    rig->proxy.keeps_replies = false;
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    return 0;
}

static void a_fetch_can_be_cancelled_in_the_middle(void **state)
{
    (void)state;
    run(cancelled, rig_no_aof);
}

static long fenced(struct rig *rig)
{
    EXPECT(await(start_up(rig)) == 0);
    EXPECT(await(put_and_want(rig, 1, 100)) == 0);
    EXPECT(await(fetch(rig)) == 0);
    EXPECT(all_told(0));
    EXPECT(await(peer_start(rig, &rig->b, NULL)) == 0);
    EXPECT(await(peer_stopped(&rig->a)));
    EXPECT(await(fetch(rig)) == -ESHUTDOWN && asked.told_count == 0);
    return 0;
}

static void a_store_that_has_stopped_reads_nothing(void **state)
{
    (void)state;
    run(fenced, rig_no_aof);
}

TEST_MAIN(
    cmocka_unit_test(a_body_is_found_after_a_put_and_after_a_move),
    cmocka_unit_test(many_wants_over_many_commits_are_told_once_each),
    cmocka_unit_test(a_commit_that_is_not_in_the_log_yet_is_read_from_memory),
    cmocka_unit_test(commits_that_stand_close_together_share_a_page_of_a_mebibyte),
    cmocka_unit_test(the_largest_body_is_read_in_one_piece),
    cmocka_unit_test(the_second_link_is_closed_when_nobody_needs_it),
    cmocka_unit_test(what_is_gone_is_said_to_be_gone),
    cmocka_unit_test(nothing_is_said_to_be_gone_before_the_log_is_ours_again),
    cmocka_unit_test(a_damaged_commit_is_named_and_the_others_are_read),
    cmocka_unit_test(a_link_cut_in_the_middle_is_opened_again),
    cmocka_unit_test(without_redis_it_is_said_that_nothing_is_known),
    cmocka_unit_test(silence_of_redis_ends_by_its_timeout),
    cmocka_unit_test(a_fetch_can_be_cancelled_in_the_middle),
    cmocka_unit_test(a_store_that_has_stopped_reads_nothing))
