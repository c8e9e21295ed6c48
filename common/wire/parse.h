/* parse.h - what the parsers of commands share.
 * Private to wire.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_PARSE_H
#define WIRE_PARSE_H

#include <stddef.h>

#include "wire/options.h"

/* The last millisecond of the year 9999. */
#define AT_MAX_MS INT64_C(253402300799999)

/* Which field an option fills; the kind is the field's type. */
#define FLAG(type, member) \
    .kind = RQ_OPTION_FLAG, .where = offsetof(struct type, member)
#define U8(type, member) .kind = RQ_OPTION_U8, .where = offsetof(struct type, member)
#define U16(type, member) .kind = RQ_OPTION_U16, .where = offsetof(struct type, member)
#define U32(type, member) .kind = RQ_OPTION_U32, .where = offsetof(struct type, member)
#define I64(type, member) .kind = RQ_OPTION_I64, .where = offsetof(struct type, member)
#define BYTES(type, member) \
    .kind = RQ_OPTION_BYTES, .where = offsetof(struct type, member)
#define CALL(function) .kind = RQ_OPTION_CALL, .read = (function)
#define MS(low, high) .min = (low), .max = (high), .unit = "ms"
#define RANGE(low, high) .min = (low), .max = (high)

/* Begins every parser: checks the arity; the words behind the verb are to be read. */
RQ_MUST_CHECK int rq_parse_begin(const struct rq_cmd *cmd, enum rq_command_id id,
                                 struct rq_words *out, struct rq_complaint *why);
/* A PUT: takes the queue; the rest of *out is what it means without options.  And its
 * options, until the words end or `stop` comes. */
RQ_MUST_CHECK int rq_parse_put_begin(struct rq_words *words, struct rq_put *out,
                                     struct rq_complaint *why);
RQ_MUST_CHECK int rq_parse_put_options(struct rq_words *words, const char *stop,
                                       struct rq_put *out, struct rq_complaint *why);
/* Takes the id of a batch.  Errors  RQ_E_BADARG  there is none */
RQ_MUST_CHECK int rq_parse_batch(struct rq_words *words, struct rq_lease *out,
                                 struct rq_complaint *why);
/* JOIN BATCH: what stands behind BATCH. */
RQ_MUST_CHECK int rq_parse_join_batch(struct rq_words *words, struct rq_join *out,
                                      struct rq_complaint *why);
/* Is it a name for a queue? */
RQ_MUST_CHECK int rq_parse_queue(struct rq_slice name, struct rq_complaint *why);

#endif
