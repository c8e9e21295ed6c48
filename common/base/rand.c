/* rand - xoshiro256**, seeded through splitmix64 so that any seed is a good one.
 * Source  D. Blackman, S. Vigna: Scrambled linear pseudorandom number generators, 2018
 * SPDX-License-Identifier: MIT */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "base/assert.h"

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void rq_rand_seed(struct rq_rand *r, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        r->s[i] = splitmix64(&seed);
}

static uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

uint64_t rq_rand_u64(struct rq_rand *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rq_rand_below(struct rq_rand *r, uint64_t bound)
{
    uint64_t v;

    ASSERT(bound > 0);
    /* 2^64 mod bound: below it, small results would have one chance more. */
    uint64_t uneven = (0 - bound) % bound;
    do
        v = rq_rand_u64(r);
    while (v < uneven);
    return v % bound;
}

void rq_rand_system(void *out, size_t len)
{
    uint8_t *p = out;

    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        ASSERT(n > 0);
        p += n;
        len -= (size_t)n;
    }
}
