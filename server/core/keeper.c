/* keeper - see keeper.h.
 * SPDX-License-Identifier: MIT */
#include "core/keeper.h"

#include <stdlib.h>

#include "base/assert.h"
#include "core/state.h"

struct rq_slice keeper_name(const struct keeper *keeper)
{
    return rq_slice(keeper->name, keeper->name_len);
}

struct rq_slice keeper_key_of(const void *keeper)
{
    return keeper_name(keeper);
}

static struct keeper *keeper_new(struct core *core, struct rq_slice name)
{
    struct keeper *k = calloc(1, sizeof *k + name.len);

    if (k == NULL)
        return NULL;
    k->core = core;
    rq_list_init(&k->holders);
    rq_list_init(&k->nobody.leases);
    k->name_len = (uint8_t)name.len;
    memcpy(k->name, name.ptr, name.len);
    if (rq_map_put(&core->keepers, k) < 0) {
        free(k);
        return NULL;
    }
    return k;
}

struct keeper *keeper_need(struct core *core, struct rq_slice name)
{
    struct keeper *k = rq_map_get(&core->keepers, name);

    ASSERT(name.len > 0 && name.len <= UINT8_MAX);
    if (k == NULL)
        k = keeper_new(core, name);
    if (k != NULL)
        k->refs++;
    return k;
}

void keeper_ref(struct keeper *keeper)
{
    keeper->refs++;
}

void keeper_unref(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    ASSERT(keeper->refs > 0);
    if (--keeper->refs > 0)
        return;
    ASSERT(keeper->nobody.lease_count == 0 && rq_list_empty(&keeper->holders));
    void *removed = rq_map_remove(&keeper->core->keepers, keeper_name(keeper));
    ASSERT(removed == keeper);
    free(keeper);
}

struct holder *keeper_heir(struct keeper *keeper)
{
    if (rq_list_empty(&keeper->holders))
        return &keeper->nobody;
    return RQ_LIST_ENTRY(keeper->holders.next, struct holder, of_keeper);
}

/* ---- whose a lease is ---- */

void holder_drop(struct job_extra *lease)
{
    if (lease->holder == NULL)
        return;
    ASSERT(lease->holder->lease_count > 0);
    rq_list_remove(&lease->of_holder);
    lease->holder->lease_count--;
    lease->holder = NULL;
}

void holder_take(struct holder *holder, struct job_extra *lease)
{
    holder_drop(lease);
    lease->holder = holder;
    rq_list_push_back(&holder->leases, &lease->of_holder);
    holder->lease_count++;
}

/* ---- all of them ---- */

void keepers_free(struct core *core)
{
    struct keeper *k;
    size_t cursor = 0;

    while ((k = rq_map_next(&core->keepers, &cursor)) != NULL)
        free(k);
}

size_t keepers_check(const struct core *core, size_t refs)
{
    const struct keeper *k;
    size_t cursor = 0, leases = 0, sum = 0;

    while ((k = rq_map_next(&core->keepers, &cursor)) != NULL) {
        size_t count = 0;

        RQ_LIST_EACH(link, &k->nobody.leases)
        {
            ASSERT(RQ_LIST_ENTRY(link, struct job_extra, of_holder)->keeper == k);
            count++;
        }
        ASSERT(k->refs > 0 && count == k->nobody.lease_count);
        ASSERT(count == 0 || rq_list_empty(&k->holders));
        sum += k->refs;
        leases += count;
    }
    ASSERT(sum == refs);
    return leases;
}
