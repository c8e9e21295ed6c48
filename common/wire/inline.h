/* inline.h - the words of one line typed by a person.  Private to wire.
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_INLINE_H
#define WIRE_INLINE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

/* Takes the next word off the front of *rest and appends it, its quotes taken off.
 *
 *   "..."  knows \n \r \t \b \a \xHH; any other \c is c
 *   '...'  knows \' alone
 *
 * A closing quote ends its word.  Outside quotes a backslash is a byte like any other.
 *
 * Returns  1, or 0 when only blanks are left
 * Errors   RQ_E_MALFORMED  a quote is not closed, or a word goes on behind it
 *          -ENOBUFS, -ENOMEM
 * Source   Redis, inline commands */
RQ_MUST_CHECK int rq_inline_word(struct rq_slice *rest, struct rq_buf *out);

#endif
