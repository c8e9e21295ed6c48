/* writer.h - what a connection owes its peer: replies in the order of the commands, and
 * the task that sends each when it is resolved.
 *
 *     first -> reply -> reply -> last      resolved in any order, written in this one
 *
 * SPDX-License-Identifier: MIT */
#ifndef NET_WRITER_H
#define NET_WRITER_H

#include "api/reply.h"
#include "rio/rio.h"

struct writer {
    rio_event drained; /* set when replies were written: is_behind may have ended */
    bool hung_up;      /* the peer sends no more: it may not read either */
    /* private */
    rio_stream *stream;
    struct reply *first, *last;
    size_t count; /* of replies that are owed */
    size_t bytes; /* of those of them that are resolved */
    rio_event
        due; /* set when the first may be written, or there is nothing to wait for */
    bool has_left; /* the peer waits for nothing any more */
    bool ended;    /* no more replies will be owed */
};

void writer_init(struct writer *w, rio_stream *stream);
/* Abandons what was not sent. */
void writer_fini(struct writer *w);

/* Gives a reply its place, behind all that are owed.  Owns  consumes */
void writer_owe(struct writer *w, struct reply *r);
/* From the reply's owner: one of the writer's, or one that will be, is resolved. */
void writer_resolved(struct writer *w, const struct reply *r);
/* Is the peer owed so much that it has to read before it may ask for more? */
bool writer_is_behind(const struct writer *w);

/* The peer has gone: streams end, the rest is still written. */
void writer_peer_left(struct writer *w);
/* No more replies will be owed: writer_main() returns when all are written. */
void writer_end(struct writer *w);

/* The body of the writer's task.  arg: struct writer.  Returns  0; < 0 */
RIO_AWAITS long writer_main(void *arg);

#endif
