/* print-task - what can be held in the hand is the task, not its value: as in Python,
 * where print(foo()) shows a coroutine object.
 *
 * asyncio: print(asyncio.create_task(foo())).  A task has the name it is given.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long foo(void *arg)
{
    (void)arg;
    return 100;
}

static void print_task(const rio_task *t)
{
    const char *state = !rio_future_done(t)       ? "pending"
                        : rio_future_cancelled(t) ? "cancelled"
                                                  : "finished";

    say("<task %s %s>", rio_task_name(t), state);
}

static long body(void *arg)
{
    const rio_task_opts opts = {.name = "Task-1 foo"};
    rio_task *t = rio_create_task_ex(foo, arg, 0, &opts);

    print_task(t);
    return await(rio_join_unref(t));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
