/* stack.c - see stack.h.
 *
 * A returned stack keeps the pages it touched, so that the next task finds them warm;
 * if the task went deeper than 16 KiB, or many stacks are free already, they go back to
 * the kernel.  "Deeper" is read off 64 bytes at that depth: never touched, they are
 * zero.
 * SPDX-License-Identifier: MIT */
#include "rio/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/num.h"
#include "rio/sanitize.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#if defined(RIO_ASAN) || defined(RIO_TSAN)
enum { STACK_BYTES = 256 << 10 }; /* redzones make frames several times as large */
#else
enum { STACK_BYTES = 64 << 10 };
#endif

enum {
    SLAB_STACKS_FIRST = 64, /* 4 MiB of address space, doubled for each next slab */
    SLAB_STACKS_MAX = 4096, /* 100,000 stacks in about 30 mappings */
    WARM_BYTES = 16 << 10,  /* what a free stack may keep */
    WARM_STACKS = 1024,     /* how many free stacks may keep it */
    PROBE_BYTES = 256,      /* looked at, at WARM_BYTES depth */
    CANARY_BYTES = 64,
    CANARY_BYTE = 0xC5,
    PAINT_BYTE = 0xAB,
    BIG_STACK_MAX = 64 << 20, /* rio_task_opts.stack */
};

/* Half of what the kernel allows, since a guard splits one mapping into two. */
static size_t mprotect_budget(void)
{
    char text[32] = {0};
    size_t maps = 65530; /* the kernel's default */
    uint64_t value;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");

    if (f != NULL) {
        if (fgets(text, sizeof text, f) != NULL) {
            text[strcspn(text, "\n")] = '\0';
            if (rq_num_u64(rq_slice_str(text), 0, UINT32_MAX, &value) == 0)
                maps = (size_t)value;
        }
        (void)fclose(f);
    }
    return maps / 4;
}

void rio__stacks_init(struct rio__stacks *p)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    *p = (struct rio__stacks){.guard_bytes = page, .slab_stacks = SLAB_STACKS_FIRST};
    p->stack_bytes = page + (STACK_BYTES > 8 * page ? STACK_BYTES : 8 * page);
    p->warm_bytes = WARM_BYTES > page ? WARM_BYTES : page;
    p->mprotect_max = SIZE_MAX; /* not read yet */
    p->watched = rio__stacks_are_watched();
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    /* LSan reads every page that /proc/self/maps shows as readable. */
    p->guard = RIO__GUARD_MPROTECT;
#endif
}

void rio__stacks_fini(struct rio__stacks *p)
{
    ASSERT(p->in_use == 0);
    for (size_t i = 0; i < p->slab_count; i++) {
        rio__stack_memory_remove(p->slabs[i].base, p->slabs[i].bytes);
        (void)munmap(p->slabs[i].base, p->slabs[i].bytes);
    }
    free(p->slabs);
    free(p->free);
    *p = (struct rio__stacks){0};
}

/* Guards the lowest page of a stack, as well as this machine can. */
static void guard_stack(struct rio__stacks *p, char *base)
{
    if (p->guard == RIO__GUARD_MADVISE) {
        if (madvise(base, p->guard_bytes, MADV_GUARD_INSTALL) == 0)
            return;
        p->guard = RIO__GUARD_MPROTECT; /* before 6.13 */
    }
    if (p->guard == RIO__GUARD_MPROTECT) {
        if (p->mprotect_max == SIZE_MAX)
            p->mprotect_max = mprotect_budget();
        if (p->mprotected < p->mprotect_max &&
            mprotect(base, p->guard_bytes, PROT_NONE) == 0) {
            p->mprotected++;
            return;
        }
        p->guard = RIO__GUARD_CANARY;
    }
    memset(base + p->guard_bytes, CANARY_BYTE, CANARY_BYTES);
}

static void check_canary(const struct rio__stacks *p, const char *base)
{
    const unsigned char *canary = (const unsigned char *)base + p->guard_bytes;

    if (*canary == 0)
        return; /* this stack has a page as its guard */
    for (size_t i = 0; i < CANARY_BYTES; i++)
        ASSERT(canary[i] == CANARY_BYTE); /* a task has overflowed its stack */
}

static bool grow_arrays(struct rio__stacks *p, size_t stacks)
{
    size_t want = p->free_cap + stacks;
    void **free_list;
    struct rio__slab *slabs;

    free_list = realloc(p->free, want * sizeof *free_list);
    if (free_list == NULL)
        return false;
    p->free = free_list;
    if (p->slab_count < p->slab_cap)
        return true;
    slabs = realloc(p->slabs, (p->slab_cap + 16) * sizeof *slabs);
    if (slabs == NULL)
        return false;
    p->slabs = slabs;
    p->slab_cap += 16;
    return true;
}

static bool add_slab(struct rio__stacks *p)
{
    size_t stacks = p->slab_stacks, bytes = stacks * p->stack_bytes;
    char *base;

    if (!grow_arrays(p, stacks))
        return false;
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED)
        return false;
    /* Else one touched page of a stack costs two megabytes. */
    (void)madvise(base, bytes, MADV_NOHUGEPAGE);
    rio__stack_memory_add(base, bytes);
    p->slabs[p->slab_count++] = (struct rio__slab){base, bytes};
    p->free_cap += stacks;
    p->fresh = base;
    p->fresh_left = stacks;
    if (p->slab_stacks < SLAB_STACKS_MAX)
        p->slab_stacks *= 2;
    return true;
}

/* ---- paint ---- */

void rio__stacks_paint(struct rio__stacks *p, bool on)
{
    /* Valgrind takes what lies below a stack pointer for freed. */
    p->paint = on && !p->watched;
}

__attribute__((noinline)) static void paint(void *top, size_t bytes)
{
    /* All but the canary. */
    memset((char *)top - bytes + CANARY_BYTES, PAINT_BYTE, bytes - CANARY_BYTES);
}

static void *painted(const struct rio__stacks *p, void *top, size_t bytes)
{
    if (RQ_UNLIKELY(p->paint))
        paint(top, bytes);
    return top;
}

RIO_NO_ASAN size_t rio__stack_depth(const void *top, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)top - bytes + CANARY_BYTES;

    while (at < (const unsigned char *)top && *at == PAINT_BYTE)
        at++;
    return (size_t)((const unsigned char *)top - at);
}

/* ---- get and put ---- */

/* What is rare stays out of the way of what is not. */
__attribute__((noinline)) static void *get_big(struct rio__stacks *p, size_t bytes,
                                               size_t *out_bytes)
{
    char *base;

    if (bytes > BIG_STACK_MAX)
        return NULL;
    bytes = (bytes + p->guard_bytes - 1) / p->guard_bytes * p->guard_bytes;
    base = mmap(NULL, bytes + p->guard_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (mprotect(base, p->guard_bytes, PROT_NONE) < 0) {
        (void)munmap(base, bytes + p->guard_bytes);
        return NULL;
    }
    rio__stack_memory_add(base, bytes + p->guard_bytes);
    (void)rio__stack_announce(base + p->guard_bytes, bytes);
    p->in_use++;
    *out_bytes = bytes;
    return painted(p, base + p->guard_bytes + bytes, bytes);
}

__attribute__((noinline)) static void *get_fresh(struct rio__stacks *p, size_t usable)
{
    char *base;

    if (p->fresh_left == 0 && !add_slab(p))
        return NULL;
    base = p->fresh;
    p->fresh += p->stack_bytes;
    p->fresh_left--;
    p->in_use++;
    guard_stack(p, base);
    (void)rio__stack_announce(base + p->guard_bytes, usable);
    return painted(p, base + p->stack_bytes, usable);
}

void *rio__stacks_get(struct rio__stacks *p, size_t bytes, size_t *out_bytes)
{
    size_t usable = p->stack_bytes - p->guard_bytes;

    if (bytes > usable)
        return get_big(p, bytes, out_bytes);
    *out_bytes = usable;
    if (p->free_count == 0)
        return get_fresh(p, usable);
    p->in_use++;
    return painted(p, p->free[--p->free_count], usable);
}

RIO_NO_ASAN static bool went_deep(const char *at)
{
    const uint64_t *w = (const uint64_t *)(const void *)at;

    return (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) != 0;
}

/* Gives the pages from the guard up to `end` back to the kernel; they read as zero. */
static void cool(const struct rio__stacks *p, char *base, char *end)
{
    char *start = base + p->guard_bytes;

    if (p->guard == RIO__GUARD_CANARY)
        start += p->guard_bytes;
    (void)madvise(start, (size_t)(end - start), MADV_DONTNEED);
}

/* A pooled one that keeps no more than it may needs none of this. */
__attribute__((noinline)) static void put_with_care(struct rio__stacks *p, void *top,
                                                    size_t bytes)
{
    char *base = (char *)top - bytes - p->guard_bytes;

    if (bytes > p->stack_bytes - p->guard_bytes) {
        rio__stack_memory_remove(base, bytes + p->guard_bytes);
        (void)munmap(base, bytes + p->guard_bytes);
        return;
    }
    if (p->guard == RIO__GUARD_CANARY)
        check_canary(p, base);
    if (p->free_count >= WARM_STACKS)
        cool(p, base, top);
    else if (p->watched || went_deep((char *)top - p->warm_bytes))
        cool(p, base, (char *)top - p->warm_bytes + p->guard_bytes);
    p->free[p->free_count++] = top;
}

void rio__stacks_put(struct rio__stacks *p, void *top, size_t bytes)
{
    ASSERT(p->in_use > 0);
    p->in_use--;
    rio__stack_clean((char *)top - bytes, bytes);
    if (RQ_UNLIKELY(p->guard == RIO__GUARD_CANARY ||
                    bytes + p->guard_bytes > p->stack_bytes ||
                    p->free_count >= WARM_STACKS || p->watched ||
                    went_deep((char *)top - p->warm_bytes)))
        put_with_care(p, top, bytes);
    else
        p->free[p->free_count++] = top;
}

const char *rio__stacks_guard_name(const struct rio__stacks *p)
{
    static const char *const names[] = {"madvise", "mprotect", "canary"};

    return names[p->guard];
}
