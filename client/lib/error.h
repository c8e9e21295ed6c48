/* error.h - the numbers of enum ringq_error: from the wire, from errno, and to names.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include <ringq/ringq.h>

#include "base/slice.h"

/* Reads the text of an error reply, "STALE 7-1:1 is no longer yours".
 * Shape    reply: a NUL stands behind it
 * Returns  the ringq_error of its first word; RINGQ_ERR when that is unknown
 * Owns     *out_text lends from `reply`: what stands behind the word, or all of it when
 *          the word is unknown */
int rq_error_from_reply(struct rq_slice reply, const char **out_text);

/* The ringq_error for an error of the layers below: -errno or RQ_E_*. */
int rq_error_from_code(long code);

#endif
