/* batch - lines that go to the server in one MPUT.
 * SPDX-License-Identifier: MIT */
#include "cli/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool batch_is_full(const struct batch *b, size_t len)
{
    if (b->count == 0)
        return false;
    return b->count == BATCH_LINES || b->len >= BATCH_BYTES ||
           len > BATCH_BYTES - b->len;
}

int batch_add(struct batch *b, const char *text, size_t len, uint64_t number,
              int64_t input_end)
{
    if (b->capacity - b->len < len) {
        size_t capacity = b->len + len > BATCH_BYTES ? b->len + len : BATCH_BYTES;
        char *grown = realloc(b->text, capacity);
        if (grown == NULL)
            return -ENOMEM;
        b->text = grown;
        b->capacity = capacity;
    }
    if (len > 0)
        memcpy(b->text + b->len, text, len);
    b->len += len;
    b->ends[b->count] = b->len;
    b->numbers[b->count] = number;
    b->count++;
    b->input_end = input_end;
    return 0;
}

const char *batch_line(const struct batch *b, size_t i, size_t *out_len)
{
    size_t start = i == 0 ? 0 : b->ends[i - 1];

    *out_len = b->ends[i] - start;
    return b->text != NULL ? b->text + start : "";
}

void batch_clear(struct batch *b)
{
    b->len = 0;
    b->count = 0;
    if (b->capacity > BATCH_BYTES)
        batch_fini(b);
}

void batch_fini(struct batch *b)
{
    free(b->text);
    b->text = NULL;
    b->len = b->capacity = b->count = 0;
}
