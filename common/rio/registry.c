/* registry.c - the loops of this process, for debuggers: gdb/librio-gdb.py starts here,
 * in a live process as in a core file.  And who runs, for a failed assertion.
 *
 * rio__loops is a chain through rio_loop.registered, newest first, under a lock that
 * debuggers do not take.
 * SPDX-License-Identifier: MIT */
#include "rio/task.h"

struct rio_loop *rio__loops;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Of a failed assertion. */
static const char *running(void)
{
    return rio__task_self() == NULL ? NULL : rio_task_name(&rio__task_self()->f);
}

void rio__loop_register(struct rio_loop *l)
{
    (void)pthread_mutex_lock(&lock);
    l->registered = rio__loops;
    rio__loops = l;
    rq_assert_set_context(running);
    (void)pthread_mutex_unlock(&lock);
}

void rio__loop_unregister(struct rio_loop *l)
{
    (void)pthread_mutex_lock(&lock);
    for (struct rio_loop **at = &rio__loops; *at != NULL; at = &(*at)->registered) {
        if (*at == l) {
            *at = l->registered;
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
}
