/* manage.c - KICK, CANCEL, PURGE, RESCHEDULE, REQUEUE: what operators do to jobs.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/assert.h"
#include "base/err.h"

static void refuse_id(struct reply *r, int code, struct job_id id, size_t changed)
{
    char text[128], word[RQ_ID_TEXT_MAX];

    if (code != RQ_E_NOJOB) {
        reply_refuse(r, code);
        return;
    }
    snprintf(text, sizeof text, "%.*s has ended or never was; COUNT %zu",
             (int)rq_id_format(id.epoch, id.number, word), word, changed);
    reply_error(r, code, text);
}

/* ---- what changes jobs answers with their number, when that is in the log ---- */

static void changed_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);

    if (r->u.changed.has_bad)
        refuse_id(r, RQ_E_NOJOB, r->u.changed.bad, r->u.changed.count);
    else
        reply_int(r, (int64_t)r->u.changed.count);
}

static const struct promise_ops changed_ops = {.done = changed_done,
                                               .failed = reply_failed};

typedef int change_ids(struct broker *b, const struct job_id *ids, size_t count,
                       struct promise *promise, struct broker_changed *out);

static void change(struct api_client *c, const struct rq_ids *words, change_ids *apply,
                   struct reply *r)
{
    struct job_id *ids = reallocarray(NULL, words->count, sizeof *ids);
    struct rq_lease id = {0, 0, 0};

    if (ids == NULL) {
        reply_refuse(r, -ENOMEM);
        return;
    }
    for (size_t i = 0; i < words->count; i++) {
        int rc = rq_id_parse(words->words[i], &id);

        ASSERT(rc == 0); /* the parser of the command has checked them */
        ids[i] = (struct job_id){id.epoch, id.number};
    }
    r->promise.ops = &changed_ops;
    int rc = apply(c->server->broker, ids, words->count, &r->promise, &r->u.changed);
    if (rc < 0)
        refuse_id(r, rc, r->u.changed.bad, 0);
    free(ids);
}

void api_cancel(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_ids ids;

    if (rq_cancel_parse(cmd, &ids, &why) < 0)
        reply_complain(r, &why);
    else
        change(c, &ids, broker_cancel, r);
}

void api_kick(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_kick kick;

    if (rq_kick_parse(cmd, &kick, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    if (kick.ids.count > 0) {
        change(c, &kick.ids, broker_kick, r);
        return;
    }
    r->promise.ops = &changed_ops;
    int rc = broker_kick_some(c->server->broker, kick.queue, (size_t)kick.count,
                              &r->promise, &r->u.changed);
    if (rc < 0)
        reply_refuse(r, rc);
}

static unsigned core_states(unsigned states)
{
    static const enum job_state of[] = {
        [RQ_STATE_READY] = JOB_READY,
        [RQ_STATE_DELAYED] = JOB_DELAYED,
        [RQ_STATE_LEASED] = JOB_LEASED,
        [RQ_STATE_DEAD] = JOB_DEAD,
    };
    unsigned set = 0;

    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (states & 1u << i)
            set |= 1u << of[i];
    return set;
}

void api_purge(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_purge purge;

    if (rq_purge_parse(cmd, &purge, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    r->promise.ops = &changed_ops;
    int rc = broker_purge(c->server->broker, purge.queue, core_states(purge.states),
                          &r->promise, &r->u.changed);
    if (rc < 0)
        reply_refuse(r, rc);
}

/* ---- RESCHEDULE ---- */

static void ok_done(struct promise *p)
{
    reply_ok(RQ_CONTAINER_OF(p, struct reply, promise));
}

static const struct promise_ops ok_ops = {.done = ok_done, .failed = reply_failed};

void api_reschedule(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_reschedule to;
    struct rq_complaint why;

    if (rq_reschedule_parse(cmd, &to, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    int64_t due = to.delay_ms < 0 ? to.at_unix_ms
                                  : broker_wall_ms(c->server->broker) + to.delay_ms;
    r->promise.ops = &ok_ops;
    int rc =
        broker_reschedule(c->server->broker, (struct job_id){to.id.epoch, to.id.number},
                          due, &r->promise);
    if (rc == RQ_E_BADARG)
        reply_error(r, rc, "only delayed and ready jobs can be rescheduled; see SHOW");
    else if (rc < 0)
        reply_refuse(r, rc);
}

/* ---- REQUEUE ---- */

static void refuse_key(struct reply *r, struct job_id holder)
{
    char text[96], id[RQ_ID_TEXT_MAX];
    int len = (int)rq_id_format(holder.epoch, holder.number, id);

    snprintf(text, sizeof text, "%.*s has its UNIQUE key in that queue", len, id);
    reply_error(r, RQ_E_BADARG, text);
}

void api_requeue(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct job_id exists;
    struct rq_requeue to;

    if (rq_requeue_parse(cmd, &to, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    r->promise.ops = &ok_ops;
    int rc =
        broker_requeue(c->server->broker, (struct job_id){to.id.epoch, to.id.number},
                       to.queue, &r->promise, &exists);
    if (rc > 0)
        refuse_key(r, exists);
    else if (rc == RQ_E_BADARG)
        reply_error(r, rc,
                    "a leased job stays where it is, and one whose body is lost; see "
                    "SHOW");
    else if (rc < 0)
        reply_refuse(r, rc);
}
