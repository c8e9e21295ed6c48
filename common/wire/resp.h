/* resp.h - RESP on the server's side: reads commands (arrays of bulk strings, or one
 * inline line typed by a person) and writes replies.
 * Source  Redis serialization protocol, RESP2 and RESP3.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_RESP_H
#define WIRE_RESP_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

enum {
    RQ_RESP_ELEMENTS_MAX = 1048576, /* elements of one array */
    RQ_RESP_INLINE_MAX = 64 * 1024, /* bytes of one inline line */
    RQ_RESP_VERB_MAX = 64,          /* bytes of the first element */
    RQ_RESP_BODY_DEFAULT = 1 << 20, /* largest bulk string, unless set otherwise */
    RQ_RESP_BODY_LIMIT = 64 << 20,  /* what it may be set to at most */
};

struct rq_cmd {
    size_t argc;                 /* >= 1 */
    const struct rq_slice *argv; /* argv[0]: the verb */
};

/* Where an element stands, relative to the start of its command. */
struct rq_resp_span {
    size_t start, len;
};

/* Reads one stream of commands.  It remembers how far it has looked into a command
 * that is not whole yet, so a command that arrives in many pieces costs no more. */
struct rq_resp_reader {
    size_t body_max;  /* bytes of one bulk string */
    size_t frame_max; /* bytes of one whole command */
    /* private */
    size_t pos;       /* bytes of the current command already looked at */
    size_t argc_want; /* declared number of elements; 0: header not read */
    size_t argc;      /* elements found */
    size_t args_cap;
    struct rq_resp_span *spans;
    struct rq_slice *argv;
    struct rq_buf line; /* an inline command with its quotes taken off */
};

void rq_resp_reader_init(struct rq_resp_reader *r, size_t body_max, size_t frame_max);
void rq_resp_reader_fini(struct rq_resp_reader *r);

/* Reads the command at the start of `src`.  While it returns 0, call again with the
 * same start and more bytes behind it.
 *
 * Returns  bytes consumed (> 0), 0 while `src` holds only part of a command.  An empty
 *          array or a blank line is consumed with out->argc 0: ignore it.
 * Errors   RQ_E_MALFORMED  not a command, or a request of HTTP; answer, close, parse
 *                          nothing more
 *          RQ_E_TOOBIG     a declared count or length is over its limit; refused
 *                          before any of its bytes has arrived
 *          -ENOMEM
 * Owns     out->argv lends: until the next call, or `src` goes
 * Source   RESP2, "Sending commands to a Redis server"; inline commands with Redis'
 *          quoting ("..." with \n \xHH, '...') */
RQ_MUST_CHECK long rq_resp_read(struct rq_resp_reader *r, struct rq_slice src,
                                struct rq_cmd *out);

/* Writes replies.  RESP2 has no maps and booleans: there a map is a flat array. */
struct rq_resp_writer {
    struct rq_buf *out;
    int protocol; /* 2 or 3 */
    int rc;       /* first failed append; checked once, at the end */
};

void rq_resp_simple(struct rq_resp_writer *w, const char *text); /* +OK */
/* `-CODE text`; CR and LF inside `text` become spaces. */
void rq_resp_error(struct rq_resp_writer *w, const char *wire, const char *text);
void rq_resp_int(struct rq_resp_writer *w, int64_t v);
void rq_resp_double(struct rq_resp_writer *w, double v); /* RESP2: a bulk string */
void rq_resp_bool(struct rq_resp_writer *w, bool v);     /* RESP2: :1 or :0 */
void rq_resp_bulk(struct rq_resp_writer *w, struct rq_slice s);
void rq_resp_bulk_str(struct rq_resp_writer *w, const char *s);
void rq_resp_bulk_u64(struct rq_resp_writer *w, uint64_t v); /* digits, as a bulk */
void rq_resp_null(struct rq_resp_writer *w);                 /* $-1 */
void rq_resp_null_array(struct rq_resp_writer *w);           /* *-1 */
void rq_resp_array(struct rq_resp_writer *w, size_t n);
void rq_resp_map(struct rq_resp_writer *w, size_t pairs); /* the header; pairs follow */

/* For several parts at once, which wire/lay.h lays down: makes room for `n` bytes.
 * Returns  where they go; NULL after a failure */
RQ_MUST_CHECK static inline uint8_t *rq_resp_room(struct rq_resp_writer *w, size_t n)
{
    if (w->rc == 0)
        w->rc = rq_buf_reserve(w->out, n);
    return w->rc == 0 ? rq_buf_tail(w->out) : NULL;
}

/* Says that they were laid down, up to `end`. */
static inline void rq_resp_laid(struct rq_resp_writer *w, const uint8_t *end)
{
    rq_buf_commit(w->out, (size_t)(end - rq_buf_tail(w->out)));
}

#endif
