/* call.h - one connection of a simulated client: a command, then its reply.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "rio/rio.h"
#include "sim/history.h"
#include "wire/reply.h"

struct world;

struct call {
    struct world *world;
    rio_stream *stream; /* NULL: not connected */
    struct rq_reply_reader *reader;
    struct rq_buf out;
    struct rq_reply *reply; /* to the last command; NULL: none came */
    uint64_t connection;    /* counts in the whole run */
    int64_t asked_ns;       /* when the last command was sent */
    bool keeps;             /* the client says KEEPLEASES */
};

void call_init(struct call *c, struct world *w);
/* Errors  as rio_open_connection */
RIO_AWAITS int call_open(struct call *c);
/* Ends the connection at once, as a process that dies. */
RIO_AWAITS int call_close(struct call *c);

/* Sends the words of `format`, which spaces part, and waits for the reply.
 * Returns  YES; NO: an error that says that nothing was done; NOT_KNOWN: UNKNOWN, or
 * the connection has ended, and was closed */
RIO_AWAITS enum outcome call_ask(struct call *c, const char *format, ...)
    RQ_PRINTF(2, 3);
/* Is the reply an error with this code? */
bool call_is_error(const struct call *c, const char *code);
/* A field of a map in the reply; empty when it is not there. */
struct rq_slice call_text(const struct rq_reply *map, const char *field);
uint64_t call_number(const struct rq_reply *map, const char *field);
/* "epoch-number" or "epoch-number:n".  Errors  false */
bool call_parse(struct rq_slice text, struct job_id *out_id, uint64_t *out_n);

#endif
