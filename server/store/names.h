/* names.h - what our keys in Redis are called.  One partition, number 0, for now.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#define NAMES_PARTITION "ringq:{p000}:"
#define NAMES_LOG NAMES_PARTITION "log"
#define NAMES_EPOCH                                                               \
    NAMES_PARTITION "epoch"             /* of the owner: "<epoch> <claim's text>" \
                                         */
#define NAMES_BIG NAMES_PARTITION "big" /* a hash: bodies that stand apart */
#define NAMES_BAD NAMES_PARTITION "bad" /* damaged entries of the log, set aside */
#define NAMES_SELF_TEST NAMES_PARTITION "selftest:"
/* In the state directory. */
#define NAMES_EPOCH_FILE "epoch-000"

/* Runs the command in ARGV on the key, also when maxmemory is reached: what ends jobs
 * must get through, or a full Redis could never be emptied.  XADD inside a script is
 * fenced like any other.  Sent as text, not by its hash: it is short, and rare. */
#define NAMES_SCRIPT \
    "#!lua flags=allow-oom\nreturn redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))"

#endif
