/* seal.h - one commit made tamper-evident: XChaCha20-Poly1305 by libsodium.
 *
 *   value := version u8 | flags u8 | key id u32 | nonce[24] | ciphertext | tag[16]
 *
 * Version, flags, key id, the log's name and the entry id are associated data: a commit
 * can be neither moved to another place nor sent again under another id without being
 * sealed again.  Key id 0 is a fixed public key: its tag is a checksum, the only one,
 * as Redis' append-only file has none.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/attr.h"
#include "base/slice.h"
#include "store/entry.h"

enum { SEAL_HEADER = 30, SEAL_TAG = 16, SEAL_OVERHEAD = SEAL_HEADER + SEAL_TAG };

struct seal {
    uint8_t key[32];
    uint32_t key_id;
    uint8_t nonce[24]; /* of the next commit: random at start, then counted */
    char log[32];      /* the name of the log, or of another key */
};

/* Makes a seal with key 0 for the log named `log` (< 32 bytes).
 * Errors  -EIO  libsodium does not start */
RQ_MUST_CHECK int seal_init(struct seal *s, const char *log);
void seal_fini(struct seal *s); /* wipes it */

/* Shape  out: plain.len + SEAL_OVERHEAD bytes, apart from plain */
void seal_close(struct seal *s, struct entry_id id, struct rq_slice plain,
                uint8_t *out);

/* Opens `value` where it lies.
 * Errors  RQ_E_MALFORMED  too short, or the tag does not fit: damaged or moved
 *         -ENOTSUP        a version or flag that this program does not know
 *         -ENOKEY         sealed with a key that we do not have
 * Owns    *out lends from `value` */
RQ_MUST_CHECK int seal_open(const struct seal *s, struct entry_id id, uint8_t *value,
                            size_t len, struct rq_slice *out_plain);

/* The same for a value that stands under a field of a hash: of the key that was given
 * as the log's name.  Shape  field: SEAL_FIELD_MAX bytes at most */
enum { SEAL_FIELD_MAX = 96 };
void seal_close_field(struct seal *s, struct rq_slice field, struct rq_slice plain,
                      uint8_t *out);
RQ_MUST_CHECK int seal_open_field(const struct seal *s, struct rq_slice field,
                                  uint8_t *value, size_t len,
                                  struct rq_slice *out_plain);

#endif
