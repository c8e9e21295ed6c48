/* gen.c - generators: a body with a stack of its own that runs as its consumer's task.
 *
 *     new -> running <-> waiting (in a yield) ; either -> ended
 *
 * next, send, throw and close go to the body's stack, yield and the end of the body
 * come back.  A suspension inside the body is the consumer's: the task's context is
 * saved where it stands, on the body's stack, and resumed there; nobody else notices.
 * So limits, cancellation and the current task hold inside the body by themselves.
 *
 * The stack goes back to the pool with the end of the body; the struct stays until
 * rio_gen_free(), or the end of its loop.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rio/task.h"

/* A body that yields while it is being freed is asked so often to end. */
enum { FREE_ROUNDS = 1000 };

enum state { NEW, RUNNING, WAITING, ENDED };

struct rio_gen {
    rio_iter iter;
    enum state state;
    bool yielded; /* the body came back by a yield */
    size_t item_size;
    rio_fn *body;
    void *arg;
    long result; /* of the body; valid when ENDED */
    int thrown;  /* what the yield returns */
    const void *in;
    void *out;
    rio_gen *outer; /* whose body called next */
    rio_timeout *timeouts;
    rio_group *groups; /* the consumer's scopes, while RUNNING */
    struct rio_loop *loop;
    struct rq_list link; /* in loop->gens */
    void *stack_top;
    size_t stack_bytes;
    struct rio__context context, consumer;
    struct rio__fiber fiber, consumer_fiber;
};

/* ---- life ---- */

static int gen_next(rio_iter *it, void *out);
RIO_AWAITS static int gen_close(rio_iter *it);
static void gen_main(void *arg);

rio_gen *rio_gen_new(rio_fn *body, void *arg, size_t item_size)
{
    struct rio_loop *l = rio__loop;
    rio_gen *g;

    if (l == NULL || body == NULL || item_size == 0) {
        errno = l == NULL ? EPERM : EINVAL;
        return NULL;
    }
    g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->stack_top = rio__stacks_get(&l->stacks, 0, &g->stack_bytes);
    if (g->stack_top == NULL) {
        free(g);
        errno = ENOMEM;
        return NULL;
    }
    g->iter = (rio_iter){.next = gen_next, .close = gen_close};
    g->body = body;
    g->arg = arg;
    g->item_size = item_size;
    g->loop = l;
    rio__switch_make(&g->context, g->stack_top, g->stack_bytes, gen_main);
    rio__fiber_init(&g->fiber, (char *)g->stack_top - g->stack_bytes, g->stack_bytes);
    rq_list_push_back(&l->gens, &g->link);
    return g;
}

rio_iter *rio_gen_iter(rio_gen *g)
{
    return g == NULL ? NULL : &g->iter;
}

static void end(rio_gen *g)
{
    g->state = ENDED;
    rio__fiber_fini(&g->fiber);
    rio__stacks_put(&g->loop->stacks, g->stack_top, g->stack_bytes);
}

/* ---- to the body and back ---- */

/* What the body enters in its task, it has left before it leaves: a scope that stayed
 * open would hold in the consumer, and lie on a stack that nobody runs. */
static bool scopes_are_closed(const rio_gen *g, const struct rio__task *t)
{
    return t->timeouts == g->timeouts && t->groups == g->groups;
}

static void gen_main(void *arg)
{
    rio_gen *g = arg;
    struct rio__task *t;

    rio__fiber_enter(&g->fiber);
    g->result = g->body(g->arg);
    t = rio__task_self(); /* not always the one that started it */
    ASSERT(scopes_are_closed(g, t));
    g->yielded = false;
    t->fiber = g->consumer_fiber;
    rio__fiber_leave(&g->fiber, &t->fiber, true);
    (void)rio__switch(&g->context, &g->consumer, NULL);
}

/* Runs the body up to its next yield or its end.
 * Returns  1 it has yielded; 0 or an error: it has ended */
RIO_AWAITS static int go(rio_gen *g, const void *in, int thrown, void *out)
{
    struct rio__task *t = rio__task_self();

    g->state = RUNNING;
    g->in = in;
    g->thrown = thrown;
    g->out = out;
    g->outer = t->gen;
    g->timeouts = t->timeouts;
    g->groups = t->groups;
    t->gen = g;
    g->consumer_fiber = t->fiber;
    t->fiber = g->fiber;
    rio__fiber_leave(&g->consumer_fiber, &g->fiber, false);
    (void)rio__switch(&g->consumer, &g->context, g);
    rio__fiber_enter(&g->consumer_fiber);
    t->gen = g->outer;
    g->state = WAITING;
    if (g->yielded)
        return 1;
    end(g);
    return g->result < 0 ? (int)g->result : 0;
}

int rio_gen_yield(const void *item)
{
    struct rio__task *t = rio__task_self();
    rio_gen *g;

    if (t == NULL)
        return -EPERM;
    g = t->gen;
    if (g == NULL || item == NULL || !scopes_are_closed(g, t))
        return -EINVAL;
    if (g->out != NULL)
        memcpy(g->out, item, g->item_size);
    g->yielded = true;
    g->fiber = t->fiber;
    t->fiber = g->consumer_fiber;
    rio__fiber_leave(&g->fiber, &t->fiber, false);
    (void)rio__switch(&g->context, &g->consumer, NULL);
    rio__fiber_enter(&g->fiber);
    return g->thrown;
}

int rio_gen_received(void *in, size_t size)
{
    struct rio__task *t = rio__task_self();

    if (t == NULL || t->gen == NULL)
        return -EINVAL;
    if (t->gen->in == NULL)
        return 0;
    memcpy(in, t->gen->in, size);
    return 1;
}

/* ---- the consumer's side ---- */

/* Returns  1 go on, 0 it has ended */
static int check(const rio_gen *g)
{
    if (rio__task_self() == NULL)
        return -EPERM;
    if (g == NULL || g->loop != rio__loop)
        return -EINVAL;
    if (g->state == RUNNING)
        return -EBUSY;
    return g->state != ENDED;
}

int rio_gen_send(rio_gen *g, const void *in, void *out)
{
    int rc = check(g);

    if (rc <= 0)
        return rc;
    if (g->state == NEW && in != NULL)
        return -EINVAL; /* no yield stands there to receive it */
    return await(go(g, in, 0, out));
}

static int gen_next(rio_iter *it, void *out)
{
    return await(rio_gen_send(RQ_CONTAINER_OF(it, rio_gen, iter), NULL, out));
}

int rio_gen_throw(rio_gen *g, int err, void *out)
{
    int rc = check(g);

    if (rc <= 0)
        return rc;
    if (err >= 0)
        return -EINVAL;
    if (g->state == NEW) {
        end(g);
        return err;
    }
    return await(go(g, NULL, err, out));
}

static int gen_close(rio_iter *it)
{
    rio_gen *g = RQ_CONTAINER_OF(it, rio_gen, iter);
    int rc;

    if (g->state == NEW)
        end(g);
    if (g->state == ENDED)
        return 0;
    rc = await(rio_gen_throw(g, -EPIPE, NULL));
    if (rc > 0)
        return -EBUSY; /* it ignored its close */
    return rc == -EPIPE ? 0 : rc;
}

/* Closes it, however often it ignores that. */
RIO_AWAITS static int finish(rio_gen *g)
{
    int rc = 0;

    for (int i = 0; i < FREE_ROUNDS && g->state != ENDED; i++)
        rc = await(gen_close(&g->iter));
    ASSERT(g->state == ENDED); /* a body that yields for ever */
    return rc;
}

int rio_gen_free(rio_gen *g)
{
    int rc;

    if (g == NULL)
        return 0;
    ASSERT(g->state != RUNNING);
    if (g->state == WAITING && rio__task_self() == NULL)
        return -EPERM;
    rc = await(finish(g));
    rq_list_remove(&g->link);
    free(g);
    return rc;
}

/* ---- the end of the loop ---- */

static rio_gen *first_open(const struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->gens)
    {
        rio_gen *g = RQ_LIST_ENTRY(link, rio_gen, link);

        if (g->state != ENDED)
            return g;
    }
    return NULL;
}

size_t rio__gens_left(const struct rio_loop *l, size_t *out_open)
{
    size_t left = 0;

    *out_open = 0;
    RQ_LIST_EACH(link, &l->gens)
    {
        left++;
        *out_open += RQ_LIST_ENTRY(link, rio_gen, link)->state != ENDED;
    }
    return left;
}

static long close_all(void *arg)
{
    struct rio_loop *l = arg;
    rio_gen *g;

    while ((g = first_open(l)) != NULL) {
        int rc = await(finish(g));

        if (rc < 0 && rc != -ECANCELED)
            rio__report(l, "closing a generator failed", rc, NULL);
    }
    return 0;
}

rio_task *rio__gens_close(struct rio_loop *l)
{
    if (first_open(l) == NULL)
        return NULL;
    return rio_create_task_ex(close_all, l, 0, &(rio_task_opts){.name = "generators"});
}

void rio__gens_free(struct rio_loop *l)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&l->gens)) != NULL) {
        rio_gen *g = RQ_LIST_ENTRY(link, rio_gen, link);

        if (g->state != ENDED)
            end(g); /* memory was short: its clean-up is lost */
        free(g);
    }
}
