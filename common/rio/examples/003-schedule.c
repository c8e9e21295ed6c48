/* 003-schedule - three tasks of 2, 3 and 1 seconds: they end in the order of their
 * times, and gather leaves the results in the order of the arguments.
 *
 * asyncio: the scheduling example.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

struct fetch {
    int id;
    int64_t delay;
    char data[16];
};

static long fetch_data(void *arg)
{
    struct fetch *f = arg;

    say("Fetching Data%d...", f->id);
    RIO_TRY(await(rio_sleep(f->delay)));
    (void)snprintf(f->data, sizeof f->data, "Data%d", f->id);
    say("Fetched %s", f->data);
    return 0;
}

static long body(void *arg)
{
    struct fetch f[] = {{1, seconds(2), ""}, {2, seconds(3), ""}, {3, seconds(1), ""}};

    (void)arg;
    RIO_TRY(RIO_GATHER_ARRAY(fetch_data, f));
    say("All tasks completed.");
    say("Results: ['%s', '%s', '%s']", f[0].data, f[1].data, f[2].data);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
