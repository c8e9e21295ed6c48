/* batch.h - lines that go to the server in one MPUT, kept until it has answered: a
 * refused batch is needed again, line by line. SPDX-License-Identifier: MIT */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BATCH_LINES = 256,
    BATCH_BYTES =
        256 * 1024, /* a batch is full at this, unless its only line is longer */
};

struct batch {
    char *text; /* the lines, one behind the other */
    size_t len, capacity;
    size_t ends[BATCH_LINES];
    uint64_t numbers[BATCH_LINES];
    size_t count;
    int64_t input_end; /* bytes of the input up to the last line */
};

/* Would a line of `len` bytes overfill it? */
bool batch_is_full(const struct batch *b, size_t len);
/* Errors  -ENOMEM  and nothing has changed */
int batch_add(struct batch *b, const char *text, size_t len, uint64_t number,
              int64_t input_end);
/* Line i.  Owns  lends: until the batch changes */
const char *batch_line(const struct batch *b, size_t i, size_t *out_len);
void batch_clear(struct batch *b); /* keeps its memory, unless that is large */
void batch_fini(struct batch *b);

#endif
