/* stack.h - stacks for tasks: cut from slabs, guarded, pooled.
 *
 *     slab      | stack 0 | stack 1 | ...                     one mapping, NORESERVE
 *     stack     | guard page |            <- grows down | top
 *
 * Guards, best first: MADV_GUARD_INSTALL (kernel 6.13: costs no mapping), mprotect (two
 * mappings a stack, so only while max_map_count allows), a canary of 64 bytes that is
 * looked at when the stack comes back.  Stacks are handed out last in, first out.  One
 * is 64 KiB and its guard long: an odd number of pages, so that equal depths of
 * neighbours do not fall into the same sets of the cache.
 *
 *     in_use + free_count + fresh_left = stacks of all slabs
 * SPDX-License-Identifier: MIT */
#ifndef RIO_STACK_H
#define RIO_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rio__guard { RIO__GUARD_MADVISE, RIO__GUARD_MPROTECT, RIO__GUARD_CANARY };

struct rio__slab {
    char *base;
    size_t bytes;
};

struct rio__stacks {
    void *
        *free; /* tops; room for every pooled stack, so that giving back cannot fail */
    size_t free_count, free_cap;
    size_t stack_bytes; /* of a pooled stack, guard included */
    size_t guard_bytes; /* one page */
    size_t warm_bytes;  /* what a free stack may keep */
    char *fresh;        /* the next stack of the newest slab that was never used */
    size_t fresh_left;
    struct rio__slab *slabs;
    size_t slab_count, slab_cap;
    size_t slab_stacks; /* how many the next slab will hold */
    size_t in_use, mprotected, mprotect_max;
    enum rio__guard guard;
    bool paint;   /* each stack when it is handed out */
    bool watched; /* valgrind runs: dead stacks are not looked at */
};

void rio__stacks_init(struct rio__stacks *p);
/* Unmaps everything; nothing may be in use. */
void rio__stacks_fini(struct rio__stacks *p);

/* A stack of at least `bytes` usable ones (0: the pooled size).
 * Returns  its top, page-aligned, or NULL; *out_bytes: what lies between guard and top
 */
void *rio__stacks_get(struct rio__stacks *p, size_t bytes, size_t *out_bytes);
/* Gives it back, with the *out_bytes of get. */
void rio__stacks_put(struct rio__stacks *p, void *top, size_t bytes);

/* From now on stacks are filled with a pattern when they are handed out, or not. */
void rio__stacks_paint(struct rio__stacks *p, bool on);
/* How many bytes below the top of a painted stack do not bear the pattern any more. */
size_t rio__stack_depth(const void *top, size_t bytes);

const char *rio__stacks_guard_name(const struct rio__stacks *p);

#endif
