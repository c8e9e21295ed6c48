/* periodic-grid - rounds that start on a grid do not drift, whatever the work takes.
 *
 * asyncio: loop.call_at().  Sleeping for a period after each round would add the time
 * of the work to it.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

enum { ROUNDS = 100 };

static long body(void *arg)
{
    const int64_t period = seconds(0.01), start = rio_now();

    (void)arg;
    for (int i = 1; i <= ROUNDS; i++) {
        RIO_TRY(await(rio_sleep(seconds(0.003)))); /* the work */
        RIO_TRY(await(rio_sleep_until(start + i * period)));
    }
    say("%d rounds: %.2f s", ROUNDS, elapsed());
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
