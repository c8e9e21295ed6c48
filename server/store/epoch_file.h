/* epoch_file.h - the greatest epoch that this server has tried: one line, on disk
 * before the claim is sent.
 *
 *     epoch 7 claiming      written before the claim is sent
 *     epoch 7 owner         after it was accepted
 *
 * It blocks, like all of base/file: at start and after a lost link.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_EPOCH_FILE_H
#define STORE_EPOCH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct epoch_file {
    uint64_t epoch; /* 0: there is no file, or none that can be read */
    bool owned;     /* the claim of `epoch` was accepted */
    bool damaged;   /* there is a file, and it makes no sense */
};

/* Errors  -EIO, with a sentence in `why` (LINK_WHY bytes) */
RQ_MUST_CHECK int epoch_file_read(const char *path, struct epoch_file *out, char *why);
/* Lasting when it returns.  Errors  as epoch_file_read */
RQ_MUST_CHECK int epoch_file_write(const char *path, uint64_t epoch, bool owned,
                                   char *why);

#endif
