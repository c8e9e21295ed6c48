/* spots - wants of store_fetch() in the order of the log.
 * SPDX-License-Identifier: MIT */
#include "store/spots.h"

#include <errno.h>
#include <stdlib.h>

#include "store/encode.h"

/* ---- order ---- */

static int compare_jobs(struct job_id a, struct job_id b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return (a.number > b.number) - (a.number < b.number);
}

static int by_place(const void *left, const void *right)
{
    const struct store_want *a = ((const struct spot *)left)->want;
    const struct store_want *b = ((const struct spot *)right)->want;

    if (a->home != b->home)
        return a->home < b->home ? -1 : 1;
    return compare_jobs(a->job, b->job);
}

int spots_init(struct spots *s, const struct store_want *wants, size_t count)
{
    *s = (struct spots){.count = count};
    s->all = calloc(count, sizeof *s->all);
    if (s->all == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        s->all[i].want = &wants[i];
    qsort(s->all, count, sizeof *s->all, by_place);
    return 0;
}

void spots_fini(struct spots *s)
{
    free(s->all);
    *s = (struct spots){0};
}

struct spot *spots_next(struct spots *s)
{
    while (s->next < s->count && s->all[s->next].told)
        s->next++;
    return s->next < s->count ? &s->all[s->next] : NULL;
}

struct spot_range spots_of_commit(const struct spots *s, struct spot *from)
{
    struct spot_range r = {from, from};

    while (r.to < s->all + s->count && r.to->want->home == from->want->home)
        r.to++;
    return r;
}

/* ---- telling ---- */

void spots_tell(struct spots *s, struct spot *spot, struct rq_slice body, int rc)
{
    spot->told = true;
    s->told++;
    s->fetched(s->arg, spot->want, body, rc);
}

void spots_tell_rest(struct spots *s, struct spot_range r, int rc)
{
    for (struct spot *spot = r.from; spot < r.to; spot++)
        if (!spot->told)
            spots_tell(s, spot, RQ_LIT(""), rc);
}

/* ---- one commit ---- */

/* The first spot of the range, which is of one commit, that is not before `job`. */
static struct spot *find_job(struct spot_range r, struct job_id job)
{
    while (r.from < r.to) {
        struct spot *middle = r.from + (r.to - r.from) / 2;

        if (compare_jobs(middle->want->job, job) < 0)
            r.from = middle + 1;
        else
            r.to = middle;
    }
    return r.from;
}

static void note(struct spot_range r, const struct record *record)
{
    if (record->type != RECORD_PUT && record->type != RECORD_MOVE)
        return;
    for (struct spot *spot = find_job(r, record->job);
         spot < r.to && compare_jobs(spot->want->job, record->job) == 0; spot++) {
        spot->body = record->body;
        spot->apart = record->apart;
        spot->found = true;
    }
}

int spots_find(struct spot_range r, struct rq_slice plain)
{
    struct decoder d;
    struct record record;

    int rc = decode_begin(&d, plain);
    if (rc < 0)
        return rc;
    while ((rc = decode_next(&d, &record)) == 1)
        note(r, &record);
    return rc;
}

void spots_tell_bodies(struct spots *s, struct spot_range r, struct rq_slice plain)
{
    int rc = spots_find(r, plain);

    if (rc < 0) {
        spots_tell_rest(s, r, rc);
        return;
    }
    for (struct spot *spot = r.from; spot < r.to; spot++) {
        if (spot->told || (spot->found && spot->apart.epoch > 0))
            continue;
        if (spot->found)
            spots_tell(s, spot, spot->body, 0);
        else
            spots_tell(s, spot, RQ_LIT(""), -ENOENT);
    }
}
