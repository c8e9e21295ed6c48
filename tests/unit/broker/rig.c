/* rig - a broker under test.
 * SPDX-License-Identifier: MIT */
#include "unit/broker/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "support/test.h"

enum { PATIENCE_S = 10 };

/* clang-format off */
const char *const rig_always[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
const char *const rig_no_aof[] = {"--appendonly", "no", NULL};
/* clang-format on */

/* ---- the broker ---- */

static void on_serving(void *arg)
{
    ((struct rig *)arg)->serving++;
}

static void on_stopped(void *arg, const char *why)
{
    (void)why;
    ((struct rig *)arg)->stopped++;
}

/* The group of the store's task lives here. */
static long host(void *arg)
{
    struct rig *rig = arg;
    char why[200] = "";
    rio_group group;

    rio_group_enter(&group);
    rig->start_rc = broker_start(rig->broker, &rig->store, &group, why);
    if (rig->start_rc < 0)
        print_error("broker_start: %s\n", why);
    int rc = await(rio_event_wait(&rig->leave));
    rio_group_cancel(&group);
    RIO_IGNORE(await(rio_group_exit(&group, 0)));
    rio_group_destroy(&group);
    return rc;
}

static bool is_serving(void *arg)
{
    struct rig *rig = arg;

    return rig->serving > 0 || rig->start_rc < 0;
}

int rig_proxy(struct rig *rig)
{
    rig->store.url = rig->proxy.url;
    return await(proxy_start(&rig->proxy, rig->redis.dir, rig->redis.url));
}

int rig_up(struct rig *rig)
{
    const struct broker_events events = {rig, on_serving, on_stopped};

    rig->serving = rig->stopped = rig->start_rc = 0;
    rio_event_clear(&rig->leave);
    rig->broker = broker_new(&rig->config, &events);
    if (rig->broker == NULL)
        return -ENOMEM;
    rig->host = rio_create_task(host, rig);
    if (rig->host == NULL)
        return -ENOMEM;
    return await(until(is_serving, rig)) ? rig->start_rc : -ETIMEDOUT;
}

int rig_down(struct rig *rig)
{
    if (rig->host == NULL)
        return 0;
    rio_event_set(&rig->leave);
    RIO_IGNORE(await(rio_join_unref(rig->host)));
    rig->host = NULL;
    broker_free(rig->broker);
    rig->broker = NULL;
    return 0;
}

bool until(bool (*holds)(void *arg), void *arg)
{
    for (int64_t end = rio_now() + PATIENCE_S * RIO_SEC; rio_now() < end;) {
        if (holds(arg))
            return true;
        RIO_IGNORE(await(rio_sleep(RIO_MS)));
    }
    return holds(arg);
}

/* ---- promises ---- */

static struct answer *keep(struct promise *p, enum how how)
{
    struct answer *a = RQ_CONTAINER_OF(p, struct answer, promise);

    a->how = how;
    a->kept++;
    return a;
}

static void on_done(struct promise *p)
{
    keep(p, DONE);
}

static void on_failed(struct promise *p, int code)
{
    keep(p, FAILED)->code = code;
}

static int on_delivered(struct promise *p, const struct job_view *job, size_t i,
                        size_t n)
{
    struct answer *a = RQ_CONTAINER_OF(p, struct answer, promise);

    if (a->delivered_rc < 0 && i >= a->delivered_until)
        return a->delivered_rc;
    if (i == 0)
        a->attempts = job->attempts;
    if (i < sizeof a->leases / sizeof a->leases[0])
        a->leases[i] = (struct broker_lease){job->id, job->lease};
    a->count = n;
    if (i + 1 == n)
        keep(p, DELIVERED);
    return 0;
}

static void on_timed_out(struct promise *p)
{
    keep(p, TIMED_OUT);
}

static void on_joined(struct promise *p, const struct join_counts *counts)
{
    keep(p, JOINED)->joined = *counts;
}

static void on_looked(struct promise *p, const struct broker_body *bodies, size_t count)
{
    struct answer *a = keep(p, LOOKED);

    for (size_t i = 0; i < count; i++)
        a->count += bodies[i].ptr != NULL &&
                    rq_slice_eq(rq_slice(bodies[i].ptr, bodies[i].len), RQ_LIT("body"));
}

void answer_init(struct answer *a)
{
    static const struct promise_ops ops = {.done = on_done,
                                           .failed = on_failed,
                                           .delivered = on_delivered,
                                           .timed_out = on_timed_out,
                                           .joined = on_joined,
                                           .looked = on_looked};

    memset(a, 0, sizeof *a);
    promise_init(&a->promise, &ops);
}

static bool is_kept(void *arg)
{
    return ((struct answer *)arg)->kept > 0;
}

enum how answer_wait(struct answer *a)
{
    RIO_IGNORE(await(until(is_kept, a)));
    return a->how;
}

int put(struct rig *rig, const char *queue, size_t count, struct answer *a)
{
    static const struct job_policy policy = {.ttr_ms = 60000,
                                             .backoff_base_ms = 1000,
                                             .backoff_max_ms = 3600000,
                                             .tries = 25,
                                             .backoff = JOB_BACKOFF_EXP,
                                             .pri = 128};
    const struct core_put job = {.queue = rq_slice_str(queue), .policy = policy};
    struct rq_slice *bodies = calloc(count, sizeof *bodies);

    if (bodies == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        bodies[i] = RQ_LIT("body");
    answer_init(a);
    const struct broker_put jobs = {
        .job = job, .bodies = bodies, .count = count, .receipt = &a->put};
    int rc = broker_put(rig->broker, &jobs, &a->promise);
    free(bodies);
    return rc;
}

int get(struct member *m, const char *queue, int64_t block_ms, struct answer *a)
{
    const struct rq_slice name = rq_slice_str(queue);
    const struct core_get take = {.queues = &name,
                                  .queue_count = 1,
                                  .count = 4,
                                  .bytes_max = 1 << 20,
                                  .block_ms = block_ms};

    answer_init(a);
    return broker_get(m, &take, &a->promise);
}

int join(struct member *m, const char *queue, int64_t block_ms, struct answer *a)
{
    const struct rq_slice name = rq_slice_str(queue);
    const struct core_join wait = {
        .queues = &name, .queue_count = 1, .block_ms = block_ms};

    answer_init(a);
    return broker_join(m, &wait, &a->promise);
}

int done(struct rig *rig, const struct broker_lease *lease, struct answer *a)
{
    size_t finished, bad;
    int bad_code;

    answer_init(a);
    return broker_done(rig->broker, lease, 1, rq_slice("", 0), false, &a->promise,
                       &finished, &bad, &bad_code);
}

int put_stored(struct rig *rig, const char *queue)
{
    struct answer a;

    int rc = put(rig, queue, 1, &a);
    return rc < 0 ? rc : await(answer_wait(&a)) == DONE ? 0 : -EIO;
}

struct queue_view look(const struct rig *rig, const char *queue)
{
    const struct queue *q =
        core_find_queue(broker_core(rig->broker), rq_slice_str(queue));
    struct queue_view view = {.ready = 0};

    if (q != NULL)
        queue_view(q, rio_now(), &view);
    return view;
}

struct core_sums sums(const struct rig *rig)
{
    struct core_sums out;

    core_sums(broker_core(rig->broker), &out);
    return out;
}

/* ---- running ---- */

struct run {
    struct rig *rig;
    scenario *scenario;
};

static long run_scenario(void *arg)
{
    struct run *run = arg;

    long rc = run->scenario(run->rig);
    if (rc == 0) /* else a member may be left, which broker_free() does not forgive */
        rc = await(rig_down(run->rig));
    if (run->rig->proxy.server != NULL)
        RIO_IGNORE(await(proxy_stop(&run->rig->proxy)));
    return rc;
}

void rig_run(scenario *s, const char *const *options)
{
    struct rig *rig = calloc(1, sizeof *rig);
    struct run run = {rig, s};

    assert_non_null(rig);
    rq_log_set_level(RQ_LOG_ERROR);
    redis_start(&rig->redis, options);
    snprintf(rig->state_dir, sizeof rig->state_dir, "%s/state", rig->redis.dir);
    assert_int_equal(mkdir(rig->state_dir, 0700), 0);
    rig->config = (struct broker_config){.seed = 1, .store_wait_ns = 5 * RIO_SEC};
    rig->store = (struct store_config){.url = rig->redis.url,
                                       .state_dir = rig->state_dir,
                                       .address = "127.0.0.1:7766",
                                       .wanted = STORE_FSYNC,
                                       .redis_timeout_ns = 5 * RIO_SEC};
    long rc = loop_test_run(run_scenario, &run);
    redis_stop(&rig->redis);
    free(rig);
    assert_int_equal(rc, 0);
}
