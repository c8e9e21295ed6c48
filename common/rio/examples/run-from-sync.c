/* run-from-sync - an ordinary function gets the value of a coroutine.
 *
 * asyncio: value = asyncio.run(some())
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long some(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return 5;
}

static long ordinary(void)
{
    return demo_run(some, NULL); /* rio_run, on the backend of the options */
}

int main(int argc, char **argv)
{
    demo_setup(argc, argv);
    say("value %ld", ordinary());
    return 0;
}
