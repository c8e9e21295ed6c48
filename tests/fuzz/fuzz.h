/* fuzz.h - what a harness is: one function over any bytes, that must come back.
 * SPDX-License-Identifier: MIT */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The name that libFuzzer calls.  Returns  0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FNV-1a over `size` bytes, going on from `hash`: how harnesses compare two runs. */
static inline uint64_t fuzz_hash(uint64_t hash, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
