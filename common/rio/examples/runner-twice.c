/* runner-twice - one loop that is run twice: what get_event_loop() and
 * run_until_complete() were for.
 *
 * asyncio: with asyncio.Runner() as runner: runner.run(...).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long answer(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return 42;
}

int main(int argc, char **argv)
{
    rio_runner *runner;
    long first, second;

    demo_setup(argc, argv);
    runner = rio_runner_new(demo_io());
    if (runner == NULL)
        return 1;
    first = rio_runner_run(runner, answer, NULL);
    second = rio_runner_run(runner, answer, NULL);
    say("%ld %ld", first, second);
    rio_runner_free(runner);
    return 0;
}
