/* suggest - "did you mean ...?" for a mistyped word.
 *
 * Optimal string alignment: Levenshtein's table with one more row, so that two swapped
 * letters count as one error.
 * SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
    LETTERS_MAX = 31,
};

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t table[LETTERS_MAX + 1][3] = {{0}}; /* the last three columns, by turns */
    size_t rows = strlen(a), columns = strlen(b);

    if (rows > LETTERS_MAX || columns > LETTERS_MAX)
        return LETTERS_MAX;
    for (size_t i = 0; i <= rows; i++)
        table[i][0] = i;
    for (size_t j = 1; j <= columns; j++) {
        size_t now = j % 3, before = (j + 2) % 3, twice = (j + 1) % 3;
        table[0][now] = j;
        for (size_t i = 1; i <= rows; i++) {
            size_t best = table[i - 1][before] + (!is_same(a[i - 1], b[j - 1]));
            best = min_of(best, table[i - 1][now] + 1);
            best = min_of(best, table[i][before] + 1);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
                is_same(a[i - 2], b[j - 1]))
                best = min_of(best, table[i - 2][twice] + 1);
            table[i][now] = best;
        }
    }
    return table[rows][columns % 3];
}

void suggest_init(struct suggest *s, const char *typed)
{
    /* A third of the letters may be wrong; more would be guessing. */
    *s = (struct suggest){.typed = typed, .distance = (strlen(typed) + 2) / 3 + 1};
}

void suggest_offer(struct suggest *s, const char *word)
{
    size_t distance = suggest_distance(s->typed, word);

    if (distance < s->distance) {
        s->distance = distance;
        s->best = word;
    }
}
