/* debug.c - what the runtime has to say to people: unclaimed errors, the list of tasks,
 * the findings of debug mode.  On stderr unless an exception handler takes it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/err.h"
#include "rio/task.h"

static void print(const char *what, long err, const char *who, const char *msg)
{
    (void)fprintf(stderr, "rio: %s: %s (%ld)%s%s%s%s\n", what, rq_err_text(err), err,
                  who == NULL ? "" : " in ", who == NULL ? "" : who,
                  msg == NULL ? "" : ": ", msg == NULL ? "" : msg);
}

void rio__report(struct rio_loop *l, const char *what, long err, const rio_task *t)
{
    const char *who = t == NULL ? NULL : rio_task_name(t);
    const char *msg = t == NULL ? NULL : t->msg;

    if (l->on_error == NULL) {
        print(what, err, who, msg);
        return;
    }
    if (l->on_error(l, what, err, l->on_error_arg) < 0)
        print(what, err, who, msg);
}

void rio_set_exception_handler(rio_exception_handler *h, void *arg)
{
    if (rio__loop == NULL)
        return;
    rio__loop->on_error = h;
    rio__loop->on_error_arg = arg;
}

static const char *state_of(const struct rio_loop *l, const struct rio__task *t)
{
    if (l->current == t)
        return "running";
    if (t->wait != NULL)
        return t->wait->what;
    return t->started ? "ready" : "not started";
}

void rio__dump(struct rio_loop *l, FILE *f)
{
    RQ_LIST_EACH(link, &l->tasks)
    {
        struct rio__task *t = RQ_LIST_ENTRY(link, struct rio__task, all);

        (void)fprintf(f, "  %-24s %s", rio_task_name(&t->f), state_of(l, t));
        if (t->wait != NULL && t->wait->joins != NULL)
            (void)fprintf(f, " %s", rio_task_name(t->wait->joins));
        if (t->cancels > 0)
            (void)fprintf(f, ", %u cancel request%s", t->cancels,
                          t->cancels == 1 ? "" : "s");
        (void)fprintf(f, "\n");
    }
}

void rio_dump_tasks(FILE *f)
{
    if (rio__loop != NULL)
        rio__dump(rio__loop, f);
}

void rio__debug_slow_step(struct rio_loop *l, const rio_task *t, int64_t took)
{
    (void)l;
    (void)fprintf(stderr, "rio: a step of %s took %lld ms\n",
                  t == NULL ? "a callback" : rio_task_name(t),
                  (long long)(took / RIO_MS));
}

void rio__debug_swallowed(struct rio__task *t)
{
    /* Clean-up may wait, inside a time limit; pending: not delivered, so not swallowed.
     */
    if (t->told || t->cancels == 0 || t->delivered == 0 || t->pending > 0 ||
        t->masked || t->timeouts != NULL)
        return;
    t->told = true;
    (void)fprintf(stderr,
                  "rio: %s waits again after -ECANCELED, without rio_task_uncancel()\n",
                  rio_task_name(&t->f));
}
