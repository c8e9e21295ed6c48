/* exit_stack.c - AsyncExitStack: clean-up that is registered as one goes along.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rio/task.h"

enum { FIRST_CAP = 4 };

struct exit {
    long (*fn)(void *arg, long rc);
    void *arg;
};

struct private
{
    struct exit *exits;
    size_t count, cap;
};
_Static_assert(sizeof(struct private) <= sizeof(((rio_exit_stack *)0)->_priv),
               "rio_exit_stack._priv is too small");

static struct private *private_of(rio_exit_stack *s)
{
    return (struct private *)(void *)s->_priv;
}

void rio_exit_stack_enter(rio_exit_stack *s)
{
    *private_of(s) = (struct private){0};
}

int rio_defer(rio_exit_stack *s, long (*fn)(void *arg, long rc), void *arg)
{
    struct private *p = private_of(s);

    if (fn == NULL)
        return -EINVAL;
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? FIRST_CAP : p->cap * 2;
        struct exit *exits = realloc(p->exits, cap * sizeof *exits);

        if (exits == NULL)
            return -ENOMEM;
        p->exits = exits;
        p->cap = cap;
    }
    p->exits[p->count++] = (struct exit){.fn = fn, .arg = arg};
    return 0;
}

long rio_exit_stack_exit(rio_exit_stack *s, long rc)
{
    struct private *p = private_of(s);

    if (rio__task_self() == NULL)
        return -EPERM;
    while (p->count > 0) {
        struct exit e = p->exits[--p->count]; /* it may register more */

        rc = e.fn(e.arg, rc);
    }
    free(p->exits);
    *p = (struct private){0};
    return rc;
}
