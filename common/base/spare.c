/* spare - see spare.h.
 * SPDX-License-Identifier: MIT */
#include "base/spare.h"

#include <stdbool.h>
#include <stdlib.h>

enum { HEAD = sizeof(size_t) }; /* malloc's own, of each block */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

struct rq_spare {
    struct rq_spare *next;
};

static size_t class_of(size_t size)
{
    return (size + HEAD + RQ_SPARE_GRAIN - 1) / RQ_SPARE_GRAIN;
}

/* As much as malloc() would give for any size of the class. */
static size_t bytes_of(size_t class)
{
    return class * RQ_SPARE_GRAIN - HEAD;
}

void rq_spares_fini(struct rq_spares *s)
{
    for (size_t i = 0; i < RQ_SPARE_CLASSES; i++) {
        while (s->first[i] != NULL) {
            struct rq_spare *spare = s->first[i];

            s->first[i] = spare->next;
            free(spare);
        }
    }
    s->bytes = 0;
}

void *rq_spares_get(struct rq_spares *s, size_t size)
{
    size_t class = class_of(size);

    if (IS_SANITIZED || class >= RQ_SPARE_CLASSES)
        return malloc(size);
    struct rq_spare *spare = s->first[class];
    if (spare == NULL)
        return malloc(bytes_of(class));
    s->first[class] = spare->next;
    s->bytes -= bytes_of(class);
    return spare;
}

void rq_spares_put(struct rq_spares *s, void *block, size_t size)
{
    size_t class = class_of(size);
    struct rq_spare *spare = block;

    if (IS_SANITIZED || class >= RQ_SPARE_CLASSES ||
        s->bytes + bytes_of(class) > RQ_SPARE_BYTES_MAX) {
        free(block);
        return;
    }
    spare->next = s->first[class];
    s->first[class] = spare;
    s->bytes += bytes_of(class);
}
