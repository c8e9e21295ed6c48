/* spare.h - small blocks that were freed and will soon be wanted again.
 *
 * malloc keeps seven blocks of a size at hand; when thousands come and go, each pays
 * for its way through the bins.  Here a whole megabyte is kept, by size.  A block is
 * malloc's own, so one that is in use takes what it always took.
 *
 * Under AddressSanitizer nothing is kept: a block that is used after its end is found.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_SPARE_H
#define BASE_SPARE_H

#include <stddef.h>

#include "base/attr.h"

enum {
    RQ_SPARE_GRAIN = 16,   /* of malloc: sizes within it are the same */
    RQ_SPARE_CLASSES = 32, /* up to 496 bytes and malloc's own 8 */
    RQ_SPARE_BYTES_MAX = 1 << 20,
};

struct rq_spare; /* a block that is kept */

/* Zeroed: none. */
struct rq_spares {
    struct rq_spare *first[RQ_SPARE_CLASSES];
    size_t bytes;
};

void rq_spares_fini(struct rq_spares *s);
/* At least `size` bytes.  NULL: no memory */
void *rq_spares_get(struct rq_spares *s, size_t size);
/* A block that rq_spares_get() gave for this size; or malloc(). */
void rq_spares_put(struct rq_spares *s, void *block, size_t size);

#endif
