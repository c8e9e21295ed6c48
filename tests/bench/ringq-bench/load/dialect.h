/* dialect.h - how one kind of queue server is spoken to: put, get, done.
 *
 * A dialect writes whole requests into a buffer and measures replies; it never touches
 * a socket.  What a request asks for n times is answered by one call of reply(),
 * whatever number of commands it took. SPDX-License-Identifier: MIT */
#ifndef LOAD_DIALECT_H
#define LOAD_DIALECT_H

#include "base/buf.h"

enum verb { VERB_OPEN, VERB_PUT, VERB_GET, VERB_DONE };

enum {
    TOKEN_MAX = 128, /* bytes of a lease */
    BATCH_MAX = 1000,
    QUEUE_NAME_MAX = 32,
    SERIAL_DIGITS = 20, /* each body begins with its number */
};

/* What must be said to finish a job that was got. */
struct token {
    uint8_t len;
    char text[TOKEN_MAX];
};

struct talk {
    char queue[QUEUE_NAME_MAX];
    char consumer[QUEUE_NAME_MAX]; /* unlike that of other connections */
    struct rq_slice body;          /* SERIAL_DIGITS and more */
    const char *put_options;       /* ringq: words behind the body, "" for none */
    uint64_t serial;               /* of the next body */
    bool by_count;                 /* batches go by the server's batch commands */
};

struct answer {
    unsigned count;       /* jobs put, got or finished */
    struct token *tokens; /* of a get: room for as many as were asked for */
};

struct dialect {
    const char *name;
    const char *port;
    /* Appends a request.  Errors  as rq_buf_append */
    int (*open)(struct talk *t, struct rq_buf *out);
    int (*put)(struct talk *t, struct rq_buf *out, unsigned n);
    int (*get)(struct talk *t, struct rq_buf *out, unsigned n);
    int (*done)(struct talk *t, struct rq_buf *out, const struct token *tokens,
                unsigned n);
    /* Measures the reply to a request of `n`.
     * Returns  its bytes; 0: it is not whole yet
     * Errors   RQ_E_MALFORMED  it is not what was to be expected: an error's text is at
     *          the start of `in` */
    long (*reply)(struct talk *t, enum verb verb, unsigned n, struct rq_slice in,
                  struct answer *out);
    /* Whose replies do not come in the order of the requests: what the first of `in`, a
     * whole one or VERB_OPEN, answers.  NULL: they do. */
    enum verb (*verb_of)(struct rq_slice in);
};

extern const struct dialect dialect_ringq, dialect_lists, dialect_streams,
    dialect_beanstalkd, dialect_nats, dialect_echo;

/* NULL: there is none of this name. */
const struct dialect *dialect_find(const char *name);
/* Writes the next body of `t` into out: its serial, and the rest. */
int dialect_body(struct talk *t, struct rq_buf *out);

#endif
