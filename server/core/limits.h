/* limits.h - every bound of the service, with its reason.  Nothing that a peer sends
 * may grow without one; each has a test at the limit and one past it.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

enum {
    /* Waiting GETs and JOINs of one connection: a pipeline of blocking commands is a
     * mistake long before this. */
    LIMIT_WAITERS_PER_CONNECTION = 1024,
    /* Leases that one connection may hold: a worker that takes more is leaking them. */
    LIMIT_LEASES_PER_CONNECTION = 65536,
    /* Names of queues: one in use costs about 6 KiB, mostly its two histograms; one
     * that only waiters named costs 400 bytes. */
    LIMIT_QUEUES = 1000000,
    /* Queues that one GET or JOIN may name: a waiter is linked into each of them. */
    LIMIT_QUEUES_PER_COMMAND = 1024,
    /* The last error of a job is kept in memory and in the log; the rest is cut off. */
    LIMIT_ERROR_BYTES = 4096,
    /* What a worker says of how far it is, in memory as long as its lease; the rest is
     * cut off. */
    LIMIT_NOTE_BYTES = 255,
    /* Replies owed to one connection; beyond it the connection is not read. */
    LIMIT_PIPELINE_DEPTH = 16384,
    /* Bytes of replies a peer may leave unread before the connection is not read... */
    LIMIT_OUTPUT_BYTES = 1 << 20,
    /* ... and how long a peer may leave them before it is closed. */
    LIMIT_OUTPUT_STALL_MS = 60 * 1000,
    /* The size of a reply with many jobs: GET COUNT stops taking jobs at this. */
    LIMIT_GET_BYTES = 4 << 20,
    /* What one PEEK may do, in steps of a MATCH: about 50 ms, or a million jobs. */
    LIMIT_PEEK_WORK = 32 << 20,
    LIMIT_CONNECTIONS_DEFAULT = 20000,
    /* Events that a peer has not read yet; beyond it some are lost to it, and counted.
     */
    LIMIT_EVENTS_BYTES = 1 << 20,
    /* PUTs that wait for room, of all connections together, with their bodies. */
    LIMIT_HELD_BYTES = 256 << 20,
    /* Ends that can be asked for; beyond it the one that is over first goes early. */
    LIMIT_KEPT = 1000000,
    /* And the bytes of their results. */
    LIMIT_KEPT_BYTES = 1 << 30,
    /* Jobs that one WAIT may name. */
    LIMIT_IDS_PER_COMMAND = 1024,
    /* CRON entries: each is in memory, and in the log again for every run. */
    LIMIT_CRONS = 1000,
    LIMIT_CRON_BODY_BYTES = 64 << 10,
    /* Batches, open or kept: about 300 bytes each. */
    LIMIT_BATCHES = 100000,
    /* An open batch without unfinished jobs goes after a day. */
    LIMIT_BATCH_IDLE_MS = 24 * 3600 * 1000,
    /* Of a UNIQUE key, or a GROUP's. */
    LIMIT_KEY_BYTES = 255,
    /* Headers and keys of one job, with their lengths. */
    LIMIT_ATTRS_BYTES = 64 << 10,
};
/* A week: results are not an archive. */
#define LIMIT_KEEP_MS UINT64_C(604800000)
/* Ten years: sums of times stay far from overflow. */
#define LIMIT_TTL_MS UINT64_C(315360000000)

#endif
