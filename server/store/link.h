/* link.h - one pipelined connection to Redis: hiredis as codec, rio as transport.
 *
 * Commands are written in order, replies come in the same order.  A reply is a row of
 * tokens in reading order: an array's token says how many elements follow, and they do.
 * Whoever reads takes one token after the other and says which type it must have, so
 * that the type and the count of every reply are checked before use.
 *
 *   *1 *2 $3 7-1 *2 $1 b $9 ...  ->  array 1, array 2, "7-1", array 2, "b", ...
 *
 * After an error of a link_* call other than -EAGAIN the link is of no use: replies
 * would shift.  Close it.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "base/attr.h"
#include "base/slice.h"
#include "rio/rio.h"
#include "store/url.h"

struct link;

enum {
    LINK_WHY = 200,
    LINK_ELEMENTS_MAX = 1 << 20, /* of one array in a reply */
    LINK_REPLY_MAX = 320 << 20,  /* bytes of one reply not taken yet */
};

/* Connects, within connect_ns; AUTH, SELECT and CLIENT SETNAME follow by link_greet().
 * Units   timeout_ns: the longest silence that any later call accepts
 * Errors  as rio_open_connection; -ETIMEDOUT
 * Owns    gives *out: link_close() */
RIO_AWAITS int link_open(const struct url *url, int64_t timeout_ns, int64_t connect_ns,
                         struct link **out);
/* Drops what is unsent, closes, frees; NULL is fine.  Suspends until the kernel has let
 * go; a cancel is held back until then. */
RIO_AWAITS int link_close(struct link *l);

int64_t link_timeout(const struct link *l); /* as given to link_open */

/* ---- writing; nothing suspends ---- */

/* Begins a command of `argc` arguments, which follow by link_arg(). */
void link_begin(struct link *l, size_t argc);
void link_arg(struct link *l, struct rq_slice arg);
void link_arg_str(struct link *l, const char *arg);
/* An argument of `len` bytes, to be filled before the next call.
 * Returns  where; NULL when there is no memory: link_end() tells */
uint8_t *link_arg_room(struct link *l, size_t len);
/* Ends the command and gives it to the stream.
 * Errors  -ENOMEM, as rio_stream_write; nothing of the command was written */
RQ_MUST_CHECK int link_end(struct link *l);
/* All of a command at once.  Shape  argv: strings, then NULL.  Errors  as link_end */
RQ_MUST_CHECK int link_send(struct link *l, const char *const *argv);

/* Bytes written that the kernel has not taken. */
size_t link_unsent(const struct link *l);

/* ---- reading ---- */

/* Waits until more of the reply at hand is there; a complete one is dropped first.
 * Returns  1: the reply is complete;  0: only a part of it, more follows
 * Errors   -EAGAIN      silence for `limit_ns`; the link is still good
 *          -ECONNRESET  Redis closed the connection
 *          -EPROTO      not RESP, or over a limit
 *          -ENOMEM, as rio_stream_fill */
RIO_AWAITS int link_receive(struct link *l, int64_t limit_ns);
/* Waits for a whole reply.  Errors  as link_receive; -ETIMEDOUT for silence */
RIO_AWAITS int link_reply(struct link *l);

/* Is the next token an error?  Then takes it, and says in `why` (LINK_WHY bytes; NULL:
 * not wanted) what Redis said.
 * Returns  0: no error
 * Errors   the error's class, see errors.h */
RQ_MUST_CHECK int link_refusal(struct link *l, char *why);
/* Take the next token.  Errors  -EBADMSG  another type, or no token: nothing is taken
 * Owns  bytes lend until the next link_receive() or link_reply() */
RQ_MUST_CHECK int link_take_array(struct link *l, size_t *out_count);
RQ_MUST_CHECK int link_take_integer(struct link *l, int64_t *out);
RQ_MUST_CHECK int link_take_bytes(struct link *l, struct rq_slice *out);
RQ_MUST_CHECK int link_take_nil(struct link *l);
/* Bytes that the taker may change where they lie. */
RQ_MUST_CHECK int link_take_mutable(struct link *l, uint8_t **out, size_t *out_len);
/* Takes the next token with all that belongs to it; the reply must be complete. */
RQ_MUST_CHECK int link_skip(struct link *l);
/* Tokens that have arrived and were not taken. */
size_t link_tokens(const struct link *l);
/* The token `ahead` places behind the next one, without taking anything.
 * Errors  -EBADMSG  not bytes, or not there */
RQ_MUST_CHECK int link_peek_bytes(const struct link *l, size_t ahead,
                                  struct rq_slice *out);

/* The whole reply must be the status or string `text`.
 * Errors  as link_reply and link_refusal; -EBADMSG */
RIO_AWAITS int link_expect(struct link *l, const char *text, char *why);

/* AUTH, SELECT and CLIENT SETNAME, as far as the URL asks for them.
 * Errors  as link_expect; `why` says what was refused */
RIO_AWAITS int link_greet(struct link *l, const struct url *url, char *why);

#endif
