/* alloc - the n-th allocation fails on demand.  Threads may allocate meanwhile.
 * SPDX-License-Identifier: MIT */
#include "support/alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

/* The names that the linker's --wrap gives. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_reallocarray(void *ptr, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_reallocarray(void *ptr, size_t count, size_t size);

static atomic_long limit = -1; /* the one that fails; < 0: none */
static atomic_long made;       /* since the limit was set */
static atomic_bool later_too, failed;

static void set(long n, bool also_later)
{
    atomic_store(&limit, -1);
    atomic_store(&made, 0);
    atomic_store(&failed, false);
    atomic_store(&later_too, also_later);
    atomic_store(&limit, n);
}

void alloc_fail_after(long n)
{
    set(n, true);
}

void alloc_fail_only(long n)
{
    set(n, false);
}

bool alloc_has_failed(void)
{
    return atomic_load(&failed);
}

static bool refuse(void)
{
    long at = atomic_load(&limit), n;

    if (at < 0)
        return false;
    n = atomic_fetch_add(&made, 1);
    if (n < at || (n > at && !atomic_load(&later_too)))
        return false;
    atomic_store(&failed, true);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return refuse() ? NULL : __real_realloc(ptr, size);
}

void *__wrap_reallocarray(void *ptr, size_t count, size_t size)
{
    return refuse() ? NULL : __real_reallocarray(ptr, count, size);
}
