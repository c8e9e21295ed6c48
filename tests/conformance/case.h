/* case.h - what the conformance cases share.
 *
 * One case is one test, test_<AREA>_<number>, under the id of ids.txt.  It says what
 * asyncio does and librio must do, too; conformance.md in docs/rio names the cases that
 * are skipped, and why.  "Settle" is: until only the test can run.
 * SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_CASE_H
#define CONFORMANCE_CASE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"

/* Two errors of a user's own. */
enum { ERR = -EIO, ERR2 = -EPROTO };

/* Longer than any test: whoever sleeps it is cancelled. */
#define LONG_SLEEP (100 * RIO_SEC)

/* clang-format off */
/* A case that cannot run, with its reason. */
#define SKIP_CASE(name, why) \
    static void name(void **state) \
    { \
        (void)state; \
        print_message("%s: %s\n", #name, why); \
        skip(); \
    }
/* clang-format on */

RIO_AWAITS static inline int settle(void)
{
    return await(loop_test_settle());
}

static inline unsigned cancelling(void)
{
    return rio_task_cancelling(rio_current_task());
}

static inline rio_stats stats_now(void)
{
    rio_stats s;

    rio_loop_stats(rio_get_running_loop(), &s);
    return s;
}

/* What a small task does, and what became of it. */
struct job {
    int64_t delay; /* work: sleeps so long */
    rio_future *f; /* join: waits for this */
    long result;
    long answer; /* to a cancellation; 0: passes it on */
    bool started, cancelled, ended;
};

static inline long job_end(struct job *j, long rc, long result)
{
    j->ended = true;
    j->cancelled = rc == -ECANCELED;
    if (j->cancelled && j->answer != 0)
        return j->answer;
    return rc < 0 ? rc : result;
}

/* A task: sleeps, then ends with its result. */
static inline long work(void *arg)
{
    struct job *j = arg;
    long rc;

    j->started = true;
    rc = await(rio_sleep(j->delay));
    return job_end(j, rc, j->result);
}

/* A task: waits for a future and ends as that does. */
static inline long join_it(void *arg)
{
    struct job *j = arg;
    long rc;

    j->started = true;
    rc = await(rio_join(j->f));
    return job_end(j, rc, rc);
}

static inline struct job *sleeper(struct job *j)
{
    *j = (struct job){.delay = LONG_SLEEP};
    return j;
}

/* A string that grows letter by letter: the order in which things happened. */
struct trail {
    char text[64];
    size_t n;
};

static inline void leave(struct trail *t, char letter)
{
    if (t->n + 1 < sizeof t->text)
        t->text[t->n++] = letter;
}

static inline bool trail_is(const struct trail *t, const char *want)
{
    if (strcmp(t->text, want) == 0)
        return true;
    print_error("the order is \"%s\", not \"%s\"\n", t->text, want);
    return false;
}

/* An exception handler that counts. */
struct reports {
    int count;
    long err;
    char what[64];
    long answer;
};

static inline long count_reports(rio_loop *l, const char *what, long err, void *arg)
{
    struct reports *r = arg;

    (void)l;
    r->count++;
    r->err = err;
    (void)snprintf(r->what, sizeof r->what, "%s", what);
    return r->answer;
}

#endif
