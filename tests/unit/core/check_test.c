/* check_test - the recount finds what is wrong: each mutant of the state aborts.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/job_timers.h"
#include "core/state.h"
#include "named.h"
#include "support/test.h"

/* A core with a job in every place and every kind of waiter. */
struct zoo {
    struct world w;
    struct job *pending, *delayed, *ready, *late, *leased, *ending, *dead;
    struct queue *q;
    struct waiter *getter, *joiner;
    struct group *group, *other,
        *last; /* of "g"; all have ready jobs, the first a lease */
};

static struct job *find(struct world *w, struct job_id id)
{
    return (struct job *)(uintptr_t)core_find_job(w->core, id);
}

static struct job *leased(struct world *w, const char *queue)
{
    struct job_id id;

    world_put_landed(w, queue);
    assert_int_not_equal(world_get(w, queue, &id), 0);
    return find(w, id);
}

static struct group *put_into(struct world *w, const char *name)
{
    return find(w, put_as(w, "g", name, world_policy(), 0))->kind->key.group;
}

static void zoo_init(struct zoo *z)
{
    struct world *w = &z->w;
    struct job_policy urgent = world_policy();
    const char *error = "an error of its own";

    world_init(w);
    urgent.pri = 1;
    z->dead = leased(w, "q");
    assert_int_equal(world_fail(w, job_id(z->dead), 1, error, -1, true, NULL), 0);
    world_land(w);
    z->leased = leased(w, "q");
    z->ending = leased(w, "q");
    assert_int_equal(world_done(w, job_id(z->ending), 1), 0);
    z->delayed = leased(w, "q");
    assert_int_equal(world_fail(w, job_id(z->delayed), 1, error, 99, false, NULL), 0);
    z->ready = find(w, world_put_landed(w, "q"));
    world_put_landed(w, "q");
    z->late = find(w, world_put_more(w, "q", "x", urgent, 0));
    world_land(w);
    z->group = put_into(w, "a1");
    assert_int_not_equal(world_get(w, "g", NULL), 0);
    z->other = put_into(w, "b1");
    z->last = put_into(w, "c1");
    put_into(w, "a2");
    put_into(w, "a3");
    z->pending = find(w, world_put(w, "q", "x"));
    z->ending = leased(w, "r");
    assert_int_equal(world_done(w, job_id(z->ending), 1), 0);
    z->q = job_queue(z->ready);
    z->getter = world_wait(w, "empty", 100, NULL);
    assert_int_equal(world_join(w, "q", -1, false, NULL, &z->joiner), 0);
    assert_true(z->late->is_late);
}

/* ---- mutants ---- */

static void one_ready_too_many(struct zoo *z)
{
    z->q->count[JOB_READY]++;
}
static void one_pending_too_few(struct zoo *z)
{
    z->q->count[JOB_PENDING]--;
    z->w.core->count[JOB_PENDING]--;
}
static void the_core_counts_on_its_own(struct zoo *z)
{
    z->w.core->count[JOB_DEAD]++;
}
static void a_done_that_never_was(struct zoo *z)
{
    z->q->totals.done++;
}
static void a_death_not_counted(struct zoo *z)
{
    z->q->totals.dead--;
}
static void more_redelivered_than_delivered(struct zoo *z)
{
    z->q->totals.redelivered = z->q->totals.delivered + 1;
}
static void a_change_that_nobody_will_write(struct zoo *z)
{
    rq_list_remove(&z->q->changed);
}
static void a_home_that_nobody_will_forget(struct zoo *z)
{
    z->q->totals_changed = false;
    z->q->totals_old_home = 1;
    rq_list_remove(&z->q->changed);
}
static void a_state_that_does_not_fit_its_place(struct zoo *z)
{
    z->ready->state = JOB_PENDING;
}
static void no_state_at_all(struct zoo *z)
{
    z->ready->state = JOB_STATES;
}
static void a_ready_job_that_is_nowhere(struct zoo *z)
{
    rq_list_remove(&z->ready->at.link);
}
static void a_ready_list_out_of_order(struct zoo *z)
{
    rq_list_remove(&z->ready->at.link);
    rq_list_push_back(&z->q->ready.list, &z->ready->at.link);
}
static void a_late_job_that_does_not_say_so(struct zoo *z)
{
    z->late->is_late = false;
}
static void a_lease_without_a_holder(struct zoo *z)
{
    job_extra(z->leased)->holder = NULL;
}
static void a_lease_without_an_attempt(struct zoo *z)
{
    z->leased->attempts = 0;
}
static void a_lease_with_the_wrong_number(struct zoo *z)
{
    job_extra(z->leased)->lease++;
}
static void a_lease_of_the_wrong_epoch(struct zoo *z)
{
    job_extra(z->leased)->lease |= UINT64_C(1) << 32;
}
static void a_lease_left_behind(struct zoo *z)
{
    job_extra(z->delayed)->lease = 1;
}
static void a_delay_that_never_ends(struct zoo *z)
{
    job_timer_stop(z->w.core, job_extra(z->delayed));
}
static void an_error_without_text(struct zoo *z)
{
    job_extra(z->dead)->error_len = 0;
}
static void an_extra_of_another_job(struct zoo *z)
{
    job_extra(z->dead)->job = z->leased;
}
static void bytes_miscounted(struct zoo *z)
{
    z->w.core->body_bytes++;
}
static void extras_miscounted(struct zoo *z)
{
    z->w.core->extra_count++;
}
static void a_lost_wake_up(struct zoo *z)
{
    struct waiter_link *link = &z->getter->links[0];

    rq_list_remove(&link->link);
    link->queue->getter_count--;
    rq_list_push_back(&z->q->getters, &link->link);
    z->q->getter_count++;
}
static void a_joiner_that_nobody_will_wake(struct zoo *z)
{
    rq_list_remove(&z->joiner->links[0].link);
    z->q->joiner_count[0]--;
}
static void a_joiner_of_a_finished_queue(struct zoo *z)
{
    struct waiter_link *link = &z->joiner->links[0];
    struct queue *empty = z->getter->links[0].queue;

    rq_list_remove(&link->link);
    z->q->joiner_count[0]--;
    rq_list_push_back(&empty->joiners[0], &link->link);
    empty->joiner_count[0]++;
}
static void a_waiter_of_another_holder(struct zoo *z)
{
    z->getter->holder = NULL;
}
static void leases_miscounted(struct zoo *z)
{
    z->w.holder->lease_count++;
}
static void waiters_miscounted(struct zoo *z)
{
    z->w.holder->waiter_count--;
}
static void getters_miscounted(struct zoo *z)
{
    z->w.holder->getter_count--;
}
static void joiners_miscounted(struct zoo *z)
{
    z->w.core->joiner_count++;
}
static void a_queue_under_another_name(struct zoo *z)
{
    z->q->name[0] = 'Q';
}
static void a_queue_that_is_not_listed(struct zoo *z)
{
    rq_list_remove(&z->getter->links[0].queue->all);
}
static void a_job_under_another_number(struct zoo *z)
{
    z->pending->number += 1000;
}
static void a_lease_that_its_group_does_not_count(struct zoo *z)
{
    z->group->leased--;
}
static void a_lease_that_another_group_counts(struct zoo *z)
{
    z->group->leased--;
    z->other->leased++;
}
static void a_group_that_has_no_turn(struct zoo *z)
{
    line_leave(&z->group->queue->groups->turns, &z->group->by_turn);
}
static void a_group_whose_age_is_not_known(struct zoo *z)
{
    line_leave(&z->group->queue->groups->ages, &z->group->by_age);
}
static void a_group_with_a_turn_although_it_is_full(struct zoo *z)
{
    static struct gate gate = {.settings = {.grouplimit = 1}};

    z->group->queue->gate = &gate;
    gate.queue = z->group->queue;
    rq_list_init(&gate.putters);
}
static void a_turn_that_is_not_taken(struct zoo *z)
{
    z->other->turn = z->last->turn;
    z->last->turn--;
}
static void a_turn_of_the_future(struct zoo *z)
{
    z->group->turn = z->other->turn = z->w.core->turn + 1;
}
static void a_group_of_a_wrong_age(struct zoo *z)
{
    z->group->oldest_ns--;
}
static void a_group_that_promises_a_better_pri(struct zoo *z)
{
    z->group->pri--;
    z->other->pri--;
}
static void a_group_that_nobody_will_free(struct zoo *z)
{
    z->group->refs++;
}
static void a_job_that_stands_in_another_group(struct zoo *z)
{
    struct rq_list *link = rq_list_pop_front(&z->group->ready.list);

    rq_list_push_back(&z->other->ready.list, link);
}

/* Does core_check() abort? */
static bool aborts(struct zoo *z, void (*mutate)(struct zoo *z))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        if (null < 0 || dup2(null, STDERR_FILENO) < 0)
            _exit(2);
        if (mutate != NULL)
            mutate(z);
        core_check(z->w.core);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGABRT;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void a_sound_core_passes(void **state)
{
    struct zoo z;

    (void)state;
    zoo_init(&z);
    assert_false(aborts(&z, NULL));
    world_fini(&z.w);
}

static void every_mutant_is_caught(void **state)
{
    static void (*const mutants[])(struct zoo * z) = {
        one_ready_too_many,
        one_pending_too_few,
        the_core_counts_on_its_own,
        a_done_that_never_was,
        a_death_not_counted,
        more_redelivered_than_delivered,
        a_change_that_nobody_will_write,
        a_home_that_nobody_will_forget,
        a_state_that_does_not_fit_its_place,
        no_state_at_all,
        a_ready_job_that_is_nowhere,
        a_ready_list_out_of_order,
        a_late_job_that_does_not_say_so,
        a_lease_without_a_holder,
        a_lease_without_an_attempt,
        a_lease_with_the_wrong_number,
        a_lease_of_the_wrong_epoch,
        a_lease_left_behind,
        a_delay_that_never_ends,
        an_error_without_text,
        an_extra_of_another_job,
        bytes_miscounted,
        extras_miscounted,
        a_lost_wake_up,
        a_joiner_that_nobody_will_wake,
        a_joiner_of_a_finished_queue,
        a_waiter_of_another_holder,
        leases_miscounted,
        waiters_miscounted,
        getters_miscounted,
        joiners_miscounted,
        a_queue_under_another_name,
        a_queue_that_is_not_listed,
        a_job_under_another_number,
        a_lease_that_its_group_does_not_count,
        a_lease_that_another_group_counts,
        a_group_that_has_no_turn,
        a_group_whose_age_is_not_known,
        a_group_with_a_turn_although_it_is_full,
        a_turn_that_is_not_taken,
        a_turn_of_the_future,
        a_group_of_a_wrong_age,
        a_group_that_promises_a_better_pri,
        a_group_that_nobody_will_free,
        a_job_that_stands_in_another_group,
    };
    struct zoo z;

    (void)state;
    zoo_init(&z);
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) {
        if (!aborts(&z, mutants[i]))
            fail_msg("mutant %zu is not caught", i);
    }
    world_fini(&z.w);
}

TEST_MAIN(cmocka_unit_test(a_sound_core_passes),
          cmocka_unit_test(every_mutant_is_caught))
