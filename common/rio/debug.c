/* debug.c - what the runtime has to say to people: unclaimed errors, and debug mode. On
 * stderr unless an exception handler takes it.
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

/* ---- debug mode ---- */

void rio_set_debug(rio_loop *l, bool on)
{
    if (l == NULL)
        return;
    l->debug = on;
    rio__stacks_paint(&l->stacks, on);
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
