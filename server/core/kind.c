/* kind - interned descriptions of jobs, counted by reference.
 * SPDX-License-Identifier: MIT */
#include "core/kind.h"

#include <stdlib.h>

#include "base/assert.h"
#include "core/attrs.h"
#include "core/group.h"
#include "core/limits.h"
#include "core/state.h"

struct rq_slice kind_key_of(const void *value)
{
    const struct job_kind *kind = value;

    return rq_slice(&kind->key, sizeof kind->key);
}

bool kind_policy_is_valid(const struct job_policy *p)
{
    return p->ttl_ms <= LIMIT_TTL_MS && p->keep_ms <= LIMIT_KEEP_MS &&
           p->window_ms <= LIMIT_KEEP_MS && p->tries > 0 && p->ttr_ms > 0 &&
           p->jitter_pct <= 100 && p->backoff <= JOB_BACKOFF_EXP;
}

static bool is_equal(const struct job_policy *a, const struct job_policy *b)
{
    return a->ttl_ms == b->ttl_ms && a->keep_ms == b->keep_ms &&
           a->window_ms == b->window_ms && a->ttr_ms == b->ttr_ms &&
           a->backoff_base_ms == b->backoff_base_ms &&
           a->backoff_max_ms == b->backoff_max_ms && a->tries == b->tries &&
           a->backoff == b->backoff && a->jitter_pct == b->jitter_pct &&
           a->pri == b->pri;
}

static struct job_kind *kind_new(struct core *core, const struct job_kind_key *key)
{
    struct job_kind *kind = malloc(sizeof *kind);

    if (kind == NULL)
        return NULL;
    memcpy(&kind->key, key, sizeof *key); /* the padding too */
    kind->refs = 0;
    if (rq_map_put(&core->kinds, kind) < 0) {
        free(kind);
        return NULL;
    }
    if (key->group != NULL)
        group_ref(key->group);
    return kind;
}

static struct job_kind *find(struct core *core, struct queue *q, struct group *g,
                             uint64_t epoch, const struct job_policy *policy)
{
    struct job_kind *kind = g == NULL ? q->last_put : g->recent;
    struct job_kind_key key;

    if (kind == NULL || kind->key.epoch != epoch ||
        !is_equal(&kind->key.policy, policy)) {
        memset(&key, 0, sizeof key);
        key.queue = q;
        key.group = g;
        key.epoch = epoch;
        key.policy.ttl_ms = policy->ttl_ms;
        key.policy.keep_ms = policy->keep_ms;
        key.policy.window_ms = policy->window_ms;
        key.policy.ttr_ms = policy->ttr_ms;
        key.policy.backoff_base_ms = policy->backoff_base_ms;
        key.policy.backoff_max_ms = policy->backoff_max_ms;
        key.policy.tries = policy->tries;
        key.policy.backoff = policy->backoff;
        key.policy.jitter_pct = policy->jitter_pct;
        key.policy.pri = policy->pri;
        kind = rq_map_get(&core->kinds, rq_slice(&key, sizeof key));
        if (kind == NULL)
            kind = kind_new(core, &key);
    }
    if (kind != NULL)
        kind->refs++;
    return kind;
}

struct job_kind *kind_need(struct core *core, struct queue *q, struct rq_slice attrs,
                           uint64_t epoch, const struct job_policy *policy)
{
    struct group *g = NULL;
    struct rq_slice name;

    if (attrs.len > 0 && attrs_find(attrs, ATTR_GROUP, &name) &&
        group_need(core, q, name, &g) < 0)
        return NULL;
    struct job_kind *kind = find(core, q, g, epoch, policy);
    if (kind == NULL && g != NULL)
        group_release(g);
    return kind;
}

void kind_unref(struct core *core, struct job_kind *kind)
{
    if (kind == NULL)
        return;
    ASSERT(kind->refs > 0);
    if (--kind->refs > 0)
        return;
    struct group *g = kind->key.group;
    void *removed = rq_map_remove(&core->kinds, kind_key_of(kind));
    ASSERT(removed == kind);
    if (g != NULL && g->recent == kind)
        g->recent = NULL;
    free(kind);
    if (g != NULL)
        group_unref(g);
}

void kind_remember(struct core *core, struct queue *q, struct job_kind *kind)
{
    if (kind->key.group != NULL) {
        kind->key.group->recent = kind; /* no reference: it goes with its last job */
        return;
    }
    if (q->last_put == kind)
        return;
    kind->refs++;
    kind_unref(core, q->last_put);
    q->last_put = kind;
}
