/* dump.c - the tree of groups and tasks, with what each waits for.
 *
 *     main                     group
 *       worker                 queue get
 *       task-3                 sleep, 0.25 s left; limit in 0.10 s
 *     joiner                   join task-3
 *
 * Members of a group stand below the task that has opened it.  The walk goes from
 * member to member and back by the parent of their group: no depth is too deep for it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/depth.h"
#include "rio/task.h"

enum { NAME_WIDTH = 24, INDENT = 2, INDENT_MAX = 16 };

static double seconds(int64_t ns)
{
    return (double)(ns < 0 ? 0 : ns) / (double)RIO_SEC;
}

static void print_wait(const struct rio__wait *w, int64_t now, FILE *f)
{
    int64_t end = rio__sleep_until(w);
    int fd = rio__op_waited_fd(w);

    (void)fprintf(f, "%s", w->what);
    if (w->joins != NULL)
        (void)fprintf(f, " %s", rio_task_name(w->joins));
    if (fd >= 0)
        (void)fprintf(f, " fd %d", fd);
    if (end != RIO_FOREVER)
        (void)fprintf(f, ", %.2f s left", seconds(end - now));
}

static void print_task(const struct rio__task *t, unsigned level, int64_t now, FILE *f)
{
    unsigned indent = level * INDENT < INDENT_MAX ? level * INDENT : INDENT_MAX;
    size_t depth = rio__depth_of(t);

    (void)fprintf(f, "  %*s%-*s ", (int)indent, "", (int)(NAME_WIDTH - indent),
                  rio_task_name(&t->f));
    if (t->f.loop->current == t)
        (void)fprintf(f, "running");
    else if (t->wait != NULL)
        print_wait(t->wait, now, f);
    else
        (void)fprintf(f, t->started ? "ready" : "not started");
    if (t->timeouts != NULL && t->timeouts->when != RIO_FOREVER)
        (void)fprintf(f, "; limit in %.2f s", seconds(t->timeouts->when - now));
    if (t->cancels > 0)
        (void)fprintf(f, "; %u cancel request%s", t->cancels,
                      t->cancels == 1 ? "" : "s");
    if (depth > 0)
        (void)fprintf(f, "; stack %.1f KiB", (double)depth / 1024);
    (void)fprintf(f, "\n");
}

/* The task after t in the tree below `root`, or NULL. */
static const struct rio__task *next_below(const struct rio__task *t,
                                          const struct rio__task *root, unsigned *level)
{
    const struct rio__task *next = rio__group_first(t);

    if (next != NULL) {
        ++*level;
        return next;
    }
    for (; t != root; t = rio__task_of(t->group->parent), --*level) {
        next = rio__group_next(t);
        if (next != NULL)
            return next;
    }
    return NULL;
}

void rio__dump(struct rio_loop *l, FILE *f)
{
    int64_t now = rio__loop_now(l);

    RQ_LIST_EACH(link, &l->tasks)
    {
        const struct rio__task *root = RQ_LIST_ENTRY(link, struct rio__task, all);
        const struct rio__task *t = root;
        unsigned level = 0;

        if (root->group != NULL)
            continue; /* below its parent */
        while (t != NULL) {
            print_task(t, level, now, f);
            t = next_below(t, root, &level);
        }
    }
    rio__depths_print(l, f);
}

void rio_dump_tasks(FILE *f)
{
    if (rio__loop != NULL && f != NULL)
        rio__dump(rio__loop, f);
}
