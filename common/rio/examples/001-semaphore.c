/* 001-semaphore - ten tasks of two seconds, three at a time.
 *
 * asyncio: asyncio.Semaphore(3).  Who came first goes first.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static rio_sem places;
static int inside, most;

RIO_AWAITS static long work(int number)
{
    if (++inside > most)
        most = inside;
    say("start %d", number);
    RIO_TRY(await(rio_sleep(seconds(2))));
    inside--;
    return 0;
}

static long limited(void *arg)
{
    const int *number = arg;
    long rc;

    RIO_WITH_SEM(&places, &rc)
    {
        rc = await(work(*number));
    }
    return rc;
}

static long body(void *arg)
{
    int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

    (void)arg;
    RIO_TRY(rio_sem_init(&places, 3));
    RIO_TRY(RIO_GATHER_ARRAY(limited, numbers));
    say("max %d", most);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
