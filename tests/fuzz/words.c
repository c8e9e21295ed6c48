/* words - see words.h.
 * SPDX-License-Identifier: MIT */
#include "fuzz/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

void fuzz_words_split(const uint8_t *data, size_t size, struct fuzz_words *out)
{
    const char *at = (const char *)data, *end = at + size;

    for (out->count = 0; at < end && out->count < FUZZ_WORDS_MAX; out->count++) {
        size_t len = strnlen(at, (size_t)(end - at));
        char *word = strndup(at, len);

        ASSERT(word != NULL);
        out->list[out->count] = word;
        at += len + 1;
    }
}

void fuzz_words_free(struct fuzz_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    words->count = 0;
}
