/* eager.c - a task that takes its first step inside the call that makes it.
 *
 * Meanwhile the maker stands in the loop's place: whoever suspends or ends goes back
 * there, and nowhere else (task.c: next_task).  So no other task runs inside the call.
 * SPDX-License-Identifier: MIT */
#include "rio/task.h"

void rio__task_start_eagerly(struct rio__task *t)
{
    struct rio_loop *l = t->f.loop;
    struct rio__task *maker =
        l->current; /* NULL: a callback, on the loop's own stack */
    struct rio__context context = l->context;
    struct rio__fiber fiber = l->fiber;
    bool nested = l->nested;

    l->nested = true;
    if (maker != NULL)
        l->fiber = maker->fiber;
    rio__task_run(l, t);
    if (maker != NULL) {
        maker->fiber = l->fiber;
        l->fiber = fiber;
    }
    l->nested = nested;
    l->context = context;
    l->current = maker;
}
