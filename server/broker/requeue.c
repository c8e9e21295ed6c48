/* requeue - a job goes to another queue.
 *
 * Its MOVE carries its body, so one that is away is read first; and once more, if the
 * job has got another body meanwhile.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/name.h"
#include "broker/inner.h"

/* Waits for the body of its job. */
struct trip {
    struct promise look;
    struct broker *broker;
    struct promise *promise; /* of whoever wants the job to go */
    struct job_id job;
    size_t name_len;
    char name[RQ_NAME_MAX];
};

/* Returns  as core_requeue;  RQ_E_STORE */
static int requeue(struct broker *b, struct job_id id, struct rq_slice queue,
                   const struct core_read *read, struct promise *promise,
                   struct job_id *out_exists)
{
    int rc = broker_gate(b);

    if (rc == 0 && (!store_has_room(b->store) || store_is_crowded(b->store)))
        rc = RQ_E_STORE;
    if (rc == 0)
        rc = core_requeue(b->core, id, queue, read, broker__now(b), &b->fx, out_exists);
    return rc != 0 ? rc : broker__carry_promise(b, promise);
}

/* ---- when the body has to be read ---- */

static void trip_failed(struct promise *p, int code)
{
    struct trip *trip = RQ_CONTAINER_OF(p, struct trip, look);

    trip->promise->ops->failed(trip->promise, code);
    free(trip);
}

static int look(struct trip *trip)
{
    return broker_look(trip->broker, &trip->job, 1, &trip->look);
}

static void trip_looked(struct promise *p, const struct broker_body *bodies,
                        size_t count)
{
    struct trip *trip = RQ_CONTAINER_OF(p, struct trip, look);
    const struct core_read read = {bodies[0].home,
                                   rq_slice(bodies[0].ptr, bodies[0].len)};
    struct job_id exists;

    (void)count; /* 1 */
    int rc = requeue(trip->broker, trip->job, rq_slice(trip->name, trip->name_len),
                     bodies[0].ptr == NULL ? NULL : &read, trip->promise, &exists);
    if (rc == 0) {
        free(trip);
        return;
    }
    if (rc == -EAGAIN)
        rc = look(trip);
    if (rc != 0)
        trip_failed(p, rc > 0 ? RQ_E_BADARG : rc); /* the key was free before */
}

static const struct promise_ops trip_ops = {.looked = trip_looked,
                                            .failed = trip_failed};

static int read_and_requeue(struct broker *b, struct job_id id, struct rq_slice queue,
                            struct promise *promise)
{
    struct trip *trip = calloc(1, sizeof *trip);

    if (trip == NULL)
        return -ENOMEM;
    promise_init(&trip->look, &trip_ops);
    trip->broker = b;
    trip->promise = promise;
    trip->job = id;
    trip->name_len = queue.len;
    memcpy(trip->name, queue.ptr, queue.len);
    int rc = look(trip);
    if (rc < 0)
        free(trip);
    return rc;
}

int broker_requeue(struct broker *b, struct job_id id, struct rq_slice queue,
                   struct promise *promise, struct job_id *out_exists)
{
    int rc = requeue(b, id, queue, NULL, promise, out_exists);

    return rc == -EAGAIN ? read_and_requeue(b, id, queue, promise) : rc;
}
