/* print_stack.c - Task.print_stack(): the frames of a task, on whatever stack they lie.
 *
 * A parked task is asked itself: it is resumed with a probe instead of its own address,
 * walks its stack where it stands, and comes back (task.c: leave).  So no unwinder has
 * to start from saved registers, and a body of a generator is seen as well.
 * SPDX-License-Identifier: MIT */
#include <execinfo.h>
#include <stdlib.h>

#include "rio/task.h"

enum {
    FRAMES_MAX = 64,
    ROOM = 16 << 10, /* for the walk; measured: 2 KiB, 5 for the first one */
};

struct probe {
    void *frames[FRAMES_MAX];
    int count;
    struct rio__context context;
    struct rio__fiber *fiber;
};

void *rio__task_probed(struct rio__task *t, void *by)
{
    struct probe *p = by;

    rio__fiber_enter(&t->fiber);
    p->count = backtrace(p->frames, FRAMES_MAX);
    rio__fiber_leave(&t->fiber, p->fiber, false);
    return rio__switch(&t->context, &p->context, NULL);
}

/* Unless it stands too deep: on the last KiB of its own stack. */
static bool has_room(const struct rio__task *t)
{
    uintptr_t sp = (uintptr_t)t->context.sp, top = (uintptr_t)t->stack_top;
    uintptr_t bottom = top - t->stack_bytes;

    return sp < bottom || sp > top || sp - bottom > ROOM;
}

static void ask(struct rio__task *t, struct probe *p)
{
    struct rio_loop *l = t->f.loop;

    p->fiber = l->current == NULL ? &l->fiber : &l->current->fiber;
    rio__fiber_leave(p->fiber, &t->fiber, false);
    (void)rio__switch(&p->context, &t->context, p);
    rio__fiber_enter(p->fiber);
}

static void print_frames(const struct probe *p, FILE *f)
{
    char **names = backtrace_symbols(p->frames, p->count);

    for (int i = 1; i < p->count; i++) /* 0 is the walk itself */
        (void)fprintf(f, "    %s\n", names == NULL ? "?" : names[i]);
    free(names);
}

void rio_task_print_stack(const rio_task *f, FILE *out)
{
    struct probe p = {.count = 0};
    struct rio__task *t;

    if (f == NULL || out == NULL)
        return;
    t = rio__task_of(f);
    (void)fprintf(out, "%s: ", rio_task_name(f));
    if (f->kind != RIO__TASK || f->state != RIO__PENDING || f->loop != rio__loop ||
        !t->started) {
        (void)fprintf(out, "no stack\n");
        return;
    }
    /* The first walk in a process loads the unwinder: here, where there is room. */
    p.count = backtrace(p.frames, FRAMES_MAX);
    if (t != f->loop->current && !has_room(t)) {
        (void)fprintf(out, "its stack is nearly full\n");
        return;
    }
    if (t != f->loop->current)
        ask(t, &p);
    (void)fprintf(out, "%s\n", t->wait == NULL ? "running" : t->wait->what);
    print_frames(&p, out);
}
