/* 001-fetchdata - a coroutine with a result that is more than a number.
 *
 * asyncio: fetch_data() returns a dict.  Here the caller's struct is filled.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct person {
    const char *name;
    int age;
};

RIO_AWAITS static long fetch_data(struct person *out)
{
    say("开始获取数据…");
    RIO_TRY(await(rio_sleep(seconds(2))));
    say("数据获取完成");
    *out = (struct person){"大志", 28};
    return 0;
}

static long body(void *arg)
{
    struct person p;

    (void)arg;
    RIO_TRY(await(fetch_data(&p)));
    say("{\"name\": \"%s\", \"age\": %d}", p.name, p.age);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
