/* attrs.h - what only some jobs carry, as one string of bytes that is kept behind the
 * body and logged with it.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_ATTRS_H
#define CORE_ATTRS_H

#include "base/buf.h"
#include "core/record.h"

enum attr_kind {
    ATTR_HEADER = 1, /* name, value: the application's own */
    ATTR_GROUP = 2,  /* value: the key of its group */
    ATTR_UNIQUE = 3, /* value: a key that no second job of the queue may have */
    ATTR_BATCH = 4,  /* the batch it belongs to: attrs_add_batch() */
};

struct attr {
    uint8_t kind; /* enum attr_kind; others are kept and passed over */
    struct rq_slice name, value;
};

enum { ATTR_NAME_MAX = UINT8_MAX };

/* Errors  -ENOMEM, -ENOBUFS (the buffer's limit) */
RQ_MUST_CHECK int attrs_add(struct rq_buf *out, const struct attr *attr);
/* Takes the first of `rest`.  Returns  1; 0 at the end.  Errors  RQ_E_MALFORMED
 * Owns     *out lends from `rest` */
int attrs_next(struct rq_slice *rest, struct attr *out);
bool attrs_search(struct rq_slice attrs, enum attr_kind kind,
                  struct rq_slice *out_value); /* the rare half of: */
/* The value of the first of a kind.  Returns  is there one? */
static inline bool attrs_find(struct rq_slice attrs, enum attr_kind kind,
                              struct rq_slice *out_value)
{
    return attrs.len > 0 && attrs_search(attrs, kind, out_value);
}
bool attrs_are_valid(struct rq_slice attrs);

/* As attrs_add. */
RQ_MUST_CHECK int attrs_add_batch(struct rq_buf *out, struct job_id batch);
bool attrs_search_batch(struct rq_slice attrs, struct job_id *out); /* and of: */
/* Returns  does it belong to one? */
static inline bool attrs_find_batch(struct rq_slice attrs, struct job_id *out)
{
    return attrs.len > 0 && attrs_search_batch(attrs, out);
}

#endif
