/* sem-error - a permit is given back on every way out, also by a job that fails.
 *
 * asyncio: async with semaphore, around code that raises.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

enum { JOBS = 6 };

static rio_sem places;
static int ran;

static long job(void *arg)
{
    const int *number = arg;
    long rc;

    RIO_WITH_SEM(&places, &rc)
    {
        RIO_TRY(await(rio_sleep(seconds(1))));
        ran++;
        if (*number % 2 == 1)
            return rio_error(-EIO, "job %d fails", *number);
    }
    return rc;
}

static long body(void *arg)
{
    int numbers[JOBS] = {0, 1, 2, 3, 4, 5}, failed = 0;
    long results[JOBS];

    (void)arg;
    RIO_TRY(rio_sem_init(&places, 2));
    RIO_TRY(await(rio_gather_map(job, numbers, JOBS, sizeof numbers[0], results,
                                 RIO_RETURN_ERRORS)));
    for (int i = 0; i < JOBS; i++)
        failed += results[i] < 0;
    say("%d ran, %d failed, value %ld", ran, failed, places.value);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
