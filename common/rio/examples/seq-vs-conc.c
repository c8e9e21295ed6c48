/* seq-vs-conc - waits in sequence add up; at the same time the longest one counts.
 *
 *     seq-vs-conc SECONDS SECONDS
 *
 * asyncio: await a(); await b() against gather(a(), b()).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long wait_long(void *arg)
{
    const int64_t *nap = arg;

    return await(rio_sleep(*nap));
}

static long body(void *arg)
{
    int64_t naps[] = {seconds((double)demo_number(0, 1)),
                      seconds((double)demo_number(1, 2))};
    double half;

    (void)arg;
    RIO_TRY(await(wait_long(&naps[0])));
    RIO_TRY(await(wait_long(&naps[1])));
    half = elapsed();
    RIO_TRY(RIO_GATHER_ARRAY(wait_long, naps));
    say("sequential %.1f s, concurrent %.1f s", half, elapsed() - half);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
