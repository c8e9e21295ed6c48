/* commit - commits that are not in the log yet.
 *
 *     c->bytes = sum of plain.len and big_bytes over the queue
 * SPDX-License-Identifier: MIT */
#include "store/commit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "store/encode.h"

enum {
    SPARE_KEEP = 2 << 20, /* memory that a spare commit may keep */
};

void commits_init(struct commits *c, struct ledger *ledger)
{
    memset(c, 0, sizeof *c); /* too large to be made on a stack */
    c->ledger = ledger;
    c->base = (struct job_id){0, 1};
    rq_list_init(&c->queue);
    bigs_init(&c->bigs);
}

static void free_commit(struct commit *commit)
{
    if (commit == NULL)
        return;
    rq_buf_fini(&commit->plain);
    free(commit);
}

void commits_fini(struct commits *c)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&c->queue)) != NULL)
        free_commit(RQ_LIST_ENTRY(link, struct commit, link));
    free_commit(c->spare);
    c->spare = NULL;
    bigs_fini(&c->bigs);
}

static struct commit *last_of(const struct commits *c)
{
    return rq_list_empty(&c->queue) ? NULL
                                    : RQ_LIST_ENTRY(c->queue.prev, struct commit, link);
}

bool commit_is_empty(const struct commit *commit)
{
    return encode_count(&commit->plain) == 0;
}

/* The commit that a record of so many bytes goes into, if it is there already. */
static struct commit *open_one(const struct commits *c, size_t bound)
{
    struct commit *last = last_of(c);

    if (last == NULL || last->is_closed)
        return NULL;
    if (c->is_held || commit_is_empty(last) ||
        last->plain.len + last->big_bytes + bound <= COMMIT_BYTES_MAX)
        return last;
    last->is_closed = true;
    return NULL;
}

static struct commit *take_spare(struct commits *c)
{
    struct commit *commit = c->spare;

    c->spare = NULL;
    if (commit != NULL)
        return commit;
    commit = calloc(1, sizeof *commit);
    if (commit != NULL)
        rq_buf_init(&commit->plain, ENCODE_COMMIT_MAX);
    return commit;
}

static void keep_spare(struct commits *c, struct commit *commit)
{
    if (c->spare != NULL) {
        free_commit(commit);
        return;
    }
    rq_buf_shrink(&commit->plain, SPARE_KEEP);
    c->spare = commit;
}

static int open_commit(struct commits *c, int64_t now_ns, struct commit **out)
{
    struct commit *commit = take_spare(c);
    struct rq_buf plain;

    if (commit == NULL)
        return -ENOMEM;
    int rc = encode_begin(&commit->plain, &c->kinds, c->base);
    plain = commit->plain;
    *commit = (struct commit){.plain = plain, .is_lazy = true, .opened_ns = now_ns};
    rq_list_init(&commit->link);
    if (rc == 0)
        rc = ledger_add(c->ledger, &commit->seq);
    if (rc < 0) {
        keep_spare(c, commit);
        return rc;
    }
    rq_list_push_back(&c->queue, &commit->link);
    c->bytes += commit->plain.len;
    c->count++;
    *out = commit;
    return 0;
}

/* Encodes what is to be written of it, at most `bound` bytes.  The commit exists. */
static int add(struct commits *c, struct commit *commit, const struct record *record,
               size_t bound)
{
    const struct record *written;
    struct record room;
    struct big *big;

    if (record->body.len > ENCODE_RECORD_MAX ||
        commit->big_bytes + bound > ENCODE_COMMIT_MAX)
        return -EMSGSIZE;
    int rc = bigs_prepare(&c->bigs, record, &room, &written, &big);
    if (rc < 0)
        return rc;
    rc = encode_record(&commit->plain, &c->kinds, written);
    if (rc < 0) {
        bigs_drop(&c->bigs, big);
        return rc;
    }
    size_t len = big == NULL ? 0 : big->bytes.len;
    commit->big_bytes += len;
    c->bytes += len;
    bigs_settle(&c->bigs, record, big, commit->seq);
    return 0;
}

int commits_append(struct commits *c, const struct record *record, int64_t now_ns,
                   uint64_t *out_seq)
{
    size_t bound = encode_bound(record);
    struct commit *commit = open_one(c, bound);
    int rc = 0;

    if (commit == NULL && record_has_job(record->type))
        c->base = record->job;
    if (commit == NULL)
        rc = open_commit(c, now_ns, &commit);
    if (rc < 0)
        return rc;

    size_t before = commit->plain.len;
    rc = add(c, commit, record, bound);
    if (rc < 0)
        return rc;
    c->bytes += commit->plain.len - before;
    if (record_is_home(record))
        ledger_count(c->ledger, commit->seq, commit->plain.len - before);
    if (record->type != RECORD_LEASE && record->type != RECORD_TOTALS)
        commit->is_lazy = false;
    *out_seq = commit->seq;
    return 0;
}

int commits_mark(struct commits *c, int64_t now_ns)
{
    struct commit *last = last_of(c);
    int rc = last == NULL ? open_commit(c, now_ns, &last) : 0;

    if (rc == 0)
        last->is_closed = true;
    return rc;
}

void commits_hold(struct commits *c)
{
    ASSERT(!c->is_held);
    c->is_held = true;
}

void commits_unhold(struct commits *c)
{
    ASSERT(c->is_held);
    c->is_held = false;
}

void commits_close(struct commits *c)
{
    struct commit *last = last_of(c);

    if (last != NULL)
        last->is_closed = true;
}

struct commit *commits_first(const struct commits *c)
{
    struct commit *first;

    if (rq_list_empty(&c->queue))
        return NULL;
    first = RQ_LIST_ENTRY(c->queue.next, struct commit, link);
    return first->is_closed || !commit_is_empty(first) ? first : NULL;
}

void commits_drop_first(struct commits *c)
{
    struct rq_list *link = rq_list_pop_front(&c->queue);

    ASSERT(link != NULL);
    struct commit *commit = RQ_LIST_ENTRY(link, struct commit, link);
    size_t freed = bigs_confirm(&c->bigs, commit->seq);
    ASSERT(freed == commit->big_bytes);
    c->bytes -= commit->plain.len + commit->big_bytes;
    c->count--;
    keep_spare(c, commit);
}

struct commit *commits_find(const struct commits *c, uint64_t seq)
{
    RQ_LIST_EACH(link, &c->queue)
    {
        struct commit *commit = RQ_LIST_ENTRY(link, struct commit, link);

        if (commit->seq == seq)
            return commit;
    }
    return NULL;
}

/* Takes what is struck out away once it outweighs the rest: amortised, a byte is moved
 * once, and the memory of withdrawn PUTs does not keep others out. */
static void sweep(struct commits *c, struct commit *commit)
{
    c->bytes -= commit->plain.len;
    encode_sweep(&commit->plain, &c->kinds);
    c->bytes += commit->plain.len;
    commit->scan = 0;
    commit->struck = 0;
}

static void drop_big(struct commits *c, struct commit *commit, struct job_id job)
{
    if (commit->big_bytes == 0)
        return;
    size_t len = bigs_refuse(&c->bigs, job, commit->seq);

    commit->big_bytes -= len;
    c->bytes -= len;
}

bool commit_withdraw(struct commits *c, struct commit *commit, struct job_id job)
{
    ASSERT(!commit->was_sent);
    if (!encode_strike_put(&commit->plain, &commit->scan, job))
        return false;
    drop_big(c, commit, job);
    commit->struck++;
    if (commit->struck > encode_count(&commit->plain))
        sweep(c, commit);
    return true;
}

struct refusing {
    struct commits *commits;
    struct commit *commit;
    void (*each)(void *arg, struct job_id job);
    void *arg;
};

static void refuse_one(void *arg, struct job_id job)
{
    struct refusing *r = arg;

    drop_big(r->commits, r->commit, job);
    r->each(r->arg, job);
}

size_t commit_refuse(struct commits *c, struct commit *commit,
                     void (*each)(void *arg, struct job_id job), void *arg)
{
    struct refusing r = {c, commit, each, arg};
    size_t count = encode_strike_puts(&commit->plain, refuse_one, &r);

    sweep(c, commit);
    return count;
}

struct rq_slice commit_plain(struct commits *c, struct commit *commit)
{
    if (commit->struck > 0)
        sweep(c, commit);
    return rq_buf_slice(&commit->plain);
}
