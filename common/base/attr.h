/* attr.h - the compiler attributes we use, by name.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define RQ_MUST_CHECK __attribute__((warn_unused_result))
#define RQ_PRINTF(format_arg, first_arg) \
    __attribute__((format(printf, format_arg, first_arg)))
#define RQ_NORETURN __attribute__((noreturn))
/* The rare half of a function: kept out of the way of the other. */
#define RQ_RARE __attribute__((cold, noinline))
#define RQ_LIKELY(x) __builtin_expect(!!(x), 1)
#define RQ_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* A function that is seldom needed stays out of those that call it. */
#define RQ_NOINLINE __attribute__((noinline))

/* Drops a result on purpose; say why beside it. */
#define rq_ignore(x) \
    do {             \
        if (x) {     \
        }            \
    } while (0)

#define RQ_CONTAINER_OF(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
