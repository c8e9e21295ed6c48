/* debug.c - what the runtime has to say to people: unclaimed errors, the list of tasks,
 * the findings of debug mode.  On stderr unless an exception handler takes it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "rio/task.h"

static void print(const char *what, long err, const char *who, const char *msg)
{
    if (err == 0) { /* a finding, not an error */
        (void)fprintf(stderr, "rio: %s\n", what);
        return;
    }
    (void)fprintf(stderr, "rio: %s: %s (%ld)%s%s%s%s\n", what, rq_err_text(err), err,
                  who == NULL ? "" : " in ", who == NULL ? "" : who,
                  msg == NULL ? "" : ": ", msg == NULL ? "" : msg);
}

void rio__report(struct rio_loop *l, const char *what, long err, const rio_task *t)
{
    const char *who = t == NULL ? NULL : rio_task_name(t);
    const char *msg = t == NULL ? NULL : t->msg;
    const struct rio__task *outer = l->reported;
    long rc = -1;

    if (l->on_error != NULL) {
        if (t != NULL && t->kind == RIO__TASK)
            l->reported = rio__task_of(t);
        rc = l->on_error(l, what, err, l->on_error_arg);
        l->reported = outer;
    }
    if (rc < 0)
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

/* ---- debug mode ---- */

void rio_set_debug(rio_loop *l, bool on)
{
    if (l == NULL)
        return;
    l->debug = on;
    if (on)
        rio__watch_start(l);
    else
        rio__watch_stop(l);
}

bool rio_get_debug(void)
{
    return rio__loop != NULL && rio__loop->debug;
}

int rio_set_slow_limit(rio_loop *l, int64_t limit)
{
    if (l == NULL || limit <= 0)
        return -EINVAL;
    l->slow_limit = limit;
    return 0;
}

void rio__debug_say(struct rio_loop *l, const char *fmt, ...)
{
    char text[192];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rio__report(l, text, 0, NULL);
}

/* The name is taken before: the step may free its task.  The clock is the real one: a
 * step takes no time of a simulated one. */
void rio__debug_step(struct rio_loop *l, rio_task *t, struct rq_list *link,
                     void (*run)(struct rio_loop *, struct rq_list *))
{
    int64_t start = rio__io_now(), took;
    char name[48] = "a callback";

    if (t != NULL)
        (void)snprintf(name, sizeof name, "task %s", rio_task_name(t));
    rio__watch_begin(l, name);
    run(l, link);
    rio__watch_end(l);
    took = rio__io_now() - start;
    if (took > l->slow_limit)
        rio__debug_say(l, "slow step: %.2f s in %s", (double)took / (double)RIO_SEC,
                       name);
}

void rio__debug_swallowed(struct rio__task *t)
{
    /* Clean-up may wait, inside a time limit; pending: not delivered, so not swallowed.
     */
    if (t->told || t->cancels == 0 || t->delivered == 0 || t->pending > 0 ||
        t->masked || t->timeouts != NULL)
        return;
    t->told = true;
    rio__debug_say(t->f.loop,
                   "task %s waits again after -ECANCELED, without rio_task_uncancel()",
                   rio_task_name(&t->f));
}

void rio__debug_forlorn(struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->tasks)
    {
        struct rio__task *t = RQ_LIST_ENTRY(link, struct rio__task, all);
        rio_future *f = t->wait == NULL ? NULL : t->wait->joins;

        /* The one reference to the task is the loop's, that to the future its own. */
        if (t->f.refs == 1 && f != NULL && f->kind == RIO__FUTURE && f->refs == 1)
            rio__debug_say(l,
                           "task %s was destroyed while it waited for a future that "
                           "nobody else knew",
                           rio_task_name(&t->f));
    }
}
