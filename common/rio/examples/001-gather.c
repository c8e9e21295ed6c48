/* 001-gather - many requests at once; the results in the order of the arguments.
 *
 * asyncio: await asyncio.gather(...)
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct fetch {
    const char *url;
    double delay;
    char data[32];
};

static long fetch(void *arg)
{
    struct fetch *f = arg;

    RIO_TRY(await(rio_sleep(seconds(f->delay))));
    return snprintf(f->data, sizeof f->data, "%s 的数据", f->url);
}

static long body(void *arg)
{
    struct fetch f[] = {{"url1", 2, ""}, {"url2", 1, ""}, {"url3", 3, ""}};

    (void)arg;
    RIO_TRY(RIO_GATHER_ARRAY(fetch, f));
    say("['%s', '%s', '%s']", f[0].data, f[1].data, f[2].data);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
