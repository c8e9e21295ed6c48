/* inner.h - the store's own state, shared by its eight files only.
 *
 *   store.c    the contract: append, withdraw, flush, stats
 *   flow.c     commits out, answers in; what each answer means
 *   copies.c   how many replicas have what is in the log
 *   probe.c    questions beside the commits
 *   session.c  the task: link, checks, claim, recover or resolve, serve, again
 *   apart.c    bodies that stand apart
 *   fetch.c    bodies read back from the log
 *   side.c     the second link, on which they are read
 * SPDX-License-Identifier: MIT */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include "base/rand.h"
#include "store/commit.h"
#include "store/fence.h"
#include "store/ledger.h"
#include "store/link.h"
#include "store/recover.h"
#include "store/seal.h"
#include "store/settings.h"
#include "store/store.h"
#include "store/url.h"

/* Somebody in store_flush(). */
struct flusher {
    struct rq_list link;
    uint64_t seq; /* done when it is in the log */
    rio_event done;
};

/* The second link.  `link` is used by whoever holds the lock. */
struct side {
    struct link *link; /* NULL: closed */
    rio_lock lock;
    int64_t used_ns; /* when it was released last */
};

/* Whose answer comes next on the link. */
enum want {
    WANT_BODIES,
    WANT_COMMIT,
    WANT_COPIES,
    WANT_EPOCH,
    WANT_LENGTH,
    WANT_MEMORY,
    WANT_WASTE
};
/* A commit or its bodies, one question of each kind, and the copies twice: of the
 * commit and of one before it that was refused. */
enum { WANTS_MAX = 7 };

struct store {
    struct store_config config;
    struct store_events events;
    struct url url;
    struct seal seal, big_seal;
    struct fence fence;
    struct settings settings;
    struct ledger ledger;
    struct commits commits;
    struct recover recover;
    struct rq_rand rand; /* jitter of the backoff */
    rio_task *task;

    enum store_state state;
    bool is_whole;          /* the log was replayed once */
    bool has_ended;         /* the task has: nothing more will be sent */
    bool was_up;            /* at least once */
    int64_t connect_ns;     /* that the last connect took; 0: none did yet */
    char why[LINK_WHY];     /* what went wrong in this session; "": nothing yet */
    char problem[LINK_WHY]; /* why the last session ended; "" when UP */
    char logged[LINK_WHY];  /* the last problem that stands in our log */

    /* valid while there is a link */
    struct link *link;
    enum want wants[WANTS_MAX];
    size_t want_count;
    int64_t want_since_ns; /* when the oldest of them was sent, or last made progress */
    size_t unsent;         /* bytes that the kernel had not taken at the last look */
    int64_t heard_ns;      /* the last answer that proved the epoch ours */

    int64_t memory_ns; /* when Redis was last asked for its memory */
    bool asks_memory;  /* the answer is on its way */
    bool is_crowded;   /* 90 % of maxmemory are in use: no PUTs */

    bool in_flight;         /* the first commit is with Redis */
    bool asks_copies;       /* a WAIT went with it */
    bool has_landed;        /* it is in the log; how many copies there are comes next */
    bool is_preparing;      /* its bodies that stand apart are */
    uint64_t prepared_seq;  /* they are in Redis, as far as this link knows */
    bool is_full;           /* it goes through the script */
    bool is_tidying;        /* bodies that nobody needs are being deleted */
    uint64_t next_n;        /* of the next commit in this epoch */
    struct entry_id acked;  /* the last commit that Redis acknowledged; {0, 0}: none */
    uint64_t confirmed_seq; /* all up to it are in the log */
    unsigned copies;        /* ... and that many replicas have them, as far as we know;
                             * not counted beyond config.copies */
    bool are_copies_missing; /* said in our log */
    struct rq_list flushers;
    struct side side;

    rio_handle turn_end; /* 0: not set */
    rio_handle timer;    /* for a lazy commit; 0: not set */

    /* A log that Redis has lost is written again. */
    bool has_hole;               /* the probe has seen that entries are missing */
    bool is_repairing;           /* from the claim until the commit that cuts */
    bool is_cutting;             /* the commit in flight does */
    struct entry_id repair_from; /* the claim: nothing before it is needed then */
    uint64_t repaired_seq;       /* the last commit of the repair; 0: not known yet */

    uint64_t commit_count, commit_bytes, reconnects, lost_tails, repairs;
};

enum { STORE_LAZY_MS = 2 }; /* how long LEASE and TOTALS may wait for company */

/* Has the open commit sent at the end of the turn, if one may be sent at all. */
void flow__arm(struct store *s);
/* Sends the next commit if none is in flight. */
void flow__pump(struct store *s);
/* One complete reply is at hand: the answer to the oldest want.
 * Errors  -ESTALE  fenced;  -EBADMSG  halted: s->why says why
 *         -EAGAIN and others: the link is to be given up */
RQ_MUST_CHECK int flow__answer(struct store *s);
/* An answer to `want` will come.  There is room for one of each kind. */
void flow__want(struct store *s, enum want want);
/* The copies of all that was written were counted: confirms the first commit if it is
 * in the log.  Errors  as flow__answer */
RQ_MUST_CHECK int flow__copied(struct store *s);
/* Asks how many replicas have all that was written so far, if copies are wanted.
 * Returns  1: an answer will come;  0: none are wanted.  Errors  as link_end */
RQ_MUST_CHECK int copies__ask(struct store *s);
/* The reply to that.  Errors  as flow__answer */
RQ_MUST_CHECK int copies__answer(struct store *s);
/* Asks whether the epoch is still ours, and how long the log is.  Errors  as link_end
 */
RQ_MUST_CHECK int probe__ask(struct store *s);
/* Asks how much memory is left, if it is time.  Errors  as link_end */
RQ_MUST_CHECK int probe__memory(struct store *s);
/* The reply to anything but a commit.  Errors  as flow__answer */
RQ_MUST_CHECK int probe__answer(struct store *s, enum want want);
/* The first commit, whose outcome was not known, is in the log under its id. */
void flow__landed(struct store *s);
/* It is not, and never will be: it will be sent again. */
void flow__not_landed(struct store *s);
/* Forgets timers and wants: the link is gone. */
void flow__stop(struct store *s);

/* Writes the bodies of the first commit that stand apart.  Errors  as link_end */
RQ_MUST_CHECK int apart__write(struct store *s, const struct commit *c, bool is_full);
/* Deletes what nobody needs, if there is some.  Errors  as link_end */
RQ_MUST_CHECK int apart__tidy(struct store *s);
/* The reply to that.  Errors  as flow__answer */
RQ_MUST_CHECK int apart__answer_tidy(struct store *s);
/* The log has been read: deletes what no job of it has.
 * Errors  as link_reply and link_refusal */
RIO_AWAITS int apart__recover(struct store *s);

/* Opens and greets the side link, if it is closed.  For the holder of its lock.
 * Errors  as link_open and link_greet, which gives `why` (LINK_WHY) */
RIO_AWAITS int side__open(struct store *s, char *why);
/* Closes it.  For the holder of the lock, or when nobody holds it.  Suspends until the
 * kernel has let go; a cancel is held back until then. */
RIO_AWAITS int side__close(struct store *s);
/* Gives the lock back. */
void side__release(struct store *s);
/* Is it open, and was not used for long? */
bool side__is_idle(const struct store *s);
/* Nobody will use it any more: closes it, or leaves that to the holder of the lock. */
RIO_AWAITS int side__end(struct store *s);

/* Will nothing be stored any more: fenced, halted, or the task has ended? */
bool store__is_stopped(const struct store *s);
/* Wakes every flusher whose commit is in the log; with `all`, everyone. */
void store__wake_flushers(struct store *s, bool all);

/* The body of the store's task. */
long session__main(void *arg);

#endif
