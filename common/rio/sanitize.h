/* sanitize.h - tells ASan, TSan and valgrind about stacks and switches.  Without a
 * sanitizer all of it compiles to nothing.
 *
 * Each side of a switch has a fiber.  rio__fiber_leave() stands before the switch,
 * rio__fiber_enter() is the first thing after it, on the new stack.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_SANITIZE_H
#define RIO_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RIO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define RIO_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(RIO_ASAN)
#define RIO_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(RIO_TSAN)
#define RIO_TSAN 1
#endif

#ifdef RIO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef RIO_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define RIO_VALGRIND 1
#endif
#endif

struct rio__fiber {
    void *fake_stack;   /* ASan */
    const void *bottom; /* ASan; of the loop's stack: learned at the first switch */
    size_t bytes;       /* ASan */
    void *tsan;         /* TSan */
};

/* For a context on [bottom, bottom + bytes); bottom NULL: the thread's own stack. */
static inline void rio__fiber_init(struct rio__fiber *f, const void *bottom,
                                   size_t bytes)
{
#if defined(RIO_ASAN) || defined(RIO_TSAN)
    *f = (struct rio__fiber){.bottom = bottom, .bytes = bytes};
#endif
    (void)f, (void)bottom, (void)bytes;
#ifdef RIO_TSAN
    f->tsan = bottom == NULL ? __tsan_get_current_fiber() : __tsan_create_fiber(0);
#endif
}

/* Not of the running fiber. */
static inline void rio__fiber_fini(struct rio__fiber *f)
{
#ifdef RIO_TSAN
    if (f->bottom != NULL)
        __tsan_destroy_fiber(f->tsan);
#endif
    (void)f;
}

/* TSan keeps a stack of calls for each fiber: a function that returns on another fiber
 * than it was called on leaves one too many here, and one too few there. */
#define RIO_INLINED static inline __attribute__((always_inline))

/* last: `from` will never be resumed. */
RIO_INLINED void rio__fiber_leave(struct rio__fiber *from, struct rio__fiber *to,
                                  bool last)
{
#ifdef RIO_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->bottom,
                                   to->bytes);
#endif
#ifdef RIO_TSAN
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    (void)from, (void)to, (void)last;
}

static inline void rio__fiber_enter(struct rio__fiber *self)
{
#ifdef RIO_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
#endif
    (void)self;
}

/* On a fresh stack, entered from the loop, whose own stack becomes known by it. */
static inline void rio__fiber_enter_first(struct rio__fiber *self,
                                          struct rio__fiber *loop)
{
#ifdef RIO_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &loop->bottom, &loop->bytes);
#endif
    (void)self, (void)loop;
}

/* A piece of memory becomes stacks, or ceases to be.  LSan looks for pointers there. */
static inline void rio__stack_memory_add(void *base, size_t bytes)
{
#ifdef RIO_ASAN
    __lsan_register_root_region(base, bytes);
#endif
    (void)base, (void)bytes;
}

static inline void rio__stack_memory_remove(void *base, size_t bytes)
{
#ifdef RIO_ASAN
    __asan_unpoison_memory_region(base, bytes);
    __lsan_unregister_root_region(base, bytes);
#endif
    (void)base, (void)bytes;
}

/* A stack goes back to the pool: frames that were never left must not haunt it. */
static inline void rio__stack_clean(void *base, size_t bytes)
{
#ifdef RIO_ASAN
    __asan_unpoison_memory_region(base, bytes);
#endif
    (void)base, (void)bytes;
}

static inline unsigned rio__stack_announce(void *base, size_t bytes)
{
#ifdef RIO_VALGRIND
    return (unsigned)VALGRIND_STACK_REGISTER(base, (char *)base + bytes);
#else
    (void)base, (void)bytes;
    return 0;
#endif
}

/* TSan does not see that liburing unmaps a ring: without a word, the next thread that
 * gets a ring at that address would race with the last one.  `point` is one for all. */
static inline void rio__memory_given_up(void *point)
{
#ifdef RIO_TSAN
    __tsan_release(point);
#endif
    (void)point;
}

static inline void rio__memory_taken(void *point)
{
#ifdef RIO_TSAN
    __tsan_acquire(point);
#endif
    (void)point;
}

/* The kernel has written there, which none of them sees. */
static inline void rio__kernel_wrote(void *at, size_t bytes)
{
#ifdef RIO_ASAN
    ASSERT(__asan_region_is_poisoned(at, bytes) == NULL);
#endif
#ifdef RIO_VALGRIND
    VALGRIND_MAKE_MEM_DEFINED(at, bytes);
#endif
    (void)at, (void)bytes;
}

/* Does somebody take accesses below the stack pointer of another stack for errors? */
static inline bool rio__stacks_are_watched(void)
{
#ifdef RIO_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

/* Valgrind 3.19 runs one thread at a time and does not know that io_uring_enter blocks.
 */
static inline bool rio__threads_are_stopped_by_waiting(void)
{
#ifdef RIO_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

#if defined(RIO_ASAN)
#define RIO_NO_ASAN __attribute__((no_sanitize_address))
#else
#define RIO_NO_ASAN
#endif

#endif
