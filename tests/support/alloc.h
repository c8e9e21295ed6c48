/* alloc.h - the n-th allocation fails on demand.  The test is linked with
 * --wrap=malloc and its relatives; what the C library allocates for itself is not
 * counted.
 * SPDX-License-Identifier: MIT */
#ifndef SUPPORT_ALLOC_H
#define SUPPORT_ALLOC_H

#include <stdbool.h>

/* From now on `n` allocations succeed and all later ones fail; n < 0: all succeed. */
void alloc_fail_after(long n);
/* The same, but only that one fails. */
void alloc_fail_only(long n);

/* Did one fail since the last call of these two? */
bool alloc_has_failed(void);

#endif
