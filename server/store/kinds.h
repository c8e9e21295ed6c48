/* kinds.h - what jobs of one commit have in common, so that it is written once: their
 * queue and how they are to be handled.
 *
 * The first job of a kind is written whole, so that a commit of one job is as small as
 * it can be.  With the second one the kind itself is written, and from then on jobs of
 * it only have what is theirs.  Of kinds that share a slot the last one is known: the
 * others are written again when they are back, which costs bytes and nothing else.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_KINDS_H
#define STORE_KINDS_H

#include "base/name.h"
#include "core/record.h"

enum { KINDS_SLOTS = 8 };

enum kind_state { KIND_NONE, KIND_SEEN, KIND_TOLD };

struct kind {
    enum kind_state state; /* told: it is written */
    uint8_t slot;
    uint8_t queue_len, queue[RQ_NAME_MAX];
    struct job_policy policy; /* but for TTL, KEEP and WINDOW */
    int64_t put_wall_ms;      /* what the times of its jobs count from */
};

struct kinds {
    struct kind slots[KINDS_SLOTS];
};

/* None was seen. */
void kinds_clear(struct kinds *k);
/* The kind of a PUT or MOVE.  NULL: its queue's name is too long */
struct kind *kinds_find(struct kinds *k, const struct record *record);

#endif
