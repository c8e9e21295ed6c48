/* cron - entries by name, in a heap by the time at which they are due.
 *
 * Due times are wall times, and only a look at both clocks can say whether one has
 * come: there is one look a second at least while there are entries.
 *
 * What an entry has settled, `after_ms`, is in the log with it: all runs due up to then
 * were made, or will not be.
 * SPDX-License-Identifier: MIT */
#include "core/cron.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/name.h"
#include "core/attrs.h"
#include "core/cron_spec.h"
#include "core/crons.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/state.h"
#include "core/timer.h"

static const int64_t ms_ns = 1000000;

enum {
    LOOK_MS = 1000,            /* between two looks at the clocks, at most */
    STEP_MS = 1000,            /* less is not a clock that was put back */
    BACK_MS = 3 * 3600 * 1000, /* more is a clock that was wrong before */
    REWRITE_BYTES = 256 << 10, /* at once: a quarter of a commit */
    CRON_EFFECTS = 2,
};

/* What CRON ADD said, in one piece. */
struct cron_text {
    struct core_cron said; /* slices into `bytes` */
    uint8_t bytes[];
};

struct cron {
    struct rq_heap_node node; /* in core->cron_heap, unless it is never due */
    struct rq_list all;       /* in core->crons, by name */
    struct cron_text *text;
    struct cron_spec spec;
    const struct zone *zone; /* NULL: UTC... */
    bool is_lost;            /* ... or not here any more */
    int64_t due_ms;
    int64_t after_ms, anchor_ms, last_ms; /* as in the record */
    uint64_t runs, skipped;
    uint64_t home; /* 0: not in the log yet */
    uint8_t name_len;
    char name[RQ_NAME_MAX + 1];
};

static struct rq_slice name_of(const struct cron *c)
{
    return rq_slice(c->name, c->name_len);
}

struct rq_slice cron_key_of(const void *cron)
{
    return name_of(cron);
}

bool cron_less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    return RQ_CONTAINER_OF(a, const struct cron, node)->due_ms <
           RQ_CONTAINER_OF(b, const struct cron, node)->due_ms;
}

static struct cron *first_due(const struct core *core)
{
    struct rq_heap_node *node = rq_heap_min(&core->cron_heap);

    return node == NULL ? NULL : RQ_CONTAINER_OF(node, struct cron, node);
}

/* ---- times ---- */

void core_set_zones(struct core *core, core_zone_find *find, void *arg)
{
    core->zone_find = find;
    core->zone_arg = arg;
}

/* *out NULL: UTC.  Returns  is it known? */
static bool find_zone(const struct core *core, struct rq_slice name,
                      const struct zone **out)
{
    *out = NULL;
    if (rq_slice_eq(name, RQ_LIT("UTC")))
        return true;
    if (core->zone_find != NULL)
        *out = core->zone_find(core->zone_arg, name);
    return *out != NULL;
}

/* The heap has room for all entries. */
static void set_due(struct core *core, struct cron *c, int64_t due_ms)
{
    c->due_ms = due_ms;
    if (due_ms == CRON_NEVER) {
        rq_heap_remove(&core->cron_heap, &c->node);
    } else if (c->node.place != 0) {
        rq_heap_update(&core->cron_heap, &c->node);
    } else {
        int rc = rq_heap_push(&core->cron_heap, &c->node);
        ASSERT(rc == 0); /* reserved */
    }
    core->cron_look_ns = 0;
}

/* When it is due next, after what is settled. */
static void plan(struct core *core, struct cron *c, int64_t now_ms)
{
    int64_t after_ms = c->after_ms;

    if (c->spec.every_ms > 0 && after_ms > now_ms)
        c->anchor_ms = after_ms = now_ms;
    else if (after_ms > now_ms && after_ms - now_ms > BACK_MS)
        after_ms = now_ms;
    set_due(core, c,
            c->is_lost ? CRON_NEVER
                       : cron_spec_next(&c->spec, c->zone, c->anchor_ms, after_ms));
}

/* Has the wall clock been put back since the last look? */
static bool is_put_back(struct core *core, struct core_now now)
{
    const struct core_now *seen = &core->cron_seen;
    int64_t passed_ms = rq_clock_until(now.mono_ns, seen->mono_ns) / ms_ns;
    bool is_first = seen->mono_ns == 0;
    bool is_back =
        rq_clock_until(rq_clock_after(seen->wall_ms, passed_ms), now.wall_ms) > STEP_MS;

    core->cron_seen = now;
    return is_back && !is_first;
}

struct cron *core_cron_due(struct core *core, struct core_now now)
{
    struct cron *c = first_due(core);
    bool is_back = is_put_back(core, now);

    if (c == NULL)
        return NULL;
    if (core->cron_is_planned && !is_back && c->due_ms <= now.wall_ms)
        return c;
    if (!core->cron_is_planned || is_back) {
        RQ_LIST_EACH(link, &core->crons)
        {
            plan(core, RQ_LIST_ENTRY(link, struct cron, all), now.wall_ms);
        }
        core->cron_is_planned = true;
        c = first_due(core);
    }
    if (c == NULL || c->due_ms <= now.wall_ms)
        return c;
    core->cron_look_ns = timer_from_wall(c->due_ms, now);
    if (core->cron_look_ns > timer_after_ms(now.mono_ns, LOOK_MS))
        core->cron_look_ns = timer_after_ms(now.mono_ns, LOOK_MS);
    return NULL;
}

void core_cron_later(struct core *core, struct core_now now)
{
    core->cron_look_ns = timer_after_ms(now.mono_ns, LOOK_MS);
}

int64_t cron_next_look(const struct core *core)
{
    return core->cron_heap.count == 0 ? INT64_MAX : core->cron_look_ns;
}

/* ---- the log ---- */

/* Room for CRON_EFFECTS. */
static void journal(const struct cron *c, struct effects *fx)
{
    const struct core_cron *said = &c->text->said;
    struct effect *e = effects_add(fx, EFFECT_RECORD);
    struct record *r = &e->u.log.record;

    e->u.log.homes = true;
    r->type = RECORD_CRON;
    r->name = name_of(c);
    r->queue = said->queue;
    r->body = said->body;
    r->attrs = said->attrs;
    r->policy = said->policy;
    r->cron = (struct record_cron){.spec = said->spec,
                                   .zone = said->zone,
                                   .delay_ms = said->delay_ms,
                                   .after_ms = c->after_ms,
                                   .anchor_ms = c->anchor_ms,
                                   .last_ms = c->last_ms,
                                   .runs = c->runs,
                                   .skipped = c->skipped};
    if (c->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = c->home;
}

void cron_set_home(struct core *core, struct rq_slice name, uint64_t home)
{
    struct cron *c = rq_map_get(&core->crons_by_name, name);

    ASSERT(c != NULL && home > 0);
    c->home = home;
}

int crons_rewrite(struct core *core, uint64_t before, struct effects *fx)
{
    size_t bytes = 0;

    RQ_LIST_EACH(link, &core->crons)
    {
        struct cron *c = RQ_LIST_ENTRY(link, struct cron, all);

        if (c->home == 0 || c->home >= before)
            continue;
        if (bytes > REWRITE_BYTES)
            return 1;
        int rc = effects_reserve(fx, CRON_EFFECTS);
        if (rc < 0)
            return rc;
        journal(c, fx);
        bytes += c->text->said.body.len + c->text->said.attrs.len;
    }
    return 0;
}

/* ---- runs ---- */

static int settle(struct core *core, struct cron *c, struct core_now now,
                  struct effects *fx)
{
    int rc = effects_reserve(fx, CRON_EFFECTS);

    if (rc < 0)
        return rc;
    c->after_ms = now.wall_ms;
    plan(core, c, now.wall_ms);
    return 0;
}

int core_cron_ran(struct core *core, struct cron *c, struct core_now now,
                  struct effects *fx)
{
    int rc = settle(core, c, now, fx);

    if (rc < 0)
        return rc;
    c->last_ms = now.wall_ms;
    c->runs++;
    journal(c, fx);
    return 0;
}

int core_cron_skipped(struct core *core, struct cron *c, struct core_now now,
                      struct effects *fx)
{
    int rc = settle(core, c, now, fx);

    if (rc < 0)
        return rc;
    c->skipped++;
    journal(c, fx);
    return 0;
}

/* ---- entries come and go ---- */

static struct rq_slice keep_bytes(uint8_t **at, struct rq_slice bytes)
{
    struct rq_slice kept = rq_slice(*at, bytes.len);

    if (bytes.len > 0)
        memcpy(*at, bytes.ptr, bytes.len);
    *at += bytes.len;
    return kept;
}

static struct cron_text *text_new(const struct core_cron *said)
{
    struct cron_text *t = malloc(sizeof *t + said->queue.len + said->spec.len +
                                 said->zone.len + said->body.len + said->attrs.len);

    if (t == NULL)
        return NULL;
    uint8_t *at = t->bytes;
    t->said = *said;
    t->said.name = RQ_LIT("");
    t->said.queue = keep_bytes(&at, said->queue);
    t->said.spec = keep_bytes(&at, said->spec);
    t->said.zone = keep_bytes(&at, said->zone);
    t->said.body = keep_bytes(&at, said->body);
    t->said.attrs = keep_bytes(&at, said->attrs);
    return t;
}

/* Keeps core->crons in the order of the names. */
static void link_in(struct core *core, struct cron *c)
{
    struct rq_list *before = core->crons.prev;

    for (; before != &core->crons; before = before->prev) {
        const struct cron *other = RQ_LIST_ENTRY(before, struct cron, all);

        if (strcmp(other->name, c->name) < 0)
            break;
    }
    rq_list_insert_after(before, &c->all);
}

/* In the map and the list, with room in the heap, and without a text.  NULL: no memory.
 */
static struct cron *cron_new(struct core *core, struct rq_slice name)
{
    size_t more = core->crons_by_name.count + 1 - core->cron_heap.count;
    struct cron *c;

    if (rq_heap_reserve(&core->cron_heap, more) < 0)
        return NULL;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    memcpy(c->name, name.ptr, name.len);
    c->name_len = (uint8_t)name.len;
    c->due_ms = CRON_NEVER;
    if (rq_map_put(&core->crons_by_name, c) < 0) {
        free(c);
        return NULL;
    }
    link_in(core, c);
    return c;
}

static void cron_free(struct core *core, struct cron *c)
{
    void *removed = rq_map_remove(&core->crons_by_name, name_of(c));

    ASSERT(removed == c);
    rq_heap_remove(&core->cron_heap, &c->node);
    rq_list_remove(&c->all);
    free(c->text);
    free(c);
}

void crons_free(struct core *core)
{
    while (!rq_list_empty(&core->crons))
        cron_free(core, RQ_LIST_ENTRY(core->crons.next, struct cron, all));
}

/* The entry of that name, made if need be, with `said` as its text.
 * Errors  -ENOMEM */
static int need(struct core *core, const struct core_cron *said, struct cron **out)
{
    struct cron *c = rq_map_get(&core->crons_by_name, said->name);
    struct cron_text *t = text_new(said);

    if (t == NULL)
        return -ENOMEM;
    if (c == NULL)
        c = cron_new(core, said->name);
    if (c == NULL) {
        free(t);
        return -ENOMEM;
    }
    free(c->text);
    c->text = t;
    *out = c;
    return 0;
}

static int read_times(const struct core *core, const struct core_cron *said,
                      int64_t now_ms, struct cron *out, const char **out_why)
{
    int rc = cron_spec_parse(said->spec, &out->spec, out_why);

    if (rc < 0)
        return rc;
    if (!find_zone(core, said->zone, &out->zone)) {
        *out_why = "the server has no such time zone; write TZ Europe/Berlin, and see "
                   "that tzdata is installed there";
        return RQ_E_BADARG;
    }
    if (cron_spec_next(&out->spec, out->zone, now_ms, now_ms) == CRON_NEVER) {
        *out_why = "there is no such day in the next nine years";
        return RQ_E_BADARG;
    }
    return 0;
}

int core_cron_add(struct core *core, const struct core_cron *said, struct core_now now,
                  struct effects *fx, const char **out_why)
{
    struct cron *c = rq_map_get(&core->crons_by_name, said->name);
    struct cron times;

    ASSERT(rq_name_is_valid(said->name) && rq_name_is_valid(said->queue));
    ASSERT(kind_policy_is_valid(&said->policy) && said->delay_ms >= 0);
    *out_why = NULL;
    if (said->body.len > LIMIT_CRON_BODY_BYTES || said->attrs.len > LIMIT_ATTRS_BYTES)
        return RQ_E_TOOBIG;
    int rc = read_times(core, said, now.wall_ms, &times, out_why);
    if (rc < 0)
        return rc;
    if (c == NULL && core->crons_by_name.count >= LIMIT_CRONS)
        return RQ_E_LIMIT;
    bool is_same = c != NULL && rq_slice_eq(c->text->said.spec, said->spec) &&
                   rq_slice_eq(c->text->said.zone, said->zone);
    rc = effects_reserve(fx, CRON_EFFECTS);
    if (rc == 0)
        rc = need(core, said, &c);
    if (rc < 0)
        return rc;
    if (!is_same) {
        c->spec = times.spec;
        c->zone = times.zone;
        c->is_lost = false;
        c->after_ms = c->anchor_ms = now.wall_ms;
        plan(core, c, now.wall_ms);
    }
    journal(c, fx);
    return 0;
}

int core_cron_del(struct core *core, struct rq_slice name, struct effects *fx)
{
    struct cron *c = rq_map_get(&core->crons_by_name, name);
    int rc = effects_reserve(fx, CRON_EFFECTS);

    if (c == NULL || rc < 0)
        return rc;
    struct record *r = &effects_add(fx, EFFECT_RECORD)->u.log.record;
    r->type = RECORD_CRON; /* without a queue: the entry is gone */
    r->name = name;
    if (c->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = c->home;
    cron_free(core, c);
    return 1;
}

/* ---- recovery ---- */

static bool is_record_good(const struct record *r)
{
    return rq_name_is_valid(r->queue) && kind_policy_is_valid(&r->policy) &&
           attrs_are_valid(r->attrs) && r->attrs.len <= LIMIT_ATTRS_BYTES &&
           r->cron.delay_ms >= 0 && r->cron.after_ms >= 0 && r->cron.anchor_ms >= 0;
}

static int replay_del(struct core *core, struct cron *c, struct effects *fx)
{
    if (c == NULL)
        return 0;
    effects_add(fx, EFFECT_FORGET)->u.forget.home = c->home;
    cron_free(core, c);
    return 0;
}

static void take_times(struct cron *c, const struct record_cron *r)
{
    c->after_ms = r->after_ms;
    c->anchor_ms = r->anchor_ms;
    c->last_ms = r->last_ms;
    c->runs = r->runs;
    c->skipped = r->skipped;
}

static int replay_add(struct core *core, const struct record *r, uint64_t home,
                      struct effects *fx)
{
    const struct core_cron said = {r->name, r->queue, r->cron.spec, r->cron.zone,
                                   r->body, r->attrs, r->policy,    r->cron.delay_ms};
    struct cron *c;
    int rc = need(core, &said, &c);

    if (rc < 0)
        return rc;
    if (c->home != 0)
        effects_add(fx, EFFECT_FORGET)->u.forget.home = c->home;
    c->home = home;
    c->is_lost = !find_zone(core, said.zone, &c->zone);
    take_times(c, &r->cron);
    return 0;
}

/* What was parsed from the record's text; planned by the first look: any time will do
 * to bring that about. */
static void take_spec(struct core *core, struct cron *c, const struct cron_spec *spec)
{
    c->spec = *spec;
    core->cron_is_planned = false;
    set_due(core, c, c->is_lost ? CRON_NEVER : 0);
}

int cron_replay(struct core *core, const struct record *r, uint64_t home,
                struct effects *fx)
{
    struct cron_spec spec;
    const char *why;

    if (!rq_name_is_valid(r->name))
        return RQ_E_MALFORMED;
    if (r->queue.len == 0)
        return replay_del(core, rq_map_get(&core->crons_by_name, r->name), fx);
    if (!is_record_good(r) || cron_spec_parse(r->cron.spec, &spec, &why) < 0)
        return RQ_E_MALFORMED;
    int rc = replay_add(core, r, home, fx);
    if (rc < 0)
        return rc;
    take_spec(core, rq_map_get(&core->crons_by_name, r->name), &spec);
    return 0;
}

/* ---- looking ---- */

void cron_view(const struct cron *c, struct cron_view *out)
{
    *out = (struct cron_view){.said = c->text->said,
                              .next_wall_ms = c->due_ms == CRON_NEVER ? 0 : c->due_ms,
                              .last_wall_ms = c->last_ms,
                              .runs = c->runs,
                              .skipped = c->skipped};
    out->said.name = name_of(c);
}

size_t core_cron_count(const struct core *core)
{
    return core->crons_by_name.count;
}

const struct cron *core_cron_next(const struct core *core, const struct cron *c)
{
    const struct rq_list *next = c == NULL ? core->crons.next : c->all.next;

    return next == &core->crons ? NULL : RQ_LIST_ENTRY(next, const struct cron, all);
}

void crons_check(const struct core *core)
{
    size_t count = 0, timed = 0;

    RQ_LIST_EACH(link, &core->crons)
    {
        const struct cron *c = RQ_LIST_ENTRY(link, struct cron, all);

        ASSERT(rq_map_get(&core->crons_by_name, name_of(c)) == c && c->text != NULL);
        ASSERT((c->node.place != 0) == (c->due_ms != CRON_NEVER));
        count++;
        timed += c->node.place != 0;
    }
    ASSERT(count == core->crons_by_name.count && timed == core->cron_heap.count);
}
