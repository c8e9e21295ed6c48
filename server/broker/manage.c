/* manage - what operators do to jobs: gate, rules, carry.
 *
 * What touches many jobs goes to the log in batches, so that the list of effects stays
 * small.  And what touches very many is a chore: a slice of it is done each turn, and
 * others are served meanwhile.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/name.h"
#include "broker/inner.h"

enum { BATCH = 1024, SLICE = 8 * BATCH };

/* ---- jobs by id ---- */

typedef int change_one(struct core *core, struct job_id id, struct core_now now,
                       struct effects *fx);

static int change_all(struct broker *b, const struct job_id *ids, size_t count,
                      change_one *change, struct promise *promise,
                      struct broker_changed *out)
{
    int rc = broker_gate(b);

    *out = (struct broker_changed){0};
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        rc = change(b->core, ids[i], broker__now(b), &b->fx);
        if (rc > 0) {
            out->count++;
        } else if (rc == RQ_E_NOJOB && !out->has_bad) {
            out->has_bad = true;
            out->bad = ids[i];
        } else if (rc < 0 && rc != RQ_E_NOJOB) {
            broker__must(rc, "changing a job");
        }
    }
    if (out->count == 0 && out->has_bad)
        return RQ_E_NOJOB;
    return broker__carry_promise(b, promise);
}

int broker_kick(struct broker *b, const struct job_id *ids, size_t count,
                struct promise *promise, struct broker_changed *out)
{
    return change_all(b, ids, count, core_kick, promise, out);
}

int broker_cancel(struct broker *b, const struct job_id *ids, size_t count,
                  struct promise *promise, struct broker_changed *out)
{
    return change_all(b, ids, count, core_cancel, promise, out);
}

int broker_reschedule(struct broker *b, struct job_id id, int64_t due_wall_ms,
                      struct promise *promise)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_reschedule(b->core, id, due_wall_ms, broker__now(b), &b->fx);
    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

/* ---- jobs of a queue ---- */

/* No more of them than there were at first: else it might never end. */
struct chore {
    struct rq_list link; /* in broker->chores */
    struct promise *promise;
    bool is_kick; /* else a purge */
    size_t ready_left, delayed_left, dead_left;
    struct broker_changed *changed; /* the caller's; NULL: he does not ask */
    size_t name_len;
    char name[RQ_NAME_MAX];
};

static long change_batch(struct broker *b, const struct chore *c, enum job_state state,
                         size_t max)
{
    const struct rq_slice queue = rq_slice(c->name, c->name_len);

    return c->is_kick
               ? core_kick_some(b->core, queue, max, broker__now(b), &b->fx)
               : core_purge_some(b->core, queue, state, max, broker__now(b), &b->fx);
}

/* Up to *left jobs in a state, and up to *room. */
static void change_some(struct broker *b, const struct chore *c, enum job_state state,
                        size_t *left, size_t *room)
{
    while (*left > 0 && *room > 0) {
        size_t want = *left < BATCH ? *left : BATCH;
        long n = change_batch(b, c, state, want);

        if (n < 0)
            broker__must((int)n, "changing jobs");
        broker__carry(b, NULL);
        if (c->changed != NULL)
            c->changed->count += (size_t)n;
        *left = (size_t)n < want ? 0 : *left - want;
        *room -= *room < want ? *room : want;
    }
}

/* Returns  is it all done? */
static bool do_slice(struct broker *b, struct chore *c)
{
    size_t room = SLICE;

    change_some(b, c, JOB_READY, &c->ready_left, &room);
    change_some(b, c, JOB_DELAYED, &c->delayed_left, &room);
    change_some(b, c, JOB_DEAD, &c->dead_left, &room);
    return c->ready_left == 0 && c->delayed_left == 0 && c->dead_left == 0;
}

/* Does a slice at once, and the rest in turns to come.  Errors  -ENOMEM, gate */
static int begin_chore(struct broker *b, const struct chore *what,
                       struct rq_slice queue)
{
    struct promise *promise = what->promise;
    struct chore *c;
    int rc = broker_gate(b);

    if (what->changed != NULL)
        *what->changed = (struct broker_changed){0};
    if (rc < 0)
        return rc;
    c = malloc(sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    *c = *what;
    c->name_len = queue.len;
    memcpy(c->name, queue.ptr, queue.len);
    if (do_slice(b, c)) {
        free(c);
        return broker__carry_promise(b, promise);
    }
    rq_list_push_back(&b->chores, &c->link);
    broker__rearm(b);
    return 0;
}

void broker__do_chore(struct broker *b)
{
    struct rq_list *link = rq_list_pop_front(&b->chores);

    if (link == NULL)
        return;
    struct chore *c = RQ_LIST_ENTRY(link, struct chore, link);
    struct promise *promise = c->promise;
    if (!do_slice(b, c)) {
        rq_list_push_back(&b->chores, &c->link); /* they take turns */
        return;
    }
    free(c);
    int rc = broker__carry_promise(b, promise);
    if (rc < 0)
        promise->ops->failed(promise, rc);
}

void broker__fail_chores(struct broker *b, int code)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&b->chores)) != NULL) {
        struct chore *c = RQ_LIST_ENTRY(link, struct chore, link);
        struct promise *promise = c->promise;

        free(c);
        promise->ops->failed(promise, code);
    }
}

static struct queue_view look_at(struct broker *b, struct rq_slice queue)
{
    const struct queue *q = core_find_queue(b->core, queue);
    struct queue_view view = {0};

    if (q != NULL)
        queue_view(q, broker__now(b).mono_ns, &view);
    return view;
}

int broker_kick_some(struct broker *b, struct rq_slice queue, size_t max,
                     struct promise *promise, struct broker_changed *out)
{
    const struct queue_view view = look_at(b, queue);
    const struct chore chore = {.promise = promise,
                                .is_kick = true,
                                .dead_left = max < view.dead ? max : view.dead,
                                .changed = out};

    return begin_chore(b, &chore, queue);
}

int broker_purge(struct broker *b, struct rq_slice queue, unsigned states,
                 struct promise *promise, struct broker_changed *out)
{
    const struct queue_view view = look_at(b, queue);
    const struct chore chore = {.promise = promise,
                                .ready_left = states & 1u << JOB_READY ? view.ready : 0,
                                .delayed_left =
                                    states & 1u << JOB_DELAYED ? view.delayed : 0,
                                .dead_left = states & 1u << JOB_DEAD ? view.dead : 0,
                                .changed = out};

    return begin_chore(b, &chore, queue);
}

/* ---- queues ---- */

static int set(struct broker *b, struct rq_slice queue,
               const struct record_settings *settings)
{
    int rc = broker_gate(b);

    if (rc == 0)
        rc = core_queue_set(b->core, queue, settings, &b->fx);
    rio_turn_time_update(); /* ORDER sorts all ready jobs again */
    return rc;
}

int broker_queue_set(struct broker *b, struct rq_slice queue,
                     const struct record_settings *settings, struct promise *promise)
{
    int rc = set(b, queue, settings);

    return rc < 0 ? rc : broker__carry_promise(b, promise);
}

int broker_shut_now(struct broker *b, struct rq_slice queue,
                    const struct record_settings *settings, struct promise *promise)
{
    int rc = set(b, queue, settings);

    if (rc < 0)
        return rc;
    broker__carry(b, NULL);
    return broker_purge(b, queue, 1u << JOB_READY | 1u << JOB_DELAYED, promise, NULL);
}

void broker_drain(struct broker *b, bool on)
{
    core_drain(b->core, on);
    broker__rearm(b);
}

bool broker_is_draining(const struct broker *b)
{
    return core_is_draining(b->core);
}
