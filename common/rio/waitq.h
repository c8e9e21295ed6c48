/* waitq.h - parked tasks in the order they came, for locks, events and queues.
 *
 * A waiter lies on the stack of its task.  rio__waitq_wake() unlinks it and makes the
 * task ready; a cancel request unlinks it, too.  Whoever finds `woken` set although its
 * park returned -ECANCELED hands the wake-up on.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_WAITQ_H
#define RIO_WAITQ_H

#include "rio/task.h"

struct rio__waiter {
    struct rio__wait wait;
    struct rio__waiter *next, *prev;
    rio_waitq *q; /* NULL: in none */
    bool woken;
};

/* Parks the running task at the end of q (or at its head).
 * Errors  -EPERM outside a task; -EINVAL tasks of another loop wait there */
RIO_AWAITS int rio__waitq_wait(rio_waitq *q, struct rio__waiter *w, const char *what);
RIO_AWAITS int rio__waitq_wait_first(rio_waitq *q, struct rio__waiter *w,
                                     const char *what);
/* Wakes the first waiter.  Returns  false when there is none */
bool rio__waitq_wake(rio_waitq *q);
static inline bool rio__waitq_empty(const rio_waitq *q)
{
    return q->head == NULL;
}

#endif
