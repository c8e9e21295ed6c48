/* rewrite.h - all that lives, or the oldest part of it, is written into the log again:
 * the repair of a log that Redis has lost, and compaction.
 *
 *     MOVING   a page of records (core/move.h) each millisecond
 *     TOTALS   of all queues; when they are in the log, the old homes are forgotten
 *
 * Both go on beside all other work, and wait while much is unconfirmed: PUTs find room.
 * A repair comes first; what it writes is a compaction, too.
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_REWRITE_H
#define BROKER_REWRITE_H

#include "core/move.h"
#include "rio/rio.h"

struct broker;

enum rewrite_phase { REWRITE_IDLE, REWRITE_MOVING, REWRITE_TOTALS };

struct rewrite {
    struct core_mover mover;
    enum rewrite_phase phase;
    bool is_repair;
    unsigned rounds;  /* of TOTALS to be written out of turn, for homes before
                         mover.before */
    uint64_t floor;   /* bytes of the log after the last one */
    uint64_t written; /* by all, until the last step */
    size_t page;      /* of which we were asked for so many, by the last step */
    rio_handle timer;
};

/* Redis has lost the commits before `before`. */
void rewrite_repair(struct broker *b, uint64_t before);
/* A commit is in the log: has it grown too large? */
void rewrite_look(struct broker *b);
/* One round of TOTALS has been appended. */
void rewrite_totals_written(struct broker *b);
void rewrite_stop(struct broker *b);

#endif
