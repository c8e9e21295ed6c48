/* 004-lock - two tasks, one lock: their critical sections follow each other.
 *
 * asyncio: async with lock.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

RIO_AWAITS static long critical_section(rio_lock *lock)
{
    long rc;

    RIO_WITH_LOCK(lock, &rc)
    {
        say("已获取锁，执行临界区代码...");
        RIO_TRY(await(rio_sleep(seconds(1))));
        say("临界区代码执行完毕，即将释放锁");
    }
    return rc;
}

static long task(void *arg)
{
    say("尝试获取锁...");
    RIO_TRY(await(critical_section(arg)));
    say("锁已释放");
    return 0;
}

static long body(void *arg)
{
    rio_lock lock = RIO_LOCK_INIT;
    RIO_AUTO_TASK t1 = rio_create_task(task, &lock);
    RIO_AUTO_TASK t2 = rio_create_task(task, &lock);

    (void)arg;
    return await(rio_gather((rio_task *[]){t1, t2}, 2, NULL, 0));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
