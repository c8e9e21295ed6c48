/* ledger - what the log still holds for the living.
 * SPDX-License-Identifier: MIT */
#include "store/ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/failpoint.h"

enum { LINES_AT_FIRST = 64 };

/* A backlog of a million single PUTs keeps a million lines: 32 MB. */
struct ledger_line {
    uint64_t n;     /* of the id; valid when placed */
    uint32_t epoch; /* the same */
    uint32_t live, homes;
    uint32_t home_bytes; /* of `homes` records */
    uint32_t bytes;      /* valid when placed */
    bool placed;
};

void ledger_init(struct ledger *l)
{
    *l = (struct ledger){.first = 1};
}

void ledger_fini(struct ledger *l)
{
    free(l->lines);
    ledger_init(l);
}

static struct ledger_line *line_at(const struct ledger *l, size_t i)
{
    return &l->lines[(l->start + i) & (l->cap - 1)];
}

static struct ledger_line *line_of(const struct ledger *l, uint64_t seq)
{
    ASSERT(seq >= l->first);
    ASSERT(seq - l->first < l->count);
    return line_at(l, (size_t)(seq - l->first));
}

static int grow(struct ledger *l)
{
    size_t cap = l->cap == 0 ? LINES_AT_FIRST : l->cap * 2;
    struct ledger_line *lines = calloc(cap, sizeof *lines);

    if (lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < l->count; i++)
        lines[i] = *line_at(l, i);
    free(l->lines);
    l->lines = lines;
    l->start = 0;
    l->cap = cap;
    return 0;
}

int ledger_add(struct ledger *l, uint64_t *out_seq)
{
    if (l->count == l->cap) {
        int rc = grow(l);
        if (rc < 0)
            return rc;
    }
    *line_at(l, l->count) = (struct ledger_line){0};
    *out_seq = l->first + l->count;
    l->count++;
    return 0;
}

/* Of what lives in the line. */
static uint64_t live_bytes(const struct ledger_line *line)
{
    if (!line->placed || line->homes == 0)
        return 0;
    return (uint64_t)line->home_bytes * line->live / line->homes;
}

static void drop_dead(struct ledger *l)
{
    while (l->count > 0) {
        const struct ledger_line *line = line_at(l, 0);

        if (!line->placed || line->live > 0)
            break;
        FAILPOINT("store.before_trim");
        l->bytes -= line->bytes;
        l->start = (l->start + 1) & (l->cap - 1);
        l->first++;
        l->count--;
    }
}

void ledger_count(struct ledger *l, uint64_t seq, size_t bytes)
{
    struct ledger_line *line = line_of(l, seq);

    ASSERT(line->homes < UINT32_MAX && bytes <= UINT32_MAX - line->home_bytes);
    ASSERT(!line->placed);
    line->homes++;
    line->home_bytes += (uint32_t)bytes;
    if (line->live++ == 0)
        l->live++;
}

void ledger_forget(struct ledger *l, uint64_t seq)
{
    struct ledger_line *line = line_of(l, seq);

    ASSERT(line->live > 0);
    l->live_bytes -= live_bytes(line);
    line->live--;
    l->live_bytes += live_bytes(line);
    if (line->live > 0)
        return;
    l->live--;
    drop_dead(l);
}

void ledger_place(struct ledger *l, uint64_t seq, struct entry_id id, size_t bytes)
{
    struct ledger_line *line = line_of(l, seq);

    ASSERT(!line->placed && id.epoch <= UINT32_MAX && bytes <= UINT32_MAX);
    line->placed = true;
    line->epoch = (uint32_t)id.epoch;
    line->n = id.n;
    line->bytes = (uint32_t)bytes;
    l->bytes += bytes;
    l->live_bytes += live_bytes(line);
    drop_dead(l);
}

int ledger_find(const struct ledger *l, uint64_t seq, struct entry_id *out_id,
                size_t *out_bytes)
{
    if (seq < l->first || seq - l->first >= l->count)
        return -ENOENT;

    const struct ledger_line *line = line_of(l, seq);
    if (!line->placed)
        return 0;
    if (line->n == 0)
        return -ENOENT; /* nothing of it had to be in the log */
    *out_id = (struct entry_id){line->epoch, line->n};
    *out_bytes = line->bytes;
    return 1;
}

struct entry_id ledger_low(const struct ledger *l, struct entry_id next)
{
    if (l->count == 0)
        return next;

    const struct ledger_line *line = line_at(l, 0);
    return line->placed ? (struct entry_id){line->epoch, line->n} : next;
}

uint64_t ledger_plan(const struct ledger *l, uint64_t goal, uint64_t most)
{
    uint64_t left = l->bytes, moved = 0;
    size_t i;

    for (i = 0; i < l->count && left > goal && moved < most; i++) {
        const struct ledger_line *line = line_at(l, i);
        uint64_t live = live_bytes(line);

        if (!line->placed)
            break;
        moved += live;
        left -= line->bytes > live ? line->bytes - live : 0;
    }
    return l->first + i;
}

uint64_t ledger_next(const struct ledger *l)
{
    return l->first + l->count;
}

size_t ledger_entries(const struct ledger *l)
{
    return l->count;
}
