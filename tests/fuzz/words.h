/* words.h - an input as words: NUL parts them, and a harness reads their first byte.
 * SPDX-License-Identifier: MIT */
#ifndef FUZZ_WORDS_H
#define FUZZ_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_WORDS_MAX = 64 };

struct fuzz_words {
    char *list[FUZZ_WORDS_MAX]; /* each in a block of its own size */
    size_t count;
};

/* Owns  *out: fuzz_words_free() */
void fuzz_words_split(const uint8_t *data, size_t size, struct fuzz_words *out);
void fuzz_words_free(struct fuzz_words *words);

#endif
