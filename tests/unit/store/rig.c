/* rig - stores under test on a real redis-server.
 * SPDX-License-Identifier: MIT */
#include "unit/store/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/test.h"
#include "unit/store/records.h"

enum { PATIENCE_S = 50 };

/* clang-format off */
const char *const rig_no_aof[] = {"--appendonly", "no", NULL};
const char *const rig_everysec[] = {"--appendonly", "yes", "--appendfsync", "everysec", NULL};
const char *const rig_always[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
/* clang-format on */

/* Of every byte, or of some in large bodies: a sanitized loop is slow. */
static uint64_t sum_of(struct rq_slice bytes)
{
    uint64_t sum = 14695981039346656037U;
    size_t step = bytes.len > 1 << 20 ? 4093 : 1;

    for (size_t i = 0; i < bytes.len; i += step)
        sum = (sum ^ bytes.ptr[i]) * 1099511628211U;
    return sum;
}

/* ---- events ---- */

static int on_replay(void *arg, const struct record *record, uint64_t seq)
{
    struct peer *p = arg;

    if (p->replay_rc < 0)
        return p->replay_rc;
    if (p->seen_count == p->seen_cap) {
        size_t cap = p->seen_cap == 0 ? 1024 : 2 * p->seen_cap;
        struct seen *seen = realloc(p->seen, cap * sizeof *seen);

        if (seen == NULL)
            return -ENOMEM;
        p->seen = seen;
        p->seen_cap = cap;
    }
    p->seen[p->seen_count++] = (struct seen){.type = record->type,
                                             .job = record->job,
                                             .seq = seq,
                                             .body_len = record->body.len,
                                             .body_sum = sum_of(record->body),
                                             .apart = record->apart};
    return 0;
}

static void on_owned(void *arg, uint64_t epoch)
{
    struct peer *p = arg;

    p->epoch = epoch;
    p->owned++;
    rio_event_set(&p->changed);
}

/* Nothing is written again but what the scenario writes. */
static void on_down(void *arg)
{
    struct peer *p = arg;

    p->down++;
}

static void on_lost(void *arg, uint64_t before)
{
    struct peer *p = arg;

    p->lost_before = before;
    p->lost++;
}

static void on_committed(void *arg, uint64_t seq)
{
    struct peer *p = arg;

    if (seq <= p->committed)
        p->went_back = true;
    p->committed = seq;
    rio_event_set(&p->changed);
}

static void on_refused(void *arg, const struct job_id *jobs, size_t count, uint64_t seq)
{
    struct peer *p = arg;

    p->refused_seq = seq;
    for (size_t i = 0; i < count; i++) {
        if (p->refused_count < sizeof p->refused / sizeof p->refused[0])
            p->refused[p->refused_count] = jobs[i];
        p->refused_count++;
        store_forget(p->store, seq);
    }
    rio_event_set(&p->changed);
}

static void on_stopped(void *arg, enum store_state state, const char *owner,
                       const char *why)
{
    struct peer *p = arg;

    p->stopped = state;
    snprintf(p->owner, sizeof p->owner, "%s", owner);
    snprintf(p->why, sizeof p->why, "%s", why);
    rio_event_set(&p->changed);
}

/* ---- peers ---- */

static void forget_told(struct peer *p)
{
    p->seen_count = p->refused_count = 0;
    p->owned = p->lost = 0;
    p->epoch = p->committed = p->refused_seq = 0;
    p->went_back = false;
    p->stopped = STORE_CONNECTING;
    p->owner[0] = p->why[0] = '\0';
}

/* The store's group lives here, so that stores can end in any order. */
static long host(void *arg)
{
    struct peer *p = arg;
    const struct store_events events = {.arg = p,
                                        .replay = on_replay,
                                        .owned = on_owned,
                                        .down = on_down,
                                        .lost = on_lost,
                                        .committed = on_committed,
                                        .refused = on_refused,
                                        .stopped = on_stopped};
    char why[200] = "";
    rio_group group = {0};

    int rc = rio_group_enter(&group);
    if (rc == 0)
        rc = store_start(&p->config, &events, &group, why, &p->store);
    if (rc < 0)
        fprintf(stderr, "store_start: %s\n", why);
    p->start_rc = rc;
    rio_event_set(&p->started);
    rc = await(rio_event_wait(&p->leave));
    rio_group_cancel(&group);
    RIO_IGNORE(await(rio_group_exit(&group, 0)));
    rio_group_destroy(&group);
    return rc;
}

int peer_start(struct rig *rig, struct peer *p, const char *url)
{
    forget_told(p);
    p->config.url = url != NULL ? url : rig->redis.url;
    if (p->config.address == NULL)
        p->config.address = "127.0.0.1:7766";
    p->config.state_dir = p->state_dir;
    if (p->config.redis_timeout_ns == 0)
        p->config.redis_timeout_ns = 5 * RIO_SEC;
    rio_event_clear(&p->started);
    rio_event_clear(&p->leave);
    p->host = rio_create_task(host, p);
    if (p->host == NULL)
        return -ENOMEM;
    int rc = await(rio_event_wait(&p->started));
    return rc < 0 ? rc : p->start_rc;
}

int peer_stop(struct peer *p)
{
    if (p->host == NULL)
        return 0;
    rio_event_set(&p->leave);
    RIO_IGNORE(await(rio_join_unref(p->host)));
    p->host = NULL;
    store_free(p->store);
    p->store = NULL;
    return 0;
}

RIO_AWAITS static bool
wait_for(struct peer *p, bool (*holds)(const struct peer *p, uint64_t n), uint64_t n)
{
    rio_timeout limit;
    int rc = 0;

    rio_timeout_enter(&limit, PATIENCE_S * RIO_SEC);
    while (rc == 0 && !holds(p, n)) {
        rio_event_clear(&p->changed);
        rc = await(rio_event_wait(&p->changed));
    }
    RIO_IGNORE(rio_timeout_exit(&limit, rc));
    if (!holds(p, n)) {
        struct store_stats st;

        store_stats(p->store, &st);
        fprintf(stderr, "in vain: state %d, problem: %s; %s\n", (int)st.state,
                st.problem, p->why);
    }
    return holds(p, n);
}

static bool is_up(const struct peer *p, uint64_t times)
{
    return (uint64_t)p->owned >= times;
}

static bool is_stopped(const struct peer *p, uint64_t n)
{
    (void)n;
    return p->stopped != STORE_CONNECTING;
}

static bool has_committed(const struct peer *p, uint64_t seq)
{
    return p->committed >= seq;
}

static bool has_refused(const struct peer *p, uint64_t count)
{
    return p->refused_count >= count;
}

bool peer_up(struct peer *p, int times)
{
    return await(wait_for(p, is_up, (uint64_t)times));
}

bool peer_stopped(struct peer *p)
{
    return await(wait_for(p, is_stopped, 0));
}

bool peer_committed(struct peer *p, uint64_t seq)
{
    return await(wait_for(p, has_committed, seq));
}

bool peer_refused(struct peer *p, size_t count)
{
    return await(wait_for(p, has_refused, count));
}

bool until(bool (*holds)(void *arg), void *arg)
{
    for (int64_t end = rio_now() + PATIENCE_S * RIO_SEC; rio_now() < end;) {
        if (holds(arg))
            return true;
        RIO_IGNORE(await(rio_sleep(2 * RIO_MS)));
    }
    return holds(arg);
}

static uint64_t append(struct peer *p, const struct record *r)
{
    uint64_t seq = 0;

    return store_append(p->store, r, &seq) == 0 ? seq : 0;
}

uint64_t peer_put(struct peer *p, uint64_t number, size_t len)
{
    uint8_t *body = malloc(len + 1);
    struct record r = record_put(p->epoch, number, "");

    memset(body, (int)number, len);
    for (size_t i = 0; i < len; i += 61)
        body[i] = (uint8_t)(number + i);
    r.body = rq_slice(body, len);
    uint64_t seq = append(p, &r);
    free(body);
    return seq;
}

uint64_t peer_done(struct peer *p, uint64_t number)
{
    struct record r = record_done(p->epoch, number);

    return append(p, &r);
}

uint64_t peer_lease(struct peer *p, uint64_t number)
{
    struct record r = record_lease(p->epoch, number);

    return append(p, &r);
}

uint64_t peer_put_flush(struct peer *p, uint64_t number, size_t len)
{
    uint64_t seq = peer_put(p, number, len);

    if (seq == 0)
        return 0;
    int rc = await(store_flush(p->store));
    return rc == 0 && p->committed >= seq ? seq : 0;
}

size_t peer_seen_put(const struct peer *p, uint64_t number)
{
    size_t n = 0;

    for (size_t i = 0; i < p->seen_count; i++)
        if (p->seen[i].type == RECORD_PUT && p->seen[i].job.number == number)
            n++;
    return n;
}

int64_t rig_xlen(struct rig *rig)
{
    return redis_do(&rig->redis, "XLEN ringq:{p000}:log");
}

/* ---- running ---- */

struct run {
    struct rig *rig;
    scenario *scenario;
};

static long run_scenario(void *arg)
{
    struct run *run = arg;

    long line = run->scenario(run->rig);
    RIO_IGNORE(await(peer_stop(&run->rig->a)));
    RIO_IGNORE(await(peer_stop(&run->rig->b)));
    if (run->rig->proxy.server != NULL)
        RIO_IGNORE(await(proxy_stop(&run->rig->proxy)));
    return line;
}

static void make_state_dir(struct rig *rig, struct peer *p, const char *name)
{
    snprintf(p->state_dir, sizeof p->state_dir, "%s/%s", rig->redis.dir, name);
    assert_int_equal(mkdir(p->state_dir, 0700), 0);
}

void rig_run(scenario *s, const char *const *options)
{
    struct rig *rig = calloc(1, sizeof *rig);
    struct run run = {rig, s};

    assert_non_null(rig);
    redis_start(&rig->redis, options);
    make_state_dir(rig, &rig->a, "state-a");
    make_state_dir(rig, &rig->b, "state-b");
    rig->b.config.address = "10.0.0.2:7766";
    rig->a.config.wanted = rig->b.config.wanted = STORE_FSYNC;
    long line = rio_run(run_scenario, &run);
    redis_stop(&rig->redis);
    free(rig->a.seen);
    free(rig->b.seen);
    free(rig);
    if (line != 0)
        fail_msg("the scenario failed at line %ld", line);
}
