/* faults - what goes wrong in the busy time; see faults.h.
 * SPDX-License-Identifier: MIT */
#include "sim/faults.h"

#include "sim/world.h"

RIO_AWAITS static long restart_server(struct world *w)
{
    if (w->faults.is_restarting)
        return 0;
    w->faults.is_restarting = true;
    RIO_IGNORE(await(server_crash(&w->server)));
    RIO_TRY(await(rio_sleep(world_between(w, 0, 200) * RIO_MS)));
    w->faults.is_restarting = false;
    return await(server_start(&w->server, w));
}

/* ---- at random instants ---- */

static long injector(void *arg)
{
    struct world *w = arg;
    unsigned crashes = w->plan.crashes, restarts = w->plan.restarts;

    while (crashes + restarts > 0) {
        int64_t pause = w->plan.busy_ns / (2 * (int64_t)(crashes + restarts));

        if (!await(world_stay_busy(w, world_between(w, 0, 2 * pause))))
            return 0;
        if (world_between(w, 1, crashes + restarts) <= crashes) {
            crashes--;
            RIO_TRY(await(restart_server(w)));
        } else {
            restarts--;
            world_trace(w, "redis restarts");
            redis_restart(&w->redis);
        }
    }
    return 0;
}

/* ---- aimed at a command in flight ---- */

void faults_shoot(struct world *w)
{
    struct faults *f = &w->faults;

    redis_aim(&w->redis);
    f->join_until_ns = rio_now() + 150 * RIO_MS;
    if (f->shots == 0 || !world_one_in(w, 2))
        return;
    f->shot_ms = 60;
    rio_event_set(&f->shot);
}

void faults_ambush(struct world *w, enum ambush before)
{
    struct faults *f = &w->faults;
    int64_t until_ns = rio_now() + 20 * RIO_MS;

    if (w->is_calm || f->ambushes == 0 || f->is_restarting)
        return;
    f->ambushes--;
    redis_hold(&w->redis);
    if (before == BEFORE_AN_END)
        f->join_until_ns = until_ns;
    else
        f->get_until_ns = until_ns;
    f->shot_ms = 15;
    rio_event_set(&f->shot);
}

static long sniper(void *arg)
{
    struct world *w = arg;
    struct faults *f = &w->faults;

    for (;;) {
        RIO_TRY(await(rio_event_wait(&f->shot)));
        rio_event_clear(&f->shot);
        RIO_TRY(await(rio_sleep(world_between(w, 1, f->shot_ms) * RIO_MS)));
        if (w->is_calm)
            return 0;
        f->shots -= f->shots > 0;
        RIO_TRY(await(restart_server(w)));
    }
}

/* ---- all of them ---- */

void faults_start(struct world *w)
{
    w->faults.shot_ms = 1;
    w->faults.injector = rio_create_task(injector, w);
    w->faults.sniper = rio_create_task(sniper, w);
}

int faults_end(struct world *w)
{
    RIO_IGNORE(await(rio_join_unref(w->faults.injector)));
    w->is_calm = true;
    rio_event_set(&w->faults.shot);
    RIO_IGNORE(await(rio_join_unref(w->faults.sniper)));
    return 0;
}
