/* context-as - what the enter makes is there in the body.
 *
 * asyncio: async with AsyncContextManager() as manager.  The caller's struct is the
 * name; the enter fills it.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct manager {
    int id;
};

RIO_AWAITS static long manager_enter(struct manager *m)
{
    static int made;

    RIO_TRY(await(rio_yield()));
    m->id = ++made;
    return 0;
}

RIO_AWAITS static long manager_exit(struct manager *m, long rc)
{
    RIO_IGNORE(await(rio_yield()));
    m->id = 0;
    return rc;
}

static long body(void *arg)
{
    struct manager manager;

    (void)arg;
    RIO_TRY(await(manager_enter(&manager)));
    say("manager=%p id=%d", (void *)&manager, manager.id);
    return await(manager_exit(&manager, 0));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
