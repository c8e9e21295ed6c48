/* resp.h - RESP as a load generator needs it: commands written without a copy, replies
 * measured without a tree.
 * SPDX-License-Identifier: MIT */
#ifndef LOAD_RESP_H
#define LOAD_RESP_H

#include "base/buf.h"

/* `*argc`; then argc of the other two.  Errors  as rq_buf_append */
int resp_argc(struct rq_buf *out, size_t argc);
int resp_bulk(struct rq_buf *out, struct rq_slice bytes);
int resp_word(struct rq_buf *out, const char *word);
int resp_number(struct rq_buf *out, uint64_t n);
/* Begins a bulk string whose `len` bytes the caller appends, and "\r\n". */
int resp_bulk_begin(struct rq_buf *out, size_t len);

struct resp_item {
    char type;            /* + - : $ * and, of RESP3, _ and % */
    int64_t number;       /* of : its value; of * how many; -1: null */
    struct rq_slice text; /* of + - $ */
};

/* Takes one item off the front of *in: of an array its head only.
 * Returns  1; 0: it is not whole, and *in is as it was
 * Errors   RQ_E_MALFORMED */
int resp_item(struct rq_slice *in, struct resp_item *out);
/* Takes what belongs to `item` behind its head: the elements of an array. */
int resp_skip(struct rq_slice *in, const struct resp_item *item);

#endif
