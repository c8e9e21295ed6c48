/* sleep-result - asyncio's sleep can return a value.  C has no need of that: the caller
 * keeps it in a variable.
 *
 * asyncio: print(await asyncio.sleep(1, "val")).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long body(void *arg)
{
    const char *result = "val";

    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    say("%s", result);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
