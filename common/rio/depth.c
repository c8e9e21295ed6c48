/* depth.c - see depth.h.
 *
 * A fresh stack is filled with a pattern; what does not bear it any more was used.  A
 * frame may leave parts of itself unwritten, so the true depth is the next page border
 * at most. Tasks without a name of their own are counted together.
 * SPDX-License-Identifier: MIT */
#include "rio/depth.h"

#include <stdlib.h>
#include <string.h>

/* Eighths of its stack that a task may use before debug mode speaks of it. */
enum { EIGHTHS_MAX = 6 };

size_t rio__depth_of(const struct rio__task *t)
{
    return t->painted ? rio__stack_depth(t->stack_top, t->stack_bytes) : 0;
}

static bool has_own_name(const struct rio__task *t)
{
    char generated[sizeof t->name];

    (void)snprintf(generated, sizeof generated, "task-%llu", (unsigned long long)t->id);
    return t->name[0] != '\0' && strcmp(t->name, generated) != 0;
}

static struct rio__depth *entry_of(struct rio__depths *all, const char *name)
{
    struct rio__depth *d;

    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->of[i].name, name) == 0)
            return &all->of[i];
    if (all->count == RIO__DEPTH_NAMES)
        return &all->of[RIO__DEPTH_NAMES - 1];
    d = &all->of[all->count++];
    if (all->count == RIO__DEPTH_NAMES)
        name = "(others)";
    (void)snprintf(d->name, sizeof d->name, "%s", name);
    return d;
}

void rio__depth_record(struct rio__task *t)
{
    struct rio_loop *l = t->f.loop;
    size_t bytes = rio__depth_of(t);
    struct rio__depth *d;

    if (l->depths == NULL)
        l->depths = calloc(1, sizeof *l->depths);
    if (l->depths == NULL)
        return;
    d = entry_of(l->depths, has_own_name(t) ? t->name : "(without a name)");
    d->bytes = bytes > d->bytes ? bytes : d->bytes;
    if (bytes > l->depths->deepest)
        l->depths->deepest = bytes;
    if (bytes / EIGHTHS_MAX > t->stack_bytes / 8)
        rio__debug_say(l, "task %s has used %zu of the %zu KiB of its stack",
                       rio_task_name(&t->f), bytes / 1024, t->stack_bytes / 1024);
}

void rio__depths_print(const struct rio_loop *l, FILE *f)
{
    if (l->depths == NULL)
        return;
    (void)fprintf(f, "  deepest stacks of tasks that have ended:\n");
    for (size_t i = 0; i < l->depths->count; i++)
        (void)fprintf(f, "    %-30s %.1f KiB\n", l->depths->of[i].name,
                      (double)l->depths->of[i].bytes / 1024);
}
