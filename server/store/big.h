/* big.h - bodies that stand apart from the log: which there are, and what each waits
 * for.
 *
 *   held --- its commit is confirmed ---> current --- the commit that ends the job, or
 *   |                                        |         gives it another body, is
 *   | refused, withdrawn                     |         appended ---> leaving
 *   \-------------> waste <------------------ confirmed -----------------/
 *
 * A held body is in memory, as its commit may have to be sent again.  Waste is what
 * Redis may still have and nobody needs.  Each body has a name of its own, given once:
 * of a job that gets another body both stand in Redis until the commit has decided.
 * Plain data: nothing here suspends or talks to anybody.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_BIG_H
#define STORE_BIG_H

#include "base/list.h"
#include "base/map.h"
#include "core/record.h"

enum {
    BIG_OVER = 256 << 10, /* a body of more bytes stands apart */
    BIG_FIELD = 96,       /* bytes of the longest name with its NUL */
};

struct big {
    struct job_id job; /* first: the map's key */
    struct record_apart apart;
    struct rq_list link;   /* in the list of its state; current ones are in none */
    uint64_t seq;          /* held: the commit that needs it */
    uint64_t last_seq;     /* the commit after which nobody needs it; 0: not known */
    struct rq_slice bytes; /* held: the body */
    bool is_put;           /* its record is a PUT: can be refused */
    bool was_sent;         /* Redis may have it */
    bool is_gone;          /* Redis has lost it */
    bool is_known;         /* whoever looks at all of them has been here */
};

struct bigs {
    struct rq_map by_job; /* held and current, the last of each job */
    struct rq_list held, leaving, waste;
    struct rq_list going; /* waste that Redis was told to delete */
    size_t over;          /* the threshold; 0: BIG_OVER */
    uint64_t epoch;       /* of names: of our last claim */
    uint64_t number;      /* of the last name: grows for ever */
    size_t count, bytes;  /* of those in the map */
};

void bigs_init(struct bigs *b);
void bigs_fini(struct bigs *b);

/* The record as it is to be written: *out is `record`, or made in `room`, with a name
 * in the place of the body.  A body that was not apart yet is copied. Errors  -ENOMEM
 * Owns    *new_one (NULL: none) goes to bigs_settle() or bigs_drop() */
RQ_MUST_CHECK int bigs_prepare(struct bigs *b, const struct record *record,
                               struct record *room, const struct record **out,
                               struct big **new_one);
/* The record stands in commit `seq`. */
void bigs_settle(struct bigs *b, const struct record *record, struct big *new_one,
                 uint64_t seq);
/* It does not. */
void bigs_drop(struct bigs *b, struct big *new_one);

/* The PUT of the job was taken out of commit `seq`.  Returns  bytes set free */
size_t bigs_refuse(struct bigs *b, struct job_id job, uint64_t seq);
/* Commit `seq` and all before it are in the log.  Returns  bytes set free */
size_t bigs_confirm(struct bigs *b, uint64_t seq);
/* Redis has lost the log, and so perhaps the bodies: they are to be written again. */
void bigs_lose(struct bigs *b);

/* What is going is gone; or Redis did not say so, and it is waste again. */
void bigs_gone(struct bigs *b);
void bigs_keep(struct bigs *b);

/* A record of the log, as recovery reads it.  Errors  -ENOMEM */
RQ_MUST_CHECK int bigs_replay(struct bigs *b, const struct record *record);
/* The next one that is not known; NULL: none.  Start with *cursor = 0. */
struct big *bigs_next_unknown(struct bigs *b, size_t *cursor);

/* The body of that name, held or current; NULL: none such. */
const struct big *bigs_find(const struct bigs *b, struct job_id job,
                            const struct record_apart *apart);
/* Is that the name of a job's body?  Its length is not looked at. */
bool bigs_names(const struct bigs *b, struct job_id job,
                const struct record_apart *apart);
/* Writes "epoch-number/epoch-number" of job and name, and a NUL.
 * Shape  out: BIG_FIELD bytes.  Returns  its length */
size_t big_field(struct job_id job, const struct record_apart *apart, char *out);
/* Errors  RQ_E_MALFORMED */
RQ_MUST_CHECK int big_field_parse(struct rq_slice field, struct job_id *job,
                                  struct record_apart *apart);

#endif
