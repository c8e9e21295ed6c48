/* cron_test - entries of CRON: when they are due, what they write, what comes back.
 * SPDX-License-Identifier: MIT */
#include "core/cron.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/limits.h"
#include "core/zone.h"
#include "support/test.h"
#include "tzif.h"

#define NOON_MS INT64_C(1774785600000) /* 2026-03-29T12:00Z */
enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000 };

struct rig {
    struct core *core;
    struct effects fx;
    struct core_now now;
    uint64_t home; /* of the last record */
    struct zone *berlin;
};

static const struct zone *find_zone(void *arg, struct rq_slice name)
{
    const struct rig *r = arg;

    return rq_slice_eq(name, RQ_LIT("Europe/Berlin")) ? r->berlin : NULL;
}

static void start(struct rig *r)
{
    r->core = core_new(1);
    assert_non_null(r->core);
    core_set_zones(r->core, find_zone, r);
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){.now = {5000000000, NOON_MS}, .berlin = tzif_zone(RULE_BERLIN)};
    effects_init(&r->fx);
    start(r);
    core_set_epoch(r->core, 1);
}

static void rig_fini(struct rig *r)
{
    core_check(r->core);
    core_free(r->core);
    effects_fini(&r->fx);
    zone_free(r->berlin);
}

static void pass(struct rig *r, int64_t ms)
{
    r->now.mono_ns += ms * 1000000;
    r->now.wall_ms += ms;
}

static struct core_cron said(const char *name, const char *spec)
{
    return (struct core_cron){.name = rq_slice_str(name),
                              .queue = RQ_LIT("q"),
                              .spec = rq_slice_str(spec),
                              .zone = RQ_LIT("UTC"),
                              .body = RQ_LIT("body"),
                              .policy = {.ttr_ms = 1000, .tries = 1}};
}

/* Every CRON record goes to the log.  Returns  how many homes were forgotten */
static size_t carry(struct rig *r)
{
    size_t forgotten = 0;

    for (size_t i = 0; i < r->fx.count; i++) {
        const struct effect *e = &r->fx.items[i];

        forgotten += e->kind == EFFECT_FORGET;
        if (e->kind != EFFECT_RECORD)
            continue;
        assert_int_equal(e->u.log.record.type, RECORD_CRON);
        assert_true(e->u.log.homes == record_is_home(&e->u.log.record));
        r->home++;
        if (e->u.log.homes)
            core_set_home(r->core, e, r->home);
    }
    r->fx.count = 0;
    core_check(r->core);
    return forgotten;
}

static int add_more(struct rig *r, struct core_cron c)
{
    const char *why;
    int rc = core_cron_add(r->core, &c, r->now, &r->fx, &why);

    assert_true(rc == RQ_E_BADARG ? why != NULL : why == NULL);
    if (rc < 0)
        assert_int_equal(r->fx.count, 0);
    return rc;
}

static void add(struct rig *r, const char *name, const char *spec)
{
    assert_int_equal(add_more(r, said(name, spec)), 0);
    carry(r);
}

static int del(struct rig *r, const char *name)
{
    return core_cron_del(r->core, rq_slice_str(name), &r->fx);
}

static struct cron_view view(const struct rig *r, const char *name)
{
    const struct cron *c = NULL;
    struct cron_view v = {0};

    while ((c = core_cron_next(r->core, c)) != NULL) {
        cron_view(c, &v);
        if (rq_slice_eq(v.said.name, rq_slice_str(name)))
            return v;
    }
    fail_msg("no entry %s", name);
    return v;
}

/* Runs what is due.  Returns  how many runs */
static size_t run_due(struct rig *r)
{
    struct cron *c;
    size_t n = 0;

    while ((c = core_cron_due(r->core, r->now)) != NULL && n++ < 100) {
        int rc = core_cron_ran(r->core, c, r->now, &r->fx);
        assert_int_equal(rc, 0);
        carry(r);
    }
    return n;
}

static bool is_due(struct rig *r)
{
    return core_cron_due(r->core, r->now) != NULL;
}

/* ---- due times ---- */

static void an_entry_is_due_at_its_times(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "5 * * * *");
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 5 * MINUTE);
    pass(&r, 5 * MINUTE - 1);
    assert_false(is_due(&r));
    pass(&r, 1);
    assert_int_equal(run_due(&r), 1);
    struct cron_view v = view(&r, "a");
    assert_int_equal(v.next_wall_ms, NOON_MS + HOUR + 5 * MINUTE);
    assert_int_equal(v.last_wall_ms, NOON_MS + 5 * MINUTE);
    assert_int_equal(v.runs, 1);
    rig_fini(&r);
}

static void the_one_that_has_waited_longest_is_first(void **state)
{
    struct rig r;
    struct cron_view v;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 3s");
    add(&r, "b", "@every 2s");
    pass(&r, 10 * SECOND);
    cron_view(core_cron_due(r.core, r.now), &v);
    assert_true(rq_slice_eq(v.said.name, RQ_LIT("b")));
    assert_int_equal(run_due(&r), 2);
    rig_fini(&r);
}

static void missed_runs_come_once_and_every_keeps_its_beat(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 10s");
    pass(&r, 95 * SECOND);
    assert_int_equal(run_due(&r), 1);
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 100 * SECOND);
    rig_fini(&r);
}

static void the_clocks_are_looked_at_once_a_second(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    assert_true(core_next_due(r.core) == INT64_MAX);
    add(&r, "a", "@daily");
    assert_int_equal(core_next_due(r.core), 0);
    assert_false(is_due(&r));
    assert_int_equal(core_next_due(r.core), r.now.mono_ns + 1000000000);
    add(&r, "b", "@every 1500");
    pass(&r, 1200);
    assert_false(is_due(&r));
    assert_int_equal(core_next_due(r.core), r.now.mono_ns + 300000000);
    core_cron_later(r.core, r.now);
    assert_int_equal(core_next_due(r.core), r.now.mono_ns + 1000000000);
    rig_fini(&r);
}

static void what_nobody_would_take_is_counted(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 1s");
    pass(&r, SECOND);
    int rc = core_cron_skipped(r.core, core_cron_due(r.core, r.now), r.now, &r.fx);
    assert_int_equal(rc, 0);
    assert_int_equal(carry(&r), 1);
    struct cron_view v = view(&r, "a");
    assert_int_equal(v.skipped, 1);
    assert_int_equal(v.runs, 0);
    assert_int_equal(v.last_wall_ms, 0);
    assert_false(is_due(&r));
    rig_fini(&r);
}

/* ---- clocks that jump ---- */

static void a_clock_put_forward_brings_one_run(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "0 * * * *");
    assert_false(is_due(&r));
    r.now.wall_ms += 5 * HOUR;
    assert_int_equal(run_due(&r), 1);
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 6 * HOUR);
    rig_fini(&r);
}

static void a_clock_put_back_a_little_repeats_no_run(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "0 * * * *");
    pass(&r, HOUR);
    assert_int_equal(run_due(&r), 1);
    r.now.wall_ms -= 3 * HOUR;
    assert_false(is_due(&r));
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 2 * HOUR);
    rig_fini(&r);
}

static void a_clock_put_back_far_was_wrong_before(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "0 * * * *");
    pass(&r, HOUR);
    assert_int_equal(run_due(&r), 1);
    r.now.wall_ms -= 3 * HOUR + MINUTE;
    assert_false(is_due(&r));
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS - 2 * HOUR);
    rig_fini(&r);
}

static void every_goes_on_at_its_pace_when_the_clock_is_put_back(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 10s");
    pass(&r, 10 * SECOND);
    assert_int_equal(run_due(&r), 1);
    r.now.wall_ms -= HOUR;
    assert_false(is_due(&r));
    pass(&r, 10 * SECOND - 1);
    assert_false(is_due(&r));
    pass(&r, 1);
    assert_int_equal(run_due(&r), 1);
    rig_fini(&r);
}

/* ---- entries ---- */

static void entries_are_listed_by_name(void **state)
{
    static const char *const names[] = {"a", "ab", "b"};
    const struct cron *c = NULL;
    struct cron_view v;
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "b", "@daily");
    add(&r, "ab", "@daily");
    add(&r, "a", "@daily");
    for (size_t i = 0; i < 3; i++) {
        c = core_cron_next(r.core, c);
        cron_view(c, &v);
        assert_true(rq_slice_eq(v.said.name, rq_slice_str(names[i])));
    }
    assert_null(core_cron_next(r.core, c));
    assert_int_equal(core_cron_count(r.core), 3);
    rig_fini(&r);
}

static void the_same_spec_and_zone_keep_their_times(void **state)
{
    struct core_cron again = said("a", "@every 10s");
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 10s");
    pass(&r, 15 * SECOND);
    assert_int_equal(run_due(&r), 1);
    again.body = RQ_LIT("other");
    assert_int_equal(add_more(&r, again), 0);
    assert_int_equal(carry(&r), 1);
    struct cron_view v = view(&r, "a");
    assert_true(rq_slice_eq(v.said.body, RQ_LIT("other")));
    assert_int_equal(v.next_wall_ms, NOON_MS + 20 * SECOND);
    assert_int_equal(v.runs, 1);
    again.zone = RQ_LIT("Europe/Berlin");
    assert_int_equal(add_more(&r, again), 0);
    carry(&r);
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 25 * SECOND);
    rig_fini(&r);
}

static void an_entry_can_be_deleted_once(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 1s");
    pass(&r, SECOND);
    assert_int_equal(del(&r, "a"), 1);
    assert_int_equal(carry(&r), 1);
    assert_int_equal(del(&r, "a"), 0);
    assert_false(is_due(&r));
    assert_int_equal(core_cron_count(r.core), 0);
    rig_fini(&r);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct core_cron c = said("a", "61 * * * *");
    struct rig r;

    (void)state;
    rig_init(&r);
    assert_int_equal(add_more(&r, c), RQ_E_BADARG);
    c.spec = RQ_LIT("0 0 31 2 *");
    assert_int_equal(add_more(&r, c), RQ_E_BADARG);
    c.spec = RQ_LIT("@daily");
    c.zone = RQ_LIT("Mars/Olympus");
    assert_int_equal(add_more(&r, c), RQ_E_BADARG);
    assert_int_equal(core_cron_count(r.core), 0);
    rig_fini(&r);
}

static void there_are_at_most_1000_entries(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    for (int i = 0; i < LIMIT_CRONS; i++) {
        char name[16];

        snprintf(name, sizeof name, "e%d", i);
        assert_int_equal(add_more(&r, said(name, "@daily")), 0);
        r.fx.count = 0;
    }
    assert_int_equal(add_more(&r, said("one-more", "@daily")), RQ_E_LIMIT);
    assert_int_equal(add_more(&r, said("e7", "@hourly")), 0);
    r.fx.count = 0;
    rig_fini(&r);
}

static void a_body_has_at_most_64_kib(void **state)
{
    struct core_cron c = said("a", "@daily");
    char *body = calloc(1, LIMIT_CRON_BODY_BYTES + 1);
    struct rig r;

    (void)state;
    assert_non_null(body);
    rig_init(&r);
    c.body = rq_slice(body, LIMIT_CRON_BODY_BYTES);
    assert_int_equal(add_more(&r, c), 0);
    carry(&r);
    c.body.len++;
    assert_int_equal(add_more(&r, c), RQ_E_TOOBIG);
    rig_fini(&r);
    free(body);
}

/* ---- the log ---- */

/* Ends the process, and begins a new one with `record` as its log. */
static int replay(struct rig *r, const struct record *record)
{
    r->fx.count = 0;
    return core_replay(r->core, record, 1, r->now, &r->fx);
}

static struct record record_of(const char *spec, const char *zone, int64_t after_ms)
{
    return (struct record){.type = RECORD_CRON,
                           .name = RQ_LIT("a"),
                           .queue = RQ_LIT("q"),
                           .body = RQ_LIT("body"),
                           .policy = {.ttr_ms = 1000, .tries = 1},
                           .cron = {.spec = rq_slice_str(spec),
                                    .zone = rq_slice_str(zone),
                                    .after_ms = after_ms,
                                    .anchor_ms = after_ms,
                                    .last_ms = 42,
                                    .runs = 7,
                                    .skipped = 3}};
}

static void serve(struct rig *r)
{
    core_set_epoch(r->core, 2);
    assert_int_equal(core_replay_end(r->core, r->now, &r->fx), 0);
}

static void a_record_says_all_that_there_is(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@every 10s");
    pass(&r, 15 * SECOND);
    struct cron *c = core_cron_due(r.core, r.now);
    assert_int_equal(core_cron_ran(r.core, c, r.now, &r.fx), 0);
    const struct record *w = &r.fx.items[0].u.log.record;
    assert_int_equal(w->cron.after_ms, NOON_MS + 15 * SECOND);
    assert_int_equal(w->cron.last_ms, NOON_MS + 15 * SECOND);
    assert_int_equal(w->cron.anchor_ms, NOON_MS);
    assert_int_equal(w->cron.runs, 1);
    assert_true(rq_slice_eq(w->cron.spec, RQ_LIT("@every 10s")));
    assert_true(rq_slice_eq(w->name, RQ_LIT("a")) &&
                rq_slice_eq(w->queue, RQ_LIT("q")) &&
                rq_slice_eq(w->body, RQ_LIT("body")));
    assert_int_equal(r.fx.items[1].u.forget.home, 1);
    carry(&r);
    rig_fini(&r);
}

static void after_a_restart_what_was_missed_comes_once(void **state)
{
    const struct record record =
        record_of("30 2 * * *", "Europe/Berlin", NOON_MS - 72 * HOUR);
    struct rig r;

    (void)state;
    rig_init(&r);
    core_free(r.core);
    start(&r);
    assert_int_equal(replay(&r, &record), 0);
    serve(&r);
    assert_int_equal(run_due(&r), 1);
    struct cron_view v = view(&r, "a");
    assert_int_equal(v.next_wall_ms, NOON_MS + 12 * HOUR + 30 * MINUTE);
    assert_int_equal(v.runs, 8);
    assert_int_equal(v.skipped, 3);
    rig_fini(&r);
}

static void a_run_that_is_in_the_log_is_not_made_again(void **state)
{
    const struct record record = record_of("0 12 * * *", "UTC", NOON_MS + 5);
    struct rig r;

    (void)state;
    rig_init(&r);
    core_free(r.core);
    start(&r);
    pass(&r, SECOND);
    assert_int_equal(replay(&r, &record), 0);
    serve(&r);
    assert_false(is_due(&r));
    assert_int_equal(view(&r, "a").next_wall_ms, NOON_MS + 24 * HOUR);
    rig_fini(&r);
}

static void the_last_record_of_a_name_holds(void **state)
{
    struct record record = record_of("@daily", "UTC", NOON_MS);
    struct rig r;

    (void)state;
    rig_init(&r);
    core_free(r.core);
    start(&r);
    assert_int_equal(replay(&r, &record), 0);
    record.cron.spec = RQ_LIT("@hourly");
    assert_int_equal(replay(&r, &record), 0);
    assert_int_equal(r.fx.items[0].u.forget.home, 1);
    assert_true(rq_slice_eq(view(&r, "a").said.spec, RQ_LIT("@hourly")));
    record.queue = RQ_LIT("");
    assert_int_equal(replay(&r, &record), 0);
    assert_int_equal(r.fx.items[0].kind, EFFECT_FORGET);
    assert_int_equal(core_cron_count(r.core), 0);
    assert_int_equal(replay(&r, &record), 0); /* of one that is not known */
    serve(&r);
    rig_fini(&r);
}

static void an_entry_without_its_zone_waits_for_a_restart(void **state)
{
    const struct record record = record_of("@daily", "Mars/Olympus", 0);
    struct rig r;

    (void)state;
    rig_init(&r);
    core_free(r.core);
    start(&r);
    assert_int_equal(replay(&r, &record), 0);
    serve(&r);
    assert_false(is_due(&r));
    assert_int_equal(view(&r, "a").next_wall_ms, 0);
    assert_true(core_next_due(r.core) == INT64_MAX);
    rig_fini(&r);
}

static void a_damaged_record_stops_the_replay(void **state)
{
    struct record bad[] = {record_of("@daily", "UTC", 0),
                           record_of("@daily", "UTC", -1),
                           record_of("@never", "UTC", 0), record_of("@daily", "UTC", 0),
                           record_of("@daily", "UTC", 0)};
    struct rig r;

    (void)state;
    bad[0].name = RQ_LIT("a b");
    bad[3].policy.tries = 0;
    bad[4].attrs = RQ_LIT("x");
    rig_init(&r);
    core_free(r.core);
    start(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(replay(&r, &bad[i]), RQ_E_MALFORMED);
    serve(&r);
    rig_fini(&r);
}

static void old_entries_are_written_anew_with_the_totals(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r);
    add(&r, "a", "@daily");
    add(&r, "b", "@daily");
    assert_int_equal(core_totals(r.core, 2, &r.fx), 0);
    assert_int_equal(r.fx.count, 2); /* a, and the end of where it stood */
    assert_int_equal(carry(&r), 1);
    assert_int_equal(core_totals(r.core, 2, &r.fx), 0);
    assert_int_equal(r.fx.count, 0);
    rig_fini(&r);
}

TEST_MAIN(cmocka_unit_test(an_entry_is_due_at_its_times),
          cmocka_unit_test(the_one_that_has_waited_longest_is_first),
          cmocka_unit_test(missed_runs_come_once_and_every_keeps_its_beat),
          cmocka_unit_test(the_clocks_are_looked_at_once_a_second),
          cmocka_unit_test(what_nobody_would_take_is_counted),
          cmocka_unit_test(a_clock_put_forward_brings_one_run),
          cmocka_unit_test(a_clock_put_back_a_little_repeats_no_run),
          cmocka_unit_test(a_clock_put_back_far_was_wrong_before),
          cmocka_unit_test(every_goes_on_at_its_pace_when_the_clock_is_put_back),
          cmocka_unit_test(entries_are_listed_by_name),
          cmocka_unit_test(the_same_spec_and_zone_keep_their_times),
          cmocka_unit_test(an_entry_can_be_deleted_once),
          cmocka_unit_test(what_makes_no_sense_is_refused),
          cmocka_unit_test(there_are_at_most_1000_entries),
          cmocka_unit_test(a_body_has_at_most_64_kib),
          cmocka_unit_test(a_record_says_all_that_there_is),
          cmocka_unit_test(after_a_restart_what_was_missed_comes_once),
          cmocka_unit_test(a_run_that_is_in_the_log_is_not_made_again),
          cmocka_unit_test(the_last_record_of_a_name_holds),
          cmocka_unit_test(an_entry_without_its_zone_waits_for_a_restart),
          cmocka_unit_test(a_damaged_record_stops_the_replay),
          cmocka_unit_test(old_entries_are_written_anew_with_the_totals))
