/* pump.c - drives somebody else's event machine from the loop.
 *
 * The alarm is armed all the time, if need be for ever: so a new one takes the place
 * that the old one has just given back, and needs no memory.
 * SPDX-License-Identifier: MIT */
#include "rio-http/pump.h"

#include <errno.h>
#include <poll.h>

#define RETRY (10 * RIO_MS) /* when there is no memory for an operation */

static long pump_main(void *arg)
{
    struct rio__pump *p = arg;
    long rc = 0;

    while (rc != -ECANCELED) {
        rc = await(rio_poll_fd(p->fd, POLLIN));
        if (rc >= 0)
            p->turn(p);
        else if (rc != -ECANCELED)
            rc = await(rio_sleep(RETRY));
    }
    return rc;
}

static long alarmed(void *arg)
{
    struct rio__pump *p = arg;

    p->alarm = rio_call_later(RIO_FOREVER, alarmed, p);
    p->turn(p);
    return 0;
}

int rio__pump_start(struct rio__pump *p, int fd, void (*turn)(struct rio__pump *))
{
    const rio_task_opts opts = {.name = "http pump", .stack = RIO__PUMP_STACK};

    *p = (struct rio__pump){.fd = fd, .turn = turn};
    p->alarm = rio_call_later(RIO_FOREVER, alarmed, p);
    if (p->alarm == 0)
        return -errno;
    p->task = rio_create_task_ex(pump_main, p, 0, &opts);
    if (p->task == NULL) {
        int err = errno;

        rio_handle_cancel(p->alarm);
        return -err;
    }
    return 0;
}

void rio__pump_alarm(struct rio__pump *p, int64_t delay)
{
    rio_handle_cancel(p->alarm);
    p->alarm = rio_call_later(delay < 0 ? RIO_FOREVER : delay, alarmed, p);
}

static long kicked(void *arg)
{
    struct rio__pump *p = arg;

    p->kick = 0;
    p->turn(p);
    return 0;
}

void rio__pump_kick(struct rio__pump *p)
{
    if (p->kick != 0)
        return;
    p->kick = rio_call_soon(kicked, p);
    if (p->kick == 0)
        p->turn(p);
}

int rio__pump_stop(struct rio__pump *p)
{
    rio_task *task = p->task;
    int mask;

    if (task == NULL)
        return 0;
    mask = rio_cancel_mask(1);
    if (mask < 0)
        return mask;
    p->task = NULL;
    (void)rio_task_cancel(task);
    RIO_IGNORE(await(rio_join_unref(task))); /* its own -ECANCELED */
    rio_handle_cancel(p->alarm); /* only now: it may have turned once more */
    rio_handle_cancel(p->kick);
    (void)rio_cancel_mask(mask);
    return 0;
}
