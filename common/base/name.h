/* name.h - the grammar of names of queues and keys: [A-Za-z0-9._-]{1,128}.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "base/slice.h"

enum { RQ_NAME_MAX = 128 };

bool rq_name_is_valid(struct rq_slice name);

/* Does `name` match the glob `pattern` (`*` any run, `?` any one byte)?  Time is
 * O(pattern x name): a hostile pattern costs no more. */
bool rq_name_matches(struct rq_slice name, struct rq_slice pattern);
/* The same in at most *steps steps, which are counted down; false when they are used
 * up. */
bool rq_name_matches_within(struct rq_slice name, struct rq_slice pattern,
                            size_t *steps);

#endif
