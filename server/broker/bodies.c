/* bodies.c - see bodies.h.
 * SPDX-License-Identifier: MIT */
#include "broker/bodies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/log.h"
#include "broker/inner.h"
#include "core/away.h"

enum {
    PAGE_JOBS = 1000,
    OWED_MAX = 4 << 20, /* unconfirmed bytes beyond which nothing is written again */
    PATIENCE_S = 30,    /* for a page */
    PAUSE_MS = 100,
};

/* Somebody looks at jobs with their bodies. */
struct look {
    struct rq_list link; /* in bodies->looks */
    struct promise *promise;
    size_t count;
    struct broker_body bodies[];
};

/* ---- what was read ---- */

static bool is_lost(int rc)
{
    return rc == -ENOENT || rc == RQ_E_MALFORMED || rc == -ENOTSUP || rc == -ENOKEY;
}

static void lose(struct broker *b, const struct core_want *want, int code)
{
    struct rq_slice reason = code == -ENOENT ? RQ_LIT("lost") : RQ_LIT("corrupt");
    int rc = core_lost(b->core, want, reason, &b->fx);

    broker__must(rc, "burying a job whose body is lost");
    broker__carry(b, NULL);
    if (rc == 0)
        return;
    if (b->bodies.lost++ == 0) {
        b->bodies.lost_first = want->job;
        b->bodies.lost_code = code;
    }
}

static struct broker_body *find(struct look *look, struct job_id id)
{
    for (size_t i = 0; look != NULL && i < look->count; i++)
        if (job_id_equal(look->bodies[i].job, id))
            return &look->bodies[i];
    return NULL;
}

/* Errors  -ENOMEM */
static int keep(struct broker_body *body, uint64_t home, struct rq_slice read)
{
    uint8_t *copy = malloc(read.len + 1);

    if (copy == NULL)
        return -ENOMEM;
    if (read.len > 0)
        memcpy(copy, read.ptr, read.len);
    free(body->ptr);
    body->home = home;
    body->ptr = copy;
    body->len = read.len;
    return 0;
}

/* Is there room in the log for what a mover wants written? */
static bool may_write(const struct broker *b)
{
    return store_has_room(b->store) && store_owed(b->store) <= OWED_MAX;
}

static int give_back(struct broker *b, const struct core_want *want,
                     struct rq_slice body)
{
    int rc = core_body(b->core, want, body, may_write(b), &b->fx);

    if (rc == 0)
        broker__carry(b, NULL);
    return rc;
}

static void on_fetched(void *arg, const struct store_want *read, struct rq_slice body,
                       int rc)
{
    struct broker *b = arg;
    const struct core_want want = {read->job, read->home};
    struct broker_body *looked = find(b->bodies.look, read->job);

    if (b->state != BROKER_SERVING)
        return;
    if (rc == 0)
        rc =
            looked != NULL ? keep(looked, read->home, body) : give_back(b, &want, body);
    if (is_lost(rc)) {
        lose(b, &want, rc);
    } else if (rc < 0) {
        b->bodies.is_unsure = true;
        core_unfetched(b->core, &want);
        broker__rearm(b);
    }
}

static void tell_lost(struct bodies *s)
{
    if (s->lost > 0)
        LOG_ERROR("event=bodies_lost jobs=%zu first=%llu-%llu why=\"%s\" action=\"the "
                  "jobs are dead, their bodies are not in the log any more\"",
                  s->lost, (unsigned long long)s->lost_first.epoch,
                  (unsigned long long)s->lost_first.number, rq_err_text(s->lost_code));
    s->lost = 0;
}

/* ---- a page ---- */

/* Reads these.  What was not told is asked for again.  Errors  as store_fetch */
RIO_AWAITS static int read_page(struct broker *b, const struct store_want *wants,
                                size_t count)
{
    rio_timeout limit;

    b->bodies.is_unsure = false;
    int rc = rio_timeout_enter(&limit, PATIENCE_S * RIO_SEC);
    if (rc == 0) {
        rc = await(store_fetch(b->store, wants, count, on_fetched, b));
        rc = (int)rio_timeout_exit(&limit, rc);
    }
    tell_lost(&b->bodies);
    if (rc == 0 && !b->bodies.is_unsure)
        return 0;
    for (size_t i = 0; i < count && b->state == BROKER_SERVING; i++)
        core_unfetched(b->core, &(struct core_want){wants[i].job, wants[i].home});
    broker__rearm(b);
    if (rc == -ECANCELED || rc == -ESHUTDOWN)
        return rc;
    return await(rio_sleep(PAUSE_MS * RIO_MS));
}

/* ---- for the rules ---- */

RIO_AWAITS static int read_wanted(struct broker *b, struct core_want *wanted,
                                  struct store_want *wants)
{
    size_t count = core_wanted(b->core, wanted, PAGE_JOBS);

    for (size_t i = 0; i < count; i++)
        wants[i] = (struct store_want){wanted[i].job, wanted[i].home};
    if (count == 0)
        return await(rio_yield()); /* the rules look a step further the next time */
    return await(read_page(b, wants, count));
}

/* ---- for those who look ---- */

/* What is still missing, up to a page.  A job may have come back, ended, or be lost. */
static size_t list_missing(const struct broker *b, const struct look *look,
                           struct store_want *wants)
{
    size_t n = 0;

    for (size_t i = 0; i < look->count && n < PAGE_JOBS; i++) {
        const struct job *job = core_find_job(b->core, look->bodies[i].job);
        struct job_view view;

        if (job == NULL || look->bodies[i].ptr != NULL)
            continue;
        job_view(job, &view);
        if (view.is_away && !view.is_lost)
            wants[n++] = (struct store_want){view.id, view.home};
    }
    return n;
}

static void end_look(struct look *look, int code)
{
    struct promise *p = look->promise;

    rq_list_remove(&look->link);
    if (code < 0)
        p->ops->failed(p, code);
    else
        p->ops->looked(p, look->bodies, look->count);
    for (size_t i = 0; i < look->count; i++)
        free(look->bodies[i].ptr);
    free(look);
}

RIO_AWAITS static int read_looked(struct broker *b, struct look *look,
                                  struct store_want *wants)
{
    size_t count;

    while ((count = list_missing(b, look, wants)) > 0) {
        b->bodies.look = look;
        int rc = await(read_page(b, wants, count));
        b->bodies.look = NULL;
        if (rc < 0)
            return rc;
    }
    end_look(look, 0);
    return 0;
}

int broker_look(struct broker *b, const struct job_id *ids, size_t count,
                struct promise *promise)
{
    int rc = broker_gate(b);

    if (rc < 0 || b->bodies.has_ended)
        return rc < 0 ? rc : RQ_E_SHUTDOWN;
    struct look *look = calloc(1, sizeof *look + count * sizeof look->bodies[0]);
    if (look == NULL)
        return -ENOMEM;
    look->promise = promise;
    look->count = count;
    for (size_t i = 0; i < count; i++)
        look->bodies[i].job = ids[i];
    rq_list_push_back(&b->bodies.looks, &look->link);
    rio_event_set(&b->bodies.wake);
    return 0;
}

/* ---- the task ---- */

static bool has_work(const struct broker *b)
{
    return !rq_list_empty(&b->bodies.looks) || core_wants_bodies(b->core);
}

/* Those who look come in between. */
RIO_AWAITS static int read_some(struct broker *b, struct core_want *wanted,
                                struct store_want *wants)
{
    if (!rq_list_empty(&b->bodies.looks)) {
        struct look *look = RQ_LIST_ENTRY(b->bodies.looks.next, struct look, link);
        int rc = await(read_looked(b, look, wants));

        if (rc < 0)
            return rc;
    }
    return await(read_wanted(b, wanted, wants));
}

RIO_AWAITS static int serve(struct broker *b, struct core_want *wanted,
                            struct store_want *wants)
{
    int rc = 0;

    while (rc >= 0) {
        rc = await(rio_event_wait(&b->bodies.wake));
        rio_event_clear(&b->bodies.wake);
        while (rc >= 0 && has_work(b))
            rc = await(read_some(b, wanted, wants));
    }
    return rc;
}

static long bodies_main(void *arg)
{
    struct broker *b = arg;
    struct core_want *wanted = malloc(PAGE_JOBS * sizeof *wanted);
    struct store_want *wants = malloc(PAGE_JOBS * sizeof *wants);
    int rc = -ENOMEM;

    if (wanted != NULL && wants != NULL)
        rc = await(serve(b, wanted, wants));
    free(wanted);
    free(wants);
    b->bodies.has_ended = true;
    while (!rq_list_empty(&b->bodies.looks)) {
        int code = broker_gate(b);

        end_look(RQ_LIST_ENTRY(b->bodies.looks.next, struct look, link),
                 code < 0 ? code : RQ_E_SHUTDOWN);
    }
    return rc == -ESHUTDOWN ? 0 : rc; /* the store tells why it has ended */
}

void bodies_init(struct broker *b)
{
    rq_list_init(&b->bodies.looks);
}

int bodies_start(struct broker *b, rio_group *group)
{
    rio_task *task = rio_group_spawn(group, bodies_main, b);

    if (task == NULL)
        return -ENOMEM;
    rq_ignore(rio_task_set_name(task, "bodies")); /* a name is a convenience */
    return 0;
}

void bodies_look(struct broker *b)
{
    if (core_wants_bodies(b->core))
        rio_event_set(&b->bodies.wake);
}
