/* cancel.c - requests to end, counted and delivered once; see task.h.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

void rio__cancel_delivered(struct rio__task *t)
{
    t->forced = false;
    if (!t->masked)
        t->pending = 0;
    t->delivered++;
    t->owed = true;
}

static void keep_msg(struct rio__task *t, const char *msg)
{
    char *copy = msg == NULL ? NULL : strdup(msg);

    free(t->cancel_msg);
    t->cancel_msg = copy;
}

enum rio__cancel_fate rio__cancel_request(rio_future *f, const char *msg, bool force)
{
    enum rio__cancel_fate fate = RIO__CANCEL_KEPT;
    uint32_t stamp;

    if (f == NULL || f->state != RIO__PENDING)
        return RIO__CANCEL_TOO_LATE;
    stamp = ++f->loop->cancel_stamp;
    for (;;) {
        struct rio__task *t = rio__task_of(f);

        if (f->kind != RIO__TASK) {
            rio__future_cancel(f, msg);
            return fate;
        }
        if (t->cancel_stamp == stamp)
            return fate; /* tasks that join each other in a circle */
        t->cancel_stamp = stamp;
        t->cancels++;
        keep_msg(t, msg);
        if (t->masked && !force) {
            t->pending++;
            return fate;
        }
        if (t->wait != NULL && t->wait->joins != NULL) {
            f = t->wait->joins; /* pending, or t would have been woken */
            force = false;
            fate = RIO__CANCEL_FORWARDED;
            continue;
        }
        if (force)
            t->forced = true;
        else
            t->pending++;
        if (t->wait != NULL)
            t->wait->cancel(t->wait);
        return fate;
    }
}

bool rio_task_cancel_msg(rio_task *t, const char *msg)
{
    return rio__cancel_request(t, msg, false) != RIO__CANCEL_TOO_LATE;
}

bool rio_task_cancel(rio_task *t)
{
    return rio_task_cancel_msg(t, NULL);
}

unsigned rio_task_cancelling(const rio_task *t)
{
    return t == NULL || t->kind != RIO__TASK ? 0 : rio__task_of(t)->cancels;
}

unsigned rio_task_uncancel(rio_task *f)
{
    struct rio__task *t;

    if (f == NULL || f->kind != RIO__TASK)
        return 0;
    t = rio__task_of(f);
    if (t->cancels > 0)
        t->cancels--;
    if (t->cancels == 0 && f->state == RIO__PENDING) {
        t->owed = false;
        t->pending = 0;
        t->forced = false;
    }
    return t->cancels;
}

unsigned rio__cancel_answer(struct rio__task *t, unsigned mark, bool forced)
{
    if (t->delivered == mark) {
        if (forced)
            t->forced = false;
        else if (t->pending > 0)
            t->pending--;
    }
    return rio_task_uncancel(&t->f);
}

bool rio_cancel_pending(void)
{
    struct rio__task *t = rio__task_self();

    return t != NULL && rio__cancel_due(t);
}

int rio_cancel_mask(int on)
{
    struct rio__task *t = rio__task_self();
    bool old;

    if (t == NULL)
        return -EPERM;
    old = t->masked;
    t->masked = on != 0;
    return old;
}
