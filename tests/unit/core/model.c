/* model - the rules once more, as simply as they can be written.
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include "base/err.h"
#include "support/test.h"

static const int64_t ms_ns = 1000000;

bool model_same_id(struct job_id a, struct job_id b)
{
    return a.epoch == b.epoch && a.number == b.number;
}

struct model_job *model_find(struct model *m, struct job_id id)
{
    for (size_t i = 0; i < MODEL_JOBS; i++)
        if (m->jobs[i].is_used && model_same_id(m->jobs[i].id, id))
            return &m->jobs[i];
    return NULL;
}

size_t model_unfinished(const struct model *m, int queue, bool strict)
{
    size_t n = 0;

    for (size_t i = 0; i < MODEL_JOBS; i++)
        n += m->jobs[i].is_used && m->jobs[i].queue == queue &&
             (strict || (m->jobs[i].state != JOB_DEAD && !m->jobs[i].was_dead));
    return n;
}

size_t model_unfinished_in_log(const struct model *m, int queue)
{
    size_t n = 0;

    for (size_t i = 0; i < m->landed; i++) {
        const struct model_record *put = &m->log[i];
        bool has_ended = false;

        if (put->type != RECORD_PUT || put->is_refused || put->queue != queue)
            continue;
        for (size_t k = i + 1; k < m->landed; k++) {
            const struct model_record *r = &m->log[k];

            if (!model_same_id(r->job, put->job))
                continue;
            if (r->type == RECORD_DONE)
                has_ended = true;
            if (r->type == RECORD_STATE && r->state != RECORD_CANCELLING)
                has_ended = r->state == RECORD_DEAD; /* until it is kicked */
        }
        n += !has_ended;
    }
    return n;
}

/* ---- expectations ---- */

static struct event *expect(struct model *m, enum effect_kind kind)
{
    assert_true(m->expected_count < MODEL_EXPECTED);
    struct event *e = &m->expected[m->expected_count++];

    *e = (struct event){.kind = kind};
    return e;
}

static void record(struct model *m, struct model_record r)
{
    assert_true(m->log_count < MODEL_LOG);
    m->log[m->log_count++] = r;

    struct event *e = expect(m, EFFECT_RECORD);
    e->type = r.type;
    e->job = r.job;
    e->state = r.state;
    e->end = r.end;
    e->attempts = r.attempts;
    e->due_wall_ms = r.due_wall_ms;
    e->confirm = r.confirm;
}

static void record_state(struct model *m, const struct model_job *job,
                         enum record_state state)
{
    record(m, (struct model_record){.type = RECORD_STATE,
                                    .job = job->id,
                                    .queue = job->queue,
                                    .state = state,
                                    .attempts = job->attempts,
                                    .due_wall_ms =
                                        state == RECORD_DELAYED ? job->due_wall_ms : 0,
                                    .confirm = state == RECORD_DEAD});
}

/* ---- leases ---- */

static bool names(const struct model_waiter *w, int queue)
{
    for (size_t i = 0; i < w->queue_count; i++)
        if (w->queues[i] == queue)
            return true;
    return false;
}

static void lease(struct model *m, struct model_job *job, int holder)
{
    job->attempts++;
    if (job->deliveries_epoch != m->epoch)
        job->deliveries = 0;
    job->deliveries_epoch = m->epoch;
    job->deliveries++;
    job->lease = (m->epoch - job->id.epoch) << 32 | job->deliveries;
    assert_true(job->lease > job->last_lease); /* S4, and never twice */
    job->last_lease = job->lease;
    job->holder = holder;
    job->state = JOB_LEASED;
    job->at_ns = m->now.mono_ns + job->policy.ttr_ms * ms_ns;
    job->armed = job->taken = ++m->order;
    record(m, (struct model_record){.type = RECORD_LEASE,
                                    .job = job->id,
                                    .queue = job->queue,
                                    .attempts = job->attempts});
}

static void deliver(struct model *m, const struct model_job *job, void *cookie)
{
    struct event *e = expect(m, EFFECT_DELIVER);

    e->job = job->id;
    e->lease = job->lease;
    e->cookie = cookie;
}

static void make_ready(struct model *m, struct model_job *job)
{
    struct model_waiter *first = NULL;

    for (size_t i = 0; i < MODEL_WAITERS; i++) {
        struct model_waiter *w = &m->waiters[i];

        if (w->is_used && !w->is_join && names(w, job->queue) &&
            (first == NULL || w->since < first->since))
            first = w;
    }
    if (first == NULL) {
        job->state = JOB_READY;
        return;
    }
    lease(m, job, first->holder);
    deliver(m, job, first);
    first->is_used = false;
}

static void make_delayed(struct model *m, struct model_job *job, int64_t delay_ms)
{
    job->state = JOB_DELAYED;
    job->due_wall_ms = m->now.wall_ms + delay_ms;
    job->at_ns = m->now.mono_ns + delay_ms * ms_ns;
    job->armed = ++m->order;
}

/* ---- joins ---- */

static void note_end(struct model *m, int queue, unsigned end)
{
    for (size_t i = 0; i < MODEL_WAITERS; i++) {
        struct model_waiter *w = &m->waiters[i];

        if (w->is_used && w->is_join && names(w, queue)) {
            w->done += end == RECORD_END_DONE;
            w->dead += end == 0;
            w->cancelled += end == RECORD_END_CANCELLED;
        }
    }
}

static bool is_waited_for(const struct model_waiter *w, const struct model_job *job)
{
    bool is_later =
        job->id.epoch > w->barrier.epoch ||
        (job->id.epoch == w->barrier.epoch && job->id.number > w->barrier.number);

    return job->is_used && !(w->has_barrier && is_later) &&
           (w->strict || (job->state != JOB_DEAD && !job->was_dead));
}

static bool is_finished(const struct model *m, const struct model_waiter *w)
{
    for (size_t i = 0; i < MODEL_JOBS; i++)
        if (names(w, m->jobs[i].queue) && is_waited_for(w, &m->jobs[i]))
            return false;
    return true;
}

static void answer(struct model *m, struct model_waiter *w)
{
    struct event *e = expect(m, EFFECT_JOINED);

    e->cookie = w;
    e->counts = (struct join_counts){
        .done = w->done, .dead = w->dead, .cancelled = w->cancelled};
    w->is_used = false;
    /* Never early, not even across a crash. */
    for (size_t i = 0; i < w->queue_count && !w->has_barrier; i++)
        assert_int_equal(model_unfinished_in_log(m, w->queues[i]), 0);
}

static void answer_joins(struct model *m)
{
    for (size_t i = 0; i < MODEL_WAITERS; i++) {
        struct model_waiter *w = &m->waiters[i];

        if (w->is_used && w->is_join && is_finished(m, w))
            answer(m, w);
    }
}

/* ---- producing ---- */

struct model_job *model_put(struct model *m, int queue, struct job_policy policy,
                            int64_t due_wall_ms)
{
    struct model_job *job = NULL;

    for (size_t i = 0; i < MODEL_JOBS && job == NULL; i++)
        if (!m->jobs[i].is_used)
            job = &m->jobs[i];
    assert_non_null(job);
    *job = (struct model_job){.is_used = true,
                              .id = {m->epoch, ++m->number},
                              .queue = queue,
                              .state = JOB_PENDING,
                              .policy = policy,
                              .put_wall_ms = m->now.wall_ms};
    if (due_wall_ms > m->now.wall_ms) {
        job->due_wall_ms = due_wall_ms;
        job->at_ns = m->now.mono_ns + (due_wall_ms - m->now.wall_ms) * ms_ns;
    }
    record(m, (struct model_record){.type = RECORD_PUT,
                                    .job = job->id,
                                    .queue = queue,
                                    .due_wall_ms = job->due_wall_ms,
                                    .put_wall_ms = job->put_wall_ms,
                                    .policy = policy,
                                    .confirm = true});
    return job;
}

static void confirm(struct model *m, struct model_job *job)
{
    if (job->state == JOB_PENDING) {
        if (job->at_ns > m->now.mono_ns) {
            job->state = JOB_DELAYED;
            job->armed = ++m->order;
        } else {
            make_ready(m, job);
        }
        return;
    }
    assert_int_equal(job->state, JOB_ENDING);
    if (job->end == 0)
        job->state = JOB_DEAD;
    else
        job->is_used = false;
    job->died = ++m->order;
    job->was_dead = false;
    note_end(m, job->queue, job->end);
    answer_joins(m);
}

void model_land_one(struct model *m)
{
    while (m->landed < m->log_count) {
        const struct model_record *r = &m->log[m->landed++];

        if (r->confirm && !r->is_refused) {
            confirm(m, model_find(m, r->job));
            return;
        }
    }
}

bool model_refuse_one(struct model *m)
{
    for (size_t i = m->landed; i < m->log_count; i++) {
        struct model_record *r = &m->log[i];

        if (r->type != RECORD_PUT || r->is_refused)
            continue;
        r->is_refused = true;
        model_find(m, r->job)->is_used = false;
        answer_joins(m);
        return true;
    }
    return false;
}

/* ---- waiting ---- */

static struct model_waiter *wait_for(struct model *m, bool is_join, int holder,
                                     const int *queues, size_t queue_count,
                                     int64_t block_ms)
{
    struct model_waiter *w = NULL;

    for (size_t i = 0; i < MODEL_WAITERS && w == NULL; i++)
        if (!m->waiters[i].is_used)
            w = &m->waiters[i];
    assert_non_null(w);
    *w = (struct model_waiter){.is_used = true,
                               .is_join = is_join,
                               .since = ++m->order,
                               .holder = holder,
                               .queue_count = queue_count,
                               .at_ns = INT64_MAX};
    for (size_t i = 0; i < queue_count; i++)
        w->queues[i] = queues[i];
    if (block_ms >= 0) {
        w->at_ns = m->now.mono_ns + block_ms * ms_ns;
        w->armed = ++m->order;
    }
    return w;
}

static struct model_job *first_ready(struct model *m, int queue)
{
    struct model_job *first = NULL;

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        struct model_job *job = &m->jobs[i];

        if (!job->is_used || job->queue != queue || job->state != JOB_READY)
            continue;
        if (first == NULL || job->policy.pri < first->policy.pri ||
            (job->policy.pri == first->policy.pri &&
             (job->id.epoch < first->id.epoch ||
              (job->id.epoch == first->id.epoch && job->id.number < first->id.number))))
            first = job;
    }
    return first;
}

struct model_waiter *model_get(struct model *m, int holder, const int *queues,
                               size_t queue_count, uint32_t count, int64_t block_ms)
{
    struct model_job *taken[16];
    size_t n = 0;

    for (size_t i = 0; i < queue_count; i++) {
        struct model_job *job;

        while (n < count && (job = first_ready(m, queues[i])) != NULL) {
            lease(m, job, holder);
            taken[n++] = job;
        }
    }
    for (size_t i = 0; i < n; i++)
        deliver(m, taken[i], NULL);
    if (n > 0)
        return NULL;
    if (block_ms == 0) {
        expect(m, EFFECT_TIMEOUT);
        return NULL;
    }
    return wait_for(m, false, holder, queues, queue_count, block_ms);
}

struct model_waiter *model_join(struct model *m, int holder, const int *queues,
                                size_t queue_count, int64_t block_ms, bool strict,
                                bool barrier)
{
    struct model_waiter probe = {.strict = strict,
                                 .queue_count = queue_count,
                                 .has_barrier = barrier,
                                 .barrier = {m->epoch, m->number}};

    for (size_t i = 0; i < queue_count; i++)
        probe.queues[i] = queues[i];
    if (is_finished(m, &probe)) {
        answer(m, &probe);
        m->expected[m->expected_count - 1].cookie = NULL;
        return NULL;
    }
    if (block_ms == 0) {
        expect(m, EFFECT_TIMEOUT);
        return NULL;
    }
    struct model_waiter *w = wait_for(m, true, holder, queues, queue_count, block_ms);
    w->strict = strict;
    w->has_barrier = barrier;
    w->barrier = probe.barrier;
    return w;
}

/* ---- settling ---- */

static void die(struct model *m, struct model_job *job)
{
    job->lease = 0;
    job->state = JOB_ENDING;
    job->end = 0;
    record_state(m, job, RECORD_DEAD);
}

static void end(struct model *m, struct model_job *job, enum record_end how)
{
    job->lease = 0;
    job->was_dead = job->state == JOB_DEAD;
    job->state = JOB_ENDING;
    job->is_cancelled = false;
    job->end = how;
    record(m, (struct model_record){.type = RECORD_DONE,
                                    .job = job->id,
                                    .queue = job->queue,
                                    .end = how,
                                    .confirm = true});
}

void model_done(struct model *m, struct model_job *job)
{
    end(m, job, RECORD_END_DONE);
}

void model_kick(struct model *m, struct model_job *job)
{
    job->attempts = 0;
    record_state(m, job, RECORD_READY);
    make_ready(m, job);
}

int model_cancel(struct model *m, struct model_job *job)
{
    switch (job->state) {
    case JOB_DELAYED:
    case JOB_READY:
        end(m, job, RECORD_END_CANCELLED);
        return 1;
    case JOB_LEASED:
        if (!job->is_cancelled)
            record_state(m, job, RECORD_CANCELLING);
        job->is_cancelled = true;
        return 1;
    case JOB_PENDING:
        return RQ_E_NOJOB;
    case JOB_ENDING:
    case JOB_DEAD:
        break;
    }
    return 0;
}

static struct model_job *first_dead(struct model *m, int queue)
{
    struct model_job *first = NULL;

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        struct model_job *job = &m->jobs[i];

        if (job->is_used && job->queue == queue && job->state == JOB_DEAD &&
            (first == NULL || job->died < first->died))
            first = job;
    }
    return first;
}

long model_purge_dead(struct model *m, int queue)
{
    struct model_job *job;
    long n = 0;

    for (; (job = first_dead(m, queue)) != NULL; n++)
        end(m, job, RECORD_END_CANCELLED);
    return n;
}

bool model_fail_is_last(const struct model_job *job, bool dead)
{
    return dead || job->attempts >= job->policy.tries;
}

uint64_t model_backoff_ms(const struct model_job *job)
{
    uint64_t base = job->policy.backoff_base_ms, delay = base;

    for (uint32_t i = 1; i < job->attempts && delay < UINT32_MAX; i++) {
        if (job->policy.backoff == JOB_BACKOFF_LINEAR)
            delay += base;
        if (job->policy.backoff == JOB_BACKOFF_EXP)
            delay *= 2;
    }
    return delay < job->policy.backoff_max_ms ? delay : job->policy.backoff_max_ms;
}

void model_fail(struct model *m, struct model_job *job, bool dead, int64_t delay_ms)
{
    if (job->is_cancelled) {
        end(m, job, RECORD_END_CANCELLED);
        return;
    }
    if (model_fail_is_last(job, dead)) {
        die(m, job);
        return;
    }
    job->lease = 0;
    make_delayed(m, job, delay_ms);
    record_state(m, job, RECORD_DELAYED);
}

void model_release(struct model *m, struct model_job *job, int64_t delay_ms)
{
    job->lease = 0;
    job->attempts--;
    if (job->is_cancelled) {
        end(m, job, RECORD_END_CANCELLED);
        return;
    }
    if (delay_ms > 0) {
        make_delayed(m, job, delay_ms);
        record_state(m, job, RECORD_DELAYED);
        return;
    }
    record_state(m, job, RECORD_READY);
    make_ready(m, job);
}

void model_undeliver(struct model *m, struct model_job *job)
{
    model_release(m, job, 0);
}

void model_touch(struct model *m, struct model_job *job)
{
    job->at_ns = m->now.mono_ns + job->policy.ttr_ms * ms_ns;
    job->armed = ++m->order;
}

static void come_back(struct model *m, struct model_job *job)
{
    if (job->is_cancelled) {
        end(m, job, RECORD_END_CANCELLED);
        return;
    }
    if (job->attempts >= job->policy.tries) {
        die(m, job);
        return;
    }
    job->lease = 0;
    record_state(m, job, RECORD_READY);
    make_ready(m, job);
}

void model_lose(struct model *m, int holder)
{
    for (;;) {
        struct model_job *first = NULL;

        /* In the order of their delivery: TOUCH does not change it. */
        for (size_t i = 0; i < MODEL_JOBS; i++) {
            struct model_job *job = &m->jobs[i];

            if (job->is_used && job->state == JOB_LEASED && job->holder == holder)
                first = first == NULL || job->taken < first->taken ? job : first;
        }
        if (first == NULL)
            return;
        first->holder = -1;
        come_back(m, first);
    }
}

/* ---- time ---- */

static struct model_job *first_timer(const struct model *m)
{
    const struct model_job *first = NULL;

    for (size_t i = 0; i < MODEL_JOBS; i++) {
        const struct model_job *job = &m->jobs[i];

        if (!job->is_used || (job->state != JOB_DELAYED && job->state != JOB_LEASED))
            continue;
        if (first == NULL || job->at_ns < first->at_ns ||
            (job->at_ns == first->at_ns && job->armed < first->armed))
            first = job;
    }
    return (struct model_job *)(uintptr_t)first;
}

static struct model_waiter *first_wait(const struct model *m)
{
    const struct model_waiter *first = NULL;

    for (size_t i = 0; i < MODEL_WAITERS; i++) {
        const struct model_waiter *w = &m->waiters[i];

        if (w->is_used && (first == NULL || w->at_ns < first->at_ns ||
                           (w->at_ns == first->at_ns && w->armed < first->armed)))
            first = w;
    }
    return (struct model_waiter *)(uintptr_t)first;
}

int64_t model_next_due(const struct model *m)
{
    const struct model_job *job = first_timer(m);
    const struct model_waiter *w = first_wait(m);
    int64_t due = job == NULL ? INT64_MAX : job->at_ns;

    return w == NULL || due < w->at_ns ? due : w->at_ns;
}

void model_tick(struct model *m)
{
    struct model_job *job;
    struct model_waiter *w;

    while ((job = first_timer(m)) != NULL && job->at_ns <= m->now.mono_ns) {
        if (job->state == JOB_LEASED)
            come_back(m, job);
        else
            make_ready(m, job);
    }
    while ((w = first_wait(m)) != NULL && w->at_ns <= m->now.mono_ns) {
        expect(m, EFFECT_TIMEOUT)->cookie = w;
        w->is_used = false;
    }
}

void model_totals(struct model *m, int queue)
{
    assert_true(m->log_count < MODEL_LOG);
    m->log[m->log_count++] =
        (struct model_record){.type = RECORD_TOTALS, .queue = queue};
}

/* ---- restart ---- */

static void place(struct model *m, struct model_job *job, int64_t due_wall_ms,
                  int64_t longest_ms)
{
    int64_t left_ms = due_wall_ms - m->now.wall_ms;

    job->lease = 0;
    job->state = left_ms > 0 ? JOB_DELAYED : JOB_READY;
    job->due_wall_ms = due_wall_ms;
    if (left_ms > longest_ms)
        left_ms = longest_ms > 0 ? longest_ms : 0;
    job->at_ns = m->now.mono_ns + left_ms * ms_ns;
    if (job->state == JOB_DELAYED)
        job->armed = ++m->order;
}

static void apply(struct model *m, const struct model_record *r)
{
    struct model_job *job = model_find(m, r->job);

    switch (r->type) {
    case RECORD_PUT:
        job->is_used = true;
        job->attempts = 0;
        job->was_dead = job->is_cancelled = false;
        place(m, job, r->due_wall_ms, r->due_wall_ms - r->put_wall_ms);
        break;
    case RECORD_LEASE:
        job->state = JOB_LEASED;
        job->attempts = r->attempts;
        break;
    case RECORD_STATE:
        job->attempts = r->attempts;
        job->died = ++m->order;
        if (r->state == RECORD_DEAD)
            job->state = JOB_DEAD;
        else if (r->state == RECORD_CANCELLING)
            job->is_cancelled = true;
        else
            place(m, job, r->state == RECORD_DELAYED ? r->due_wall_ms : 0, INT64_MAX);
        break;
    case RECORD_DONE:
        job->is_used = false;
        break;
    case RECORD_MOVE:
    case RECORD_QUEUE:
    case RECORD_CRON:
    case RECORD_BATCH:
    case RECORD_TOTALS:
        break;
    }
}

/* Is the job's end in the log? */
static bool has_ended(const struct model *m, struct job_id id)
{
    for (size_t i = 0; i < m->landed; i++)
        if (m->log[i].type == RECORD_DONE && model_same_id(m->log[i].job, id))
            return true;
    return false;
}

void model_restart(struct model *m)
{
    bool is_in_log[MODEL_JOBS] = {false};

    m->log_count = m->landed;
    memset(m->waiters, 0, sizeof m->waiters);
    /* Jobs that have ended are not in m->jobs any more; the others are built again, but
     * remember their last lease. */
    for (size_t i = 0; i < m->landed; i++) {
        const struct model_record *r = &m->log[i];

        if (r->type == RECORD_TOTALS || r->is_refused || has_ended(m, r->job))
            continue;
        struct model_job *job = model_find(m, r->job);
        assert_non_null(job);
        is_in_log[job - m->jobs] = true;
        apply(m, r);
    }
    m->epoch++;
    m->number = 0;
    for (size_t i = 0; i < MODEL_JOBS; i++) {
        struct model_job *job = &m->jobs[i];

        job->is_used = job->is_used && is_in_log[i];
        if (job->is_used && job->state == JOB_LEASED)
            come_back(m, job);
    }
}
