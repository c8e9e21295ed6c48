/* flow - commits out, answers in.
 *
 * One commit is in flight at a time; the next leaves at the end of the turn in which
 * its answer came.  Three outcomes, never two:
 *
 *   in the log    the id came back
 *   not in it     an error or nil came back: Redis has not executed the command
 *   not known     the link broke: session.c looks it up under the next epoch
 *
 * With --replicas a commit that is in the log has one more answer to come, copies.c:
 * how many replicas have it.  If the link breaks before, it is looked up like any
 * other.
 *
 * After a definite refusal the PUTs of the commit are given up, since their clients
 * wait; all else stays, and goes again under the same id, which is still unused.
 * SPDX-License-Identifier: MIT */
#include "store/inner.h"

#include <errno.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mutant.h"
#include "store/names.h"

enum { REFUSED_BATCH = 64 }; /* ids told at once */

/* ---- sending ---- */

static long on_turn_end(void *arg)
{
    struct store *s = arg;

    s->turn_end = 0;
    flow__pump(s);
    return 0;
}

static long on_timer(void *arg)
{
    struct store *s = arg;

    s->timer = 0;
    flow__pump(s);
    return 0;
}

static bool may_wait(const struct store *s, const struct commit *c, int64_t now_ns)
{
    return c->is_lazy && !c->is_closed && rq_list_empty(&s->flushers) &&
           now_ns < rq_clock_after(c->opened_ns, STORE_LAZY_MS * RIO_MS);
}

void flow__arm(struct store *s)
{
    struct commit *c = commits_first(&s->commits);

    if (s->state != STORE_UP || s->in_flight || s->is_preparing || c == NULL ||
        s->turn_end != 0)
        return;
    if (!may_wait(s, c, rio_turn_time()))
        s->turn_end = rio_call_turn_end(on_turn_end, s);
    else if (s->timer == 0)
        s->timer = rio_call_at(c->opened_ns + STORE_LAZY_MS * RIO_MS, on_timer, s);
    /* No memory for either: the session's tick looks after what is left lying. */
}

void flow__want(struct store *s, enum want want)
{
    ASSERT(s->want_count < WANTS_MAX);
    if (s->want_count == 0)
        s->want_since_ns = rio_now();
    s->wants[s->want_count++] = want;
}

/* Does this commit end a repair?  Then all that lives stands behind the claim with
 * which the repair began, and what is left before it must go at once: it may hold jobs
 * whose end is lost. */
static bool is_cut(const struct store *s, const struct commit *c)
{
    return s->is_repairing && s->repaired_seq != 0 && c->seq >= s->repaired_seq;
}

/* Nothing of it has to be in the log. */
static bool is_needless(const struct store *s, const struct commit *c)
{
    return commit_is_empty(c) && !is_cut(s, c);
}

/* XADD <log> NOMKSTREAM MINID ~ <low> <id> b <value>; through the script when Redis is
 * full. */
static int write_commit(struct store *s, struct commit *c, struct entry_id id,
                        bool is_full)
{
    struct entry_id mark = MUTANT(TRIMMED_TOO_FAR) ? id : ledger_low(&s->ledger, id);
    struct rq_slice plain = commit_plain(&s->commits, c);
    char name[ENTRY_TEXT], low[ENTRY_TEXT];

    entry_format(id, name);
    if (is_cut(s, c) && entry_compare(mark, s->repair_from) < 0)
        mark = s->repair_from;
    entry_format(mark, low);
    link_begin(s->link, is_full ? 12 : 9);
    if (is_full) {
        link_arg_str(s->link, "EVAL");
        link_arg_str(s->link, NAMES_SCRIPT);
        link_arg_str(s->link, "1");
        link_arg_str(s->link, NAMES_LOG);
        link_arg_str(s->link, "XADD");
    } else {
        link_arg_str(s->link, "XADD");
        link_arg_str(s->link, NAMES_LOG);
    }
    link_arg_str(s->link, "NOMKSTREAM");
    link_arg_str(s->link, "MINID");
    link_arg_str(s->link, is_cut(s, c) ? "=" : "~");
    link_arg_str(s->link, low);
    link_arg_str(s->link, name);
    link_arg_str(s->link, "b");

    uint8_t *value = link_arg_room(s->link, plain.len + SEAL_OVERHEAD);
    if (value != NULL)
        seal_close(&s->seal, id, plain, value);
    FAILPOINT("store.sealed");
    return link_end(s->link);
}

/* Nothing was written.  A broken link shows itself to the reader; without memory the
 * tick tries again. */
static void report_unwritten(int rc)
{
    LOG_WARN("event=commit_not_written why=\"%s\"", rq_err_text(rc));
}

/* First what it refers to. */
static void send_bodies(struct store *s, struct commit *c)
{
    int rc = apart__write(s, c, s->is_full);

    if (rc < 0) {
        report_unwritten(rc);
        return;
    }
    c->is_closed = true;
    s->is_preparing = true;
    s->commit_bytes += c->big_bytes;
    flow__want(s, WANT_BODIES);
}

static void send_commit(struct store *s, struct commit *c, bool is_full)
{
    struct entry_id id = {s->fence.epoch, s->next_n};
    int rc = 0;

    s->is_full = is_full;
    if (c->big_bytes > 0 && s->prepared_seq != c->seq) {
        send_bodies(s, c);
        return;
    }
    FAILPOINT_ERROR("store.before_commit", rc);
    if (is_cut(s, c))
        FAILPOINT("repair.before_cut");
    if (rc == 0)
        rc = write_commit(s, c, id, is_full);
    if (rc < 0) {
        report_unwritten(rc);
        return;
    }
    c->is_closed = true;
    c->was_sent = true;
    c->id = id;
    s->in_flight = true;
    s->has_landed = false;
    s->is_cutting = is_cut(s, c);
    s->commit_bytes += c->plain.len;
    flow__want(s, WANT_COMMIT);
    s->asks_copies = copies__ask(s) == 1; /* unwritten: it has no copies that we know */
    if (!s->asks_copies)
        s->copies = 0;
    FAILPOINT("store.sent");
}

/* The first commit needs nothing more: it is in the log as `id`, or nothing of it had
 * to be ({0, 0}). */
static void finish(struct store *s, struct entry_id id)
{
    struct commit *c = commits_first(&s->commits);
    uint64_t seq = c->seq;

    size_t bytes = id.n == 0 ? 0 : c->plain.len + SEAL_OVERHEAD + LEDGER_AROUND;

    ledger_place(&s->ledger, seq, id, bytes);
    commits_drop_first(&s->commits);
    s->is_full = false;
    s->confirmed_seq = seq;
    s->events.committed(s->events.arg, seq);
    store__wake_flushers(s, false);
}

void flow__pump(struct store *s)
{
    struct commit *c;

    while (s->state == STORE_UP && !s->in_flight && !s->is_preparing &&
           (c = commits_first(&s->commits)) != NULL) {
        if (is_needless(s, c)) {
            finish(s, (struct entry_id){0, 0});
            continue;
        }
        if (may_wait(s, c, rio_turn_time()))
            flow__arm(s);
        else
            send_commit(s, c, s->is_full);
        return;
    }
}

/* ---- answers to commits ---- */

static void end_repair(struct store *s)
{
    FAILPOINT("repair.cut");
    s->is_repairing = s->is_cutting = false;
    s->repairs++;
    LOG_INFO("event=store_repaired epoch=%llu entries=%zu",
             (unsigned long long)s->fence.epoch, ledger_entries(&s->ledger));
}

static void confirm(struct store *s)
{
    struct commit *c = commits_first(&s->commits);

    s->in_flight = s->has_landed = false;
    s->acked = c->id;
    s->heard_ns = rio_now();
    s->commit_count++;
    finish(s, c->id);
    FAILPOINT("store.confirmed");
    if (s->is_cutting)
        end_repair(s);
}

struct refusal {
    struct store *store;
    uint64_t seq;
    struct job_id jobs[REFUSED_BATCH];
    size_t count;
};

static void tell_refused(struct refusal *r)
{
    struct store *s = r->store;

    if (r->count > 0)
        s->events.refused(s->events.arg, r->jobs, r->count, r->seq);
    r->count = 0;
}

static void collect_refused(void *arg, struct job_id job)
{
    struct refusal *r = arg;

    r->jobs[r->count++] = job;
    if (r->count == REFUSED_BATCH)
        tell_refused(r);
}

/* Redis has not executed the commit: its PUTs are given up. */
static void refuse_puts(struct store *s)
{
    struct commit *c = commits_first(&s->commits);
    struct refusal r = {.store = s, .seq = c->seq};

    FAILPOINT("store.refused");
    s->in_flight = false;
    size_t count = commit_refuse(&s->commits, c, collect_refused, &r);
    tell_refused(&r);
    if (count > 0)
        LOG_WARN("event=puts_refused count=%zu why=\"%s\"", count, s->why);
}

/* maxmemory is reached: what ends jobs goes through all the same. */
static int answer_refusal(struct store *s, int rc)
{
    bool was_full = s->is_full;

    if (rc == -ESTALE) {
        /* Definitely not in the log: its clients need not be told UNKNOWN. */
        commits_first(&s->commits)->was_sent = false;
        s->in_flight = false;
        return rc;
    }
    refuse_puts(s);

    struct commit *c = commits_first(&s->commits);
    if (is_needless(s, c))
        finish(s, (struct entry_id){0, 0});
    else if (rc == -ENOSPC && !was_full)
        send_commit(s, c, true);
    return rc == -ENOSPC && !was_full ? 0 : rc;
}

/* Now the commit itself. */
static int answer_bodies(struct store *s)
{
    int64_t added;

    s->is_preparing = false;
    int rc = link_refusal(s->link, s->why);
    if (rc < 0)
        return answer_refusal(s, rc);
    rc = link_take_integer(s->link, &added);
    if (rc < 0) {
        snprintf(s->why, sizeof s->why, "Redis answered HSET with something strange");
        return rc;
    }
    s->prepared_seq = commits_first(&s->commits)->seq;
    flow__pump(s);
    return 0;
}

static int answer_commit(struct store *s)
{
    struct commit *c = commits_first(&s->commits);
    struct rq_slice text;
    struct entry_id id;

    int rc = link_refusal(s->link, s->why);
    if (rc < 0)
        return answer_refusal(s, rc);
    if (link_take_nil(s->link) == 0) {
        /* The key is gone: FLUSHALL, or somebody removed it.  Nothing was stored; the
         * next claim makes a new log. */
        snprintf(s->why, sizeof s->why, NAMES_LOG " has vanished from Redis");
        flow__not_landed(s);
        return -ENOENT;
    }
    if (link_take_bytes(s->link, &text) < 0 || entry_parse(text, &id) < 0 ||
        entry_compare(id, c->id) != 0) {
        snprintf(
            s->why, sizeof s->why,
            "Redis answered XADD with something that is not our id; is there a proxy?");
        return -EBADMSG;
    }
    FAILPOINT("store.answered");
    s->next_n++;
    s->why[0] = '\0';
    s->has_landed = true;
    return s->asks_copies ? 0 : flow__copied(s);
}

int flow__copied(struct store *s)
{
    if (!s->has_landed)
        return 0;
    confirm(s);
    return apart__tidy(s);
}

static int answer(struct store *s, enum want want)
{
    switch (want) {
    case WANT_BODIES:
        return answer_bodies(s);
    case WANT_COMMIT:
        return answer_commit(s);
    case WANT_COPIES:
        return copies__answer(s);
    case WANT_WASTE:
        return apart__answer_tidy(s);
    case WANT_EPOCH:
    case WANT_LENGTH:
    case WANT_MEMORY:
        break;
    }
    return probe__answer(s, want);
}

int flow__answer(struct store *s)
{
    enum want want = s->wants[0];

    if (s->want_count == 0) {
        snprintf(s->why, sizeof s->why, "Redis answered what nobody had asked");
        return -EPROTO;
    }
    s->want_count--;
    for (size_t i = 0; i < s->want_count; i++)
        s->wants[i] = s->wants[i + 1];
    s->want_since_ns = rio_now();

    int rc = answer(s, want);
    flow__arm(s);
    return rc < 0 ? rc : probe__memory(s);
}

/* ---- a lost link ---- */

void flow__landed(struct store *s)
{
    confirm(s);
}

void flow__not_landed(struct store *s)
{
    s->in_flight = false;
}

void flow__stop(struct store *s)
{
    if (s->turn_end != 0)
        rio_handle_cancel(s->turn_end);
    if (s->timer != 0)
        rio_handle_cancel(s->timer);
    s->turn_end = s->timer = 0;
    s->want_count = 0;
    s->asks_memory = false;
    s->has_landed = false;
    s->copies = 0;
    s->memory_ns = 0;
    /* Redis may come back without what it had last: bodies are written again. */
    s->is_preparing = s->is_full = s->is_tidying = false;
    s->prepared_seq = 0;
    bigs_keep(&s->commits.bigs);
}
