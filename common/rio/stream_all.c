/* stream_all.c - all that a stream gives until its end, in one block.
 *
 * The block doubles as it fills, so that what is held is bounded by what has come and
 * not by `max`.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/rio.h"

enum { FIRST_ROOM = 4096 };

struct block {
    char *bytes;
    size_t len, room; /* room > len: the NUL has its place */
};

static int grow(struct block *b)
{
    size_t room = b->room == 0 ? FIRST_ROOM : b->room * 2;
    char *grown = room < b->room ? NULL : realloc(b->bytes, room);

    if (grown == NULL)
        return -ENOMEM;
    b->bytes = grown;
    b->room = room;
    return 0;
}

/* Returns  0 the end */
RIO_AWAITS static ssize_t read_until_end(rio_stream *s, size_t max, struct block *b)
{
    ssize_t n;

    do {
        if (b->len > max)
            return -EMSGSIZE;
        if (b->room - b->len < 2 && grow(b) < 0)
            return -ENOMEM;
        n = await(rio_stream_read(s, b->bytes + b->len, b->room - b->len - 1));
        if (n > 0)
            b->len += (size_t)n;
    } while (n > 0);
    return n;
}

ssize_t rio_stream_readall(rio_stream *s, size_t max, void **out)
{
    struct block b = {0};
    ssize_t rc = await(read_until_end(s, max, &b));

    if (rc < 0) {
        free(b.bytes);
        return rc;
    }
    b.bytes[b.len] = '\0';
    *out = b.bytes;
    return (ssize_t)b.len;
}
