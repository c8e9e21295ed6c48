/* errors.h - what Redis' error replies mean for us.  The only place that reads them.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_ERRORS_H
#define STORE_ERRORS_H

#include "base/slice.h"

/* The class of an error reply.  In every class the command has not been executed.
 * Returns  -ESTALE       XADD: the id is not greater than the last; we are fenced
 *          -ENOSPC       OOM: maxmemory is reached
 *          -EACCES       no or a wrong password: an operator must act
 *          -EPERM        the ACL forbids the command
 *          -EMEDIUMTYPE  a key of ours holds something else
 *          -ENOENT       XINFO: there is no such key
 *          -EXDEV        the wrong Redis: Cluster sends us elsewhere, or there is no
 *                        such database
 *          -EROFS        a replica, or cut off from its master: look up the address
 * again -EAGAIN       all else: loading, disk trouble, too many clients; again later */
int errors_classify(struct rq_slice text);

/* One sentence on what to do about a class; "" for those that pass by themselves. */
const char *errors_remedy(int code);

#endif
