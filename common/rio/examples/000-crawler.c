/* 000-crawler - six requests, of which never more than two are under way.
 *
 * asyncio: async with Semaphore(2).  What the network would take is slept here.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static rio_sem places;
static int in_flight, most;

RIO_AWAITS static long request(const char *url)
{
    if (++in_flight > most)
        most = in_flight;
    say("请求 %s", url);
    RIO_TRY(await(rio_sleep(seconds(1))));
    in_flight--;
    return 0;
}

static long fetch(void *arg)
{
    const char *const *url = arg;
    long rc;

    RIO_WITH_SEM(&places, &rc)
    {
        rc = await(request(*url));
    }
    return rc;
}

static long body(void *arg)
{
    const char *urls[] = {"url1", "url2", "url3", "url4", "url5", "url6"};

    (void)arg;
    RIO_TRY(rio_sem_init(&places, 2));
    RIO_TRY(RIO_GATHER_ARRAY(fetch, urls));
    say("max in flight %d", most);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
