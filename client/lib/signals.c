/* signals - SIGTERM and SIGINT stop a worker, while it runs.
 *
 * A handler may run in any thread of the program, also at the moment when the worker
 * takes it down.  So it counts itself in before it looks at `target`, and exit() waits,
 * after clearing `target`, until nobody is in.  In sequentially consistent order either
 * the handler sees no target, or exit() sees the handler.
 * SPDX-License-Identifier: MIT */
#include "lib/signals.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

static _Atomic(ringq_worker *) target;
static atomic_int inside;
static struct sigaction before_term, before_int;

static void on_signal(int number)
{
    int saved = errno;
    ringq_worker *w;

    (void)number;
    atomic_fetch_add(&inside, 1);
    w = atomic_load(&target);
    if (w != NULL)
        ringq_worker_stop(w);
    atomic_fetch_sub(&inside, 1);
    errno = saved;
}

int rq_signals_enter(ringq_worker *w)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    ringq_worker *none = NULL;

    sigemptyset(&action.sa_mask);
    if (!atomic_compare_exchange_strong(&target, &none, w))
        return -EBUSY;
    /* Neither can fail: both signals exist and may be caught. */
    rq_ignore(sigaction(SIGTERM, &action, &before_term) < 0);
    rq_ignore(sigaction(SIGINT, &action, &before_int) < 0);
    return 0;
}

void rq_signals_exit(void)
{
    rq_ignore(sigaction(SIGTERM, &before_term, NULL) < 0); /* as above */
    rq_ignore(sigaction(SIGINT, &before_int, NULL) < 0);
    atomic_store(&target, NULL);
    while (atomic_load(&inside) > 0)
        sched_yield();
}
