/* client - what a simulated client does next.
 * SPDX-License-Identifier: MIT */
#include "sim/client.h"

#include <errno.h>

#include "sim/world.h"

typedef int action(struct client *c);

struct choice {
    action *act;
    unsigned weight, focused; /* the latter: when few jobs meet many JOINs */
};

/* clang-format off */
static const struct choice choices[] = {
    {client_put,      22, 10},
    {client_mput,      2,  1},
    {client_get,      30, 25},
    {client_done,     26, 30},
    {client_done_old,  4,  3},
    {client_fail,      5,  2},
    {client_release,   4,  2},
    {client_touch,     3,  1},
    {client_join,      4, 20},
    {client_batch,     6,  6},
    {client_cancel,    3,  1},
    {client_kick,      2,  1},
    {client_purge,     1,  0},
    {client_requeue,   3,  3},
    {client_pause,     1,  0},
    {client_bound,     2,  0},
    {client_wait,      3,  2},
    {client_look,      2,  1},
};
/* clang-format on */

enum { CHOICES = sizeof choices / sizeof choices[0] };

/* Has it given back a kept lease that a crash may have brought to life again? */
static bool has_risen(const struct client *c)
{
    const struct history *h = &c->world->history;

    return c->call.keeps && c->old.deed != NULL &&
           h->lives[c->old.connection - 1] < h->life;
}

static action *choose(struct client *c)
{
    bool focused = c->world->plan.is_focused;
    int64_t sum = 0, at;

    if (rio_now() < c->world->faults.join_until_ns && world_one_in(c->world, 2))
        return client_join;
    if (rio_now() < c->world->faults.get_until_ns && world_one_in(c->world, 2))
        return client_get;
    if (has_risen(c) && world_one_in(c->world, 2))
        return client_done_old;
    for (size_t i = 0; i < CHOICES; i++)
        sum += focused ? choices[i].focused : choices[i].weight;
    at = world_between(c->world, 0, sum - 1);
    for (size_t i = 0; i < CHOICES; i++) {
        at -= focused ? choices[i].focused : choices[i].weight;
        if (at < 0)
            return choices[i].act;
    }
    return client_get;
}

/* What it holds, it holds no more, unless it is kept. */
static void lose_holds(struct client *c)
{
    if (c->call.keeps)
        return;
    if (c->held > 0)
        c->old = c->holds[0];
    c->held = 0;
}

RIO_AWAITS static int leave(struct client *c)
{
    lose_holds(c);
    RIO_IGNORE(await(call_close(&c->call)));
    return 0;
}

/* Two clients of a name are two connections of one worker. */
RIO_AWAITS static int say_hello(struct client *c)
{
    enum outcome outcome =
        await(call_ask(&c->call, "HELLO NAME c%zu KEEPLEASES", c->index / 2));

    if (outcome == YES)
        return 0;
    RIO_IGNORE(await(call_close(&c->call))); /* the server is still starting */
    return -EAGAIN;
}

RIO_AWAITS static int need_connection(struct client *c)
{
    if (c->call.stream != NULL)
        return 0;
    lose_holds(c);
    int rc = await(call_open(&c->call));
    if (rc == 0 && c->call.keeps)
        rc = await(say_hello(c));
    if (rc < 0)
        RIO_IGNORE(await(rio_sleep(world_between(c->world, 1, 40) * RIO_MS)));
    return rc;
}

/* Workers alone, so that everything comes to an end. */
RIO_AWAITS static int drain(struct client *c)
{
    if (c->held > 0)
        RIO_IGNORE(await(client_done(c)));
    else
        RIO_IGNORE(await(client_get(c)));
    return 0;
}

RIO_AWAITS static int act(struct client *c)
{
    struct world *w = c->world;
    bool is_full = w->puts >= w->plan.jobs;
    action *next;

    if (w->is_draining) {
        RIO_IGNORE(await(drain(c)));
        return 0;
    }
    if (!w->is_calm && world_one_in(w, 60)) {
        RIO_IGNORE(await(leave(c)));
        return 0;
    }
    next = choose(c);
    if (is_full && (next == client_put || next == client_mput))
        next = client_get;
    RIO_IGNORE(await(next(c)));
    return 0;
}

long client_main(void *arg)
{
    struct client *c = arg;

    call_init(&c->call, c->world);
    c->call.keeps = c->world->plan.keeps && world_one_in(c->world, 2);
    while (!c->world->is_over) {
        int rc = await(need_connection(c));
        if (rc < 0)
            continue;
        RIO_IGNORE(await(act(c)));
        if (world_one_in(c->world, 3)) {
            int64_t pause_us =
                world_between(c->world, 1, c->world->is_draining ? 2000 : 60000);

            RIO_IGNORE(await(rio_sleep(pause_us * 1000)));
        }
    }
    RIO_IGNORE(await(leave(c)));
    return 0;
}
