/* suggest.h - "did you mean ...?" for a mistyped word.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *typed;
    const char *best; /* NULL while nothing is near enough */
    size_t distance;
};

/* Typing errors between two words: letters left out, added, changed, or two swapped.
 * Capital letters count as small ones.  Words beyond 31 letters are never near. */
size_t suggest_distance(const char *a, const char *b);

void suggest_init(struct suggest *s, const char *typed);
/* Keeps `word` when it is the nearest so far.  Keeps  word: as long as `s` */
void suggest_offer(struct suggest *s, const char *word);

#endif
