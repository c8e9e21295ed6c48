/* file.h - whole-file reads and private, atomic writes.  They block: start-up and
 * the store's epoch file only.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/attr.h"
#include "base/buf.h"

/* Appends the content of `path` to `out`.  Errors  -errno; -ENOBUFS over out->max. */
RQ_MUST_CHECK int rq_file_read(const char *path, struct rq_buf *out);
/* Replaces `path` with `data` so that a crash leaves the old or the new content:
 * temporary file (O_EXCL, 0600) beside it, fsync, rename, fsync of the directory.
 * Errors  -errno. */
RQ_MUST_CHECK int rq_file_write_atomic(const char *path, struct rq_slice data);
/* Makes `path` and its parents; the last one 0700.  Existing is fine if it is ours and
 * closed to others.  Errors  -errno; -EPERM when others could enter. */
RQ_MUST_CHECK int rq_file_make_private_dir(const char *path);

#endif
