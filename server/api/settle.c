/* settle.c - DONE, FAIL, RELEASE, TOUCH: what a worker says of a job it holds.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"
#include "base/assert.h"
#include "base/err.h"

static struct broker_lease to_broker(const struct rq_lease *lease)
{
    return (struct broker_lease){{lease->epoch, lease->number}, lease->n};
}

static struct rq_lease from_broker(const struct broker_lease *lease)
{
    return (struct rq_lease){lease->id.epoch, lease->id.number, lease->n};
}

/* `-STALE 7-1:1 is no longer yours` */
static void refuse_lease(struct reply *r, int code, const struct rq_lease *lease,
                         long finished)
{
    char text[192], word[RQ_LEASE_TEXT_MAX];
    int len = (int)rq_lease_format(lease, word);

    if (code != RQ_E_STALE && code != RQ_E_NOJOB) {
        reply_refuse(r, code);
        return;
    }
    const char *why =
        code == RQ_E_STALE ? "is no longer yours" : "has ended or never was";
    if (finished >= 0)
        snprintf(text, sizeof text, "%.*s %s; COUNT %ld", len, word, why, finished);
    else
        snprintf(text, sizeof text, "%.*s %s; drop the work", len, word, why);
    reply_error(r, code, text);
}

/* ---- DONE ---- */

static void refuse_done(struct reply *r, int code, size_t finished)
{
    struct rq_lease bad = from_broker(&r->leases[r->u.done.bad_at]);

    refuse_lease(r, code, &bad, (long)finished);
}

/* Perhaps before broker_done() has returned: what has been done before is in the log.
 */
static void done_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);

    if (r->u.done.bad_at < r->u.done.asked)
        refuse_done(r, r->u.done.bad_code, r->u.done.finished);
    else
        reply_int(r, (int64_t)r->u.done.finished);
}

static const struct promise_ops done_ops = {.done = done_done, .failed = reply_failed};

/* Reads the leases of a command, at least one, into the slot's own array.
 * Returns  NULL without memory */
static const struct broker_lease *read_leases(const struct rq_leases *words,
                                              struct reply *r)
{
    if (reply_reserve_leases(r, words->count) < 0)
        return NULL;
    r->leases[0] = to_broker(&words->first);
    for (size_t i = 1; i < words->count; i++) {
        struct rq_lease lease;
        int rc = rq_lease_parse(words->words[i], &lease);

        ASSERT(rc == 0); /* the parser of the command has checked them */
        r->leases[i] = to_broker(&lease);
    }
    return r->leases;
}

void api_done(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_leases done;

    if (rq_done_parse(cmd, &done, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct broker_lease *leases = read_leases(&done, r);
    if (leases == NULL) {
        reply_refuse(r, -ENOMEM);
        return;
    }
    r->promise.ops = &done_ops;
    r->u.done.asked = r->u.done.bad_at = done.count;
    int rc = broker_done(c->server->broker, leases, done.count, done.result,
                         done.has_result, &r->promise, &r->u.done.finished,
                         &r->u.done.bad_at, &r->u.done.bad_code);
    if (rc < 0 && r->u.done.bad_at < done.count)
        refuse_done(r, rc, 0);
    else if (rc < 0)
        reply_refuse(r, rc);
}

/* ---- FAIL ---- */

static void fail_done(struct promise *p)
{
    struct reply *r = RQ_CONTAINER_OF(p, struct reply, promise);
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_array(&w, 2);
    rq_resp_bulk_str(&w, r->u.fail.cancelled ? "cancelled"
                         : r->u.fail.dead    ? "dead"
                                             : "delayed");
    rq_resp_int(&w, r->u.fail.retry_wall_ms);
    reply_resolve(r, &w);
}

static const struct promise_ops fail_ops = {.done = fail_done, .failed = reply_failed};

void api_fail(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_fail fail;

    if (rq_fail_parse(cmd, &fail, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct broker_lease lease = to_broker(&fail.lease);
    r->promise.ops = &fail_ops;
    int rc = broker_fail(c->server->broker, &lease, fail.error, fail.delay_ms,
                         fail.dead, &r->promise, &r->u.fail);
    if (rc < 0)
        refuse_lease(r, rc, &fail.lease, -1);
}

/* ---- RELEASE ---- */

static void release_done(struct promise *p)
{
    reply_ok(RQ_CONTAINER_OF(p, struct reply, promise));
}

static const struct promise_ops release_ops = {.done = release_done,
                                               .failed = reply_failed};

void api_release(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_release release;

    if (rq_release_parse(cmd, &release, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    const struct broker_lease lease = to_broker(&release.lease);
    r->promise.ops = &release_ops;
    int rc = broker_release(c->server->broker, &lease, release.delay_ms, &r->promise);
    if (rc < 0)
        refuse_lease(r, rc, &release.lease, -1);
}

/* ---- TOUCH: answered at once, from memory ---- */

struct touching {
    struct rq_resp_writer *w;
    bool quiet; /* workers are to take no more */
};

static void write_touched(const struct touching *t, const struct rq_lease *lease,
                          const struct core_touched *touched)
{
    struct rq_resp_writer *w = t->w;
    char word[RQ_LEASE_TEXT_MAX];

    rq_resp_array(w, 2u + touched->cancel + t->quiet);
    rq_resp_bulk(w, rq_slice(word, rq_lease_format(lease, word)));
    rq_resp_int(w, touched->deadline_wall_ms);
    if (touched->cancel)
        rq_resp_bulk_str(w, "cancel");
    if (t->quiet)
        rq_resp_bulk_str(w, "quiet");
}

static void write_each_touched(void *arg, const struct job *job,
                               const struct core_touched *touched)
{
    struct job_view view;

    job_view(job, &view);
    const struct rq_lease lease = {view.id.epoch, view.id.number, view.lease};
    write_touched(arg, &lease, touched);
}

static void touch_all(struct api_client *c, uint32_t ttr_ms, struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);

    struct touching t = {&w, broker_is_draining(c->server->broker)};

    rq_resp_array(&w, member_leases(c->member));
    broker_touch_all(c->member, ttr_ms, write_each_touched, &t);
    reply_resolve(r, &w);
}

static int touch_one(struct broker *b, const struct rq_leases *touch,
                     const struct rq_lease *lease, struct core_touched *out)
{
    const struct broker_lease one = to_broker(lease);
    int rc = 0;

    if (touch->progress >= 0)
        rc = broker_progress(b, &one, (uint8_t)touch->progress, touch->note);
    return rc < 0 ? rc : broker_touch(b, &one, touch->ttr_ms, out);
}

/* All that are current are held for longer, even when others are not. */
static void touch_some(struct api_client *c, const struct rq_leases *touch,
                       struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);
    struct touching t = {&w, broker_is_draining(c->server->broker)};
    struct rq_lease lease, bad = {0, 0, 0};
    int bad_code = 0;

    rq_resp_array(&w, touch->count);
    for (size_t i = 0; i < touch->count; i++) {
        struct core_touched touched;
        int rc = rq_lease_parse(touch->words[i], &lease);

        ASSERT(rc == 0);
        rc = touch_one(c->server->broker, touch, &lease, &touched);
        if (rc == 0) {
            write_touched(&t, &lease, &touched);
        } else if (bad_code == 0) {
            bad_code = rc;
            bad = lease;
        }
    }
    if (bad_code < 0)
        refuse_lease(r, bad_code, &bad, -1);
    else
        reply_resolve(r, &w);
}

void api_touch(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_leases touch;

    if (rq_touch_parse(cmd, &touch, &why) < 0)
        reply_complain(r, &why);
    else if (touch.all)
        touch_all(c, touch.ttr_ms, r);
    else
        touch_some(c, &touch, r);
}
