/* options.h - options structs whose size may be that of another version.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <stddef.h>

#include "base/attr.h"

/* Copies an options struct, whose first member is its size, over the zeroed `to`.  From
 * an older program it is shorter: the rest stays zero.  From a newer one it is longer:
 * fine while what this version does not know is zero.
 * Shape   from: NULL leaves `to` zero, with its size set
 * Errors  RINGQ_USAGE  the size is not set, or an unknown option is */
RQ_MUST_CHECK int rq_options_copy(void *to, size_t to_size, const void *from);

#endif
