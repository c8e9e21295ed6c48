/* waiting_tasks - a program for gdb_test.py and valgrind_test.py: some tasks wait, each
 * in a function of its own name, and main stops in stop_here(); with an argument it
 * aborts there. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "rio/rio.h"

void stop_here(int argc);

__attribute__((noinline)) void stop_here(int argc)
{
    if (argc > 1)
        abort();
}

RIO_AWAITS static long sleep_a_while(int64_t how_long)
{
    long rc = await(rio_sleep(how_long));

    return rc;
}

static long sleeper(void *arg)
{
    (void)arg;
    return await(sleep_a_while(3600 * RIO_SEC));
}

RIO_AWAITS static long take_an_item(rio_queue *q)
{
    int item;
    long rc = await(rio_queue_get(q, &item));

    return rc;
}

static long getter(void *arg)
{
    return await(take_an_item(arg));
}

static long crowd(void *arg)
{
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    (void)rio_group_spawn(&g, sleeper, NULL);
    (void)rio_group_spawn(&g, getter, arg);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

static long joiner(void *arg)
{
    return await(rio_join(arg));
}

static long amain(void *arg)
{
    rio_queue *q = rio_queue_new(sizeof(int), 0);
    rio_task *t, *j;

    if (q == NULL)
        return -1;
    t = rio_create_task_ex(crowd, q, 0, &(rio_task_opts){.name = "crowd"});
    j = rio_create_task_ex(joiner, t, 0, &(rio_task_opts){.name = "joiner"});
    for (int i = 0; i < 5; i++)
        RIO_TRY(await(rio_yield()));
    stop_here(*(int *)arg);
    (void)rio_task_cancel(t);
    RIO_IGNORE(await(rio_join_unref(j)));
    rio_unref(t);
    rio_queue_free(q);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    return rio_run(amain, &argc) < 0;
}
