/* sim_outside.c - who works for the program outside of its simulated loop: while
 * somebody does, time is real.
 * SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "rio/executor.h"
#include "rio/io_sim.h"
#include "rio/loop.h"

#define LOOK_AGAIN (1 * RIO_MS)

/* Threads of this process that are neither ours nor our executors'. */
static bool has_other_threads(const struct rio_loop *l)
{
    struct stat st;
    size_t ours = 1 + (l->watch != NULL); /* debug mode has one */

#ifdef RIO_TSAN
    ours++; /* its own */
#endif
    if (stat("/proc/self/task", &st) < 0)
        return false;
    RQ_LIST_EACH(link, &l->executors)
    {
        ours += RQ_LIST_ENTRY(link, rio_executor, link)->thread_count;
    }
    return st.st_nlink > ours + 2; /* one link for each, "." and ".." */
}

/* Looking costs as much as a small operation: for a small step in time it is enough to
 * have looked lately. */
static bool may_be_joined(struct rio__sim_outside *o, const struct rio_loop *l,
                          int64_t step)
{
    int64_t real = rio__io_now();

    if (step > LOOK_AGAIN || real - o->looked > LOOK_AGAIN) {
        o->joined = has_other_threads(l);
        o->looked = real;
    }
    return o->joined;
}

bool rio__sim_helped(struct rio__sim_outside *o, const struct rio_loop *l, bool watches,
                     int64_t step)
{
    return rio__pool_busy(l) > 0 || rio__processes_run(l) || rio__signals_awaited(l) ||
           ((l->exposed || watches) && may_be_joined(o, l, step));
}
