/* encode.h - records <-> bytes: the plain text of one commit.
 *
 *   plain  := count u32 | base epoch u32 | base number u64 | record...
 *   record := type u8 | length varint | payload
 *   job    := zigzag(epoch - base epoch) | zigzag(number - base number)
 *
 * A PUT or MOVE whose body stands apart has a type of its own, and in the place of the
 * body the body's length and its name: a reader of an older version stops at it.  So
 * have those that leave out what they have in common with others (kinds.h), which
 * stands once in a KIND before them; that is not counted.
 *
 * Fixed numbers are little endian; varints are LEB128, shortest form only.  The base is
 * the first job of the commit, so that a job of the same time costs two or three bytes.
 * How to change a stored record: core/record.h.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_ENCODE_H
#define STORE_ENCODE_H

#include "base/attr.h"
#include "base/buf.h"
#include "core/record.h"
#include "store/kinds.h"

enum {
    ENCODE_VERSION = 1,
    ENCODE_HEADER = 16,
    /* Names and bytes of the largest record: a body of 64 MiB and what goes with it. */
    ENCODE_RECORD_MAX = (64 << 20) + (1 << 16),
    /* More than all of a record but its names and bytes. */
    ENCODE_AROUND = 320,
    /* The largest commit: an MPUT is never divided.  Redis takes four times as much. */
    ENCODE_COMMIT_MAX = 128 << 20,
};
/* Job ids of a greater epoch cannot be written. */
#define ENCODE_EPOCH_MAX UINT32_MAX

/* Appends the header of an empty commit to the empty buffer `out`; `kinds` are of what
 * was appended to it.
 * Errors  -ENOMEM */
RQ_MUST_CHECK int encode_begin(struct rq_buf *out, struct kinds *kinds,
                               struct job_id base);

/* Appends one record to a commit begun in `out`.
 * Errors  -EMSGSIZE  over ENCODE_RECORD_MAX, or encode_bound() is more than the commit
 * may still take -ENOMEM;   nothing has changed */
RQ_MUST_CHECK int encode_record(struct rq_buf *out, struct kinds *kinds,
                                const struct record *record);
/* More than the record adds to any commit. */
size_t encode_bound(const struct record *record);

/* Strikes the job's PUT record out: encode_sweep() takes it away.  The search starts at
 * *scan and comes round, so that strikes in the order of the records are cheap.
 * Returns  false when there is no such record */
bool encode_strike_put(struct rq_buf *plain, size_t *scan, struct job_id job);
/* Strikes out all PUT records and calls `each` for every one of them.
 * Returns  how many */
size_t encode_strike_puts(struct rq_buf *plain,
                          void (*each)(void *arg, struct job_id job), void *arg);
/* Takes away what is struck out, and the kinds at the end that nothing refers to any
 * more: what comes next must write its own.  O(length). */
void encode_sweep(struct rq_buf *plain, struct kinds *kinds);
/* Records not struck out. */
uint32_t encode_count(const struct rq_buf *plain);

/* What the jobs of a kind have from it. */
struct decoded_kind {
    struct rq_slice queue;
    struct job_policy policy;
    int64_t put_wall_ms;
};

struct decoder {
    struct rq_slice rest;
    struct job_id base;
    uint32_t left;                          /* records still to come */
    uint32_t known;                         /* a set of slots */
    struct decoded_kind kinds[KINDS_SLOTS]; /* valid: what is known */
};

/* Errors  RQ_E_MALFORMED */
RQ_MUST_CHECK int decode_begin(struct decoder *d, struct rq_slice plain);
/* Returns  1: *out is the next record;  0: that was all, to the last byte
 * Errors   RQ_E_MALFORMED  damaged
 *          -ENOTSUP        a type of record that this version does not know
 * Owns     out's slices lend from the plain text */
RQ_MUST_CHECK int decode_next(struct decoder *d, struct record *out);

#endif
