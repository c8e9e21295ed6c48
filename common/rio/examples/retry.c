/* retry - errors are values, so to try again is a loop.
 *
 * asyncio: try and except in a for loop, with a growing pause.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

/* Fails twice. */
RIO_AWAITS static long request(int attempt)
{
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    return attempt < 3 ? rio_error(-ECONNRESET, "connection lost") : 0;
}

static long body(void *arg)
{
    int64_t pause = seconds(0.1);
    long rc = -1;

    (void)arg;
    for (int attempt = 1; rc < 0 && attempt <= 5; attempt++) {
        rc = await(request(attempt));
        if (rc == -ECANCELED)
            return rc; /* not a failure: somebody wants us to stop */
        if (rc == 0) {
            say("attempt %d ok", attempt);
            return 0;
        }
        RIO_TRY(await(rio_sleep(pause)));
        pause *= 2;
    }
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
