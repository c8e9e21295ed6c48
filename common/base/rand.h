/* rand.h - seeded generator (xoshiro256**): the one source of chance in the rules
 * and in tests.  Not for secrets.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

struct rq_rand {
    uint64_t s[4];
};

void rq_rand_seed(struct rq_rand *r, uint64_t seed);
uint64_t rq_rand_u64(struct rq_rand *r);
/* Uniform in [0, bound); bound > 0. */
uint64_t rq_rand_below(struct rq_rand *r, uint64_t bound);
/* Fills `out` from the kernel's generator; for seeds, nonces and hash keys.
 * Aborts when the kernel has none. */
void rq_rand_system(void *out, size_t len);

#endif
