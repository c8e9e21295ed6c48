/* progress.h - a bar on stderr for work that takes long: only on a terminal, and only
 * after half a second.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/output.h"

enum {
    PROGRESS_TEXT_SIZE = 192,
};

struct progress {
    const struct output *output; /* of stderr */
    bool wanted;
    int64_t total; /* bytes, -1 when nobody knows */
    int64_t start_us, drawn_us;
};

/* Keeps  output */
void progress_begin(struct progress *p, const struct output *output, bool wanted,
                    int64_t total);
/* Draws when it is time to. */
void progress_show(struct progress *p, uint64_t jobs, int64_t bytes);
/* Takes the bar away. */
void progress_end(struct progress *p);
int64_t progress_elapsed_us(const struct progress *p);

/* The text of the bar, pure.
 * Shape  out: PROGRESS_TEXT_SIZE bytes;  total: -1 when nobody knows */
void progress_text(char *out, uint64_t jobs, int64_t bytes, int64_t total,
                   int64_t elapsed_us, bool utf8);

#endif
