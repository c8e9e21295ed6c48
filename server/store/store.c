/* store - the contract of store.h: append, withdraw, flush, stats.
 * SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/encode.h"
#include "store/inner.h"
#include "store/names.h"

/* clang-format off */
static const char *const level_names[] = {
    [STORE_MEMORY] = "memory", [STORE_REDIS] = "redis",
    [STORE_EVERYSEC] = "everysec", [STORE_FSYNC] = "fsync",
};
static const char *const copies_names[STORE_COPIES_MAX + 1] = {
    NULL,
    "replica:1", "replica:2", "replica:3", "replica:4",
    "replica:5", "replica:6", "replica:7", "replica:8",
    "replica:9", "replica:10", "replica:11", "replica:12",
    "replica:13", "replica:14", "replica:15", "replica:16",
};
/* clang-format on */

const char *store_level_name(enum store_level level)
{
    return level_names[level];
}

int store_level_parse(struct rq_slice word, enum store_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (rq_slice_eq_nocase(word, rq_slice_str(level_names[i]))) {
            *out = (enum store_level)i;
            return 0;
        }
    return -EINVAL;
}

/* ---- life ---- */

static int init(struct store *s, const struct store_config *config,
                const struct store_events *events, char *why)
{
    uint64_t seed;

    s->config = *config;
    if (config->wanted == STORE_MEMORY)
        s->config.copies = 0; /* nobody waits */
    s->events = *events;
    rq_list_init(&s->flushers);
    ledger_init(&s->ledger);
    commits_init(&s->commits, &s->ledger);
    s->commits.bigs.over = config->big_over;
    recover_init(&s->recover, &s->ledger, &s->commits.bigs, &s->seal, &s->events);
    rq_rand_system(&seed, sizeof seed);
    rq_rand_seed(&s->rand, seed);
    int rc = url_parse(config->url, &s->url, why);
    if (rc == 0)
        rc = seal_init(&s->seal, NAMES_LOG);
    if (rc == 0)
        rc = seal_init(&s->big_seal, NAMES_BIG);
    if (rc == 0 && fence_init(&s->fence, config->state_dir, config->address) < 0) {
        snprintf(why, URL_WHY, "the path of the state directory is too long");
        rc = -EINVAL;
    }
    return rc;
}

int store_start(const struct store_config *config, const struct store_events *events,
                rio_group *group, char *why, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);

    if (s == NULL)
        return -ENOMEM;
    int rc = init(s, config, events, why);
    if (rc == 0) {
        s->task = rio_group_spawn(group, session__main, s);
        rc = s->task == NULL ? -errno : 0;
    }
    if (rc < 0) {
        store_free(s);
        return rc;
    }
    rq_ignore(rio_task_set_name(s->task, "store")); /* a name is a convenience */
    *out = s;
    return 0;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    ASSERT(store->link == NULL);
    ASSERT(store->side.link == NULL);
    commits_fini(&store->commits);
    ledger_fini(&store->ledger);
    seal_fini(&store->seal);
    seal_fini(&store->big_seal);
    url_fini(&store->url);
    free(store);
}

/* ---- appending ---- */

bool store__is_stopped(const struct store *s)
{
    return s->has_ended || s->state == STORE_FENCED || s->state == STORE_HALTED;
}

int store_append(struct store *store, const struct record *record, uint64_t *out_seq)
{
    if (store__is_stopped(store))
        return -ESHUTDOWN;
    /* What is held together was let in together. */
    if (record->type == RECORD_PUT && !store->commits.is_held && !store_has_room(store))
        return -ENOBUFS;
    int rc = commits_append(&store->commits, record, rio_turn_time(), out_seq);
    if (rc == 0)
        flow__arm(store);
    return rc;
}

void store_hold(struct store *store)
{
    commits_hold(&store->commits);
}

void store_unhold(struct store *store)
{
    commits_unhold(&store->commits);
}

bool store_has_room(const struct store *store)
{
    return !store__is_stopped(store) && store->commits.bytes < COMMIT_ROOM_BYTES;
}

bool store_is_crowded(const struct store *store)
{
    return store->state == STORE_UP && store->is_crowded;
}

const char *store_trouble(const struct store *store)
{
    if (store_is_crowded(store))
        return "Redis is nearly full; finish jobs, or raise its maxmemory";
    return store->state == STORE_UP ? "" : store->problem;
}

void store_forget(struct store *store, uint64_t seq)
{
    ledger_forget(&store->ledger, seq);
}

void store_repaired(struct store *store, uint64_t seq)
{
    store->repaired_seq = seq > 0 ? seq : 1;
    if (seq > store->confirmed_seq)
        return;
    /* All of it is in the log already: perhaps nobody writes any more, but something
     * has to cut.  Without memory the next commit does. */
    rq_ignore(commits_mark(&store->commits, rio_now()));
    flow__arm(store);
}

/* While it works, what it has moved stands in the log twice: a quarter of what lives at
 * most, and that and a part of the spare are kept free for it. */
bool store_wants_compaction(const struct store *store, uint64_t *out_before)
{
    const struct ledger *l = &store->ledger;
    uint64_t spare =
        store->config.log_spare > 0 ? store->config.log_spare : STORE_LOG_SPARE;
    uint64_t quarter = l->live_bytes / 4;
    uint64_t most = quarter > spare / 8 ? quarter : spare / 8;

    if (store->is_repairing || l->bytes <= 7 * quarter + spare / 8 * 5)
        return false;
    *out_before = ledger_plan(l, 7 * quarter + spare / 4, most);
    return true;
}

uint64_t store_written(const struct store *store)
{
    return store->commit_bytes;
}

uint64_t store_log_bytes(const struct store *store)
{
    return store->ledger.bytes;
}

size_t store_owed(const struct store *store)
{
    return store->commits.bytes;
}

bool store_was_sent(const struct store *store, uint64_t seq)
{
    const struct commit *commit = commits_find(&store->commits, seq);

    return commit == NULL || commit->was_sent;
}

bool store_withdraw(struct store *store, struct job_id job, uint64_t seq)
{
    struct commit *commit = commits_find(&store->commits, seq);

    if (commit == NULL || commit->was_sent)
        return false;
    if (!commit_withdraw(&store->commits, commit, job))
        return false;
    store__wake_flushers(store, true); /* perhaps nothing is owed any more */
    return true;
}

/* ---- flushing ---- */

void store__wake_flushers(struct store *s, bool all)
{
    RQ_LIST_EACH(link, &s->flushers)
    {
        struct flusher *f = RQ_LIST_ENTRY(link, struct flusher, link);

        if (all || f->seq <= s->confirmed_seq)
            rio_event_set(&f->done);
    }
}

/* Is there anything up to commit `seq` that the log still lacks? */
static bool is_owed(const struct store *s, uint64_t seq)
{
    const struct commit *first = commits_first(&s->commits);

    return first != NULL && first->seq <= seq;
}

int store_flush(struct store *store)
{
    struct flusher f = {.seq = ledger_next(&store->ledger) - 1};
    int rc = 0;

    rq_list_push_back(&store->flushers, &f.link);
    flow__arm(store); /* nothing may wait for company now */
    while (rc == 0 && is_owed(store, f.seq)) {
        rio_event_clear(&f.done);
        rc = store__is_stopped(store) ? -ESHUTDOWN : await(rio_event_wait(&f.done));
    }
    rq_list_remove(&f.link);
    return rc;
}

/* ---- looking ---- */

enum store_state store_state(const struct store *store)
{
    return store->state;
}

enum store_level store_level(const struct store *store)
{
    return settings_level(&store->settings, store->config.wanted);
}

unsigned store_copies(const struct store *store)
{
    return store->config.copies;
}

const char *store_reached(const struct store *store)
{
    return store->copies > 0 ? copies_names[store->copies]
                             : store_level_name(store_level(store));
}

void store_stats(const struct store *store, struct store_stats *out)
{
    *out = (struct store_stats){
        .state = store->state,
        .level = store_level(store),
        .reached = store_reached(store),
        .verified = store->settings.verified,
        .epoch = store->fence.epoch,
        .commits_in_flight = store->commits.count,
        .bytes_in_flight = store->commits.bytes,
        .commits = store->commit_count,
        .commit_bytes = store->commit_bytes,
        .reconnects = store->reconnects,
        .lost_tails = store->lost_tails,
        .repairs = store->repairs,
        .is_repairing = store->is_repairing,
        .log_bytes = store->ledger.bytes,
        .live_bytes = store->ledger.live_bytes,
        .entries = ledger_entries(&store->ledger),
        .live_entries = store->ledger.live,
        .replayed_records = store->recover.records,
        .replayed_bytes = store->recover.bytes,
    };
    memcpy(out->redis_version, store->settings.version, sizeof out->redis_version);
    snprintf(out->problem, sizeof out->problem, "%s",
             store->state != STORE_UP && store->problem[0] == '\0'
                 ? "connecting to Redis"
                 : store->problem);
}
