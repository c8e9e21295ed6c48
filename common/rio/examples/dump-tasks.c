/* dump-tasks - who is there, and what does each one wait for?
 *
 * asyncio: all_tasks(), Task.print_stack().
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

static long sleeper(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(60)));
}

static long waiter(void *arg)
{
    return await(rio_event_wait(arg));
}

static long joiner(void *arg)
{
    return await(rio_join(arg));
}

static rio_task *named(const char *name, rio_fn *fn, void *arg)
{
    return rio_create_task_ex(fn, arg, 0, &(rio_task_opts){.name = name});
}

static long body(void *arg)
{
    rio_event never = {0};
    RIO_AUTO_TASK t1 = named("sleeper", sleeper, arg);
    RIO_AUTO_TASK t2 = named("waiter", waiter, &never);
    RIO_AUTO_TASK t3 = named("joiner", joiner, t2);

    RIO_TRY(await(rio_yield())); /* they begin, and wait */
    rio_dump_tasks(stderr);
    rio_task_print_stack(t1, stderr);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
