/* nested-context - scopes inside scopes are left in the reverse order, whatever
 * happens: here they lie on an exit stack, as many as there are.
 *
 * asyncio: async with ClientSession() as session: async with session.get(url) as resp.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

static char trace[80];
static size_t used;

static void note(const char *what, const char *name)
{
    used += (size_t)snprintf(trace + used, sizeof trace - used, "%s%s %s",
                             used > 0 ? ", " : "", what, name);
}

/* `__aexit__`: may wait, gets the result so far and passes it on. */
static long leave(void *name, long rc)
{
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    note("close", name);
    return rc;
}

RIO_AWAITS static long enter(rio_exit_stack *scopes, char *name)
{
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    note("open", name);
    return rio_defer(scopes, leave, name);
}

static long body(void *arg)
{
    rio_exit_stack scopes;
    long rc;

    (void)arg;
    rio_exit_stack_enter(&scopes);
    rc = await(enter(&scopes, "session"));
    if (rc == 0)
        rc = await(enter(&scopes, "resp"));
    rc = await(rio_exit_stack_exit(&scopes, rc));
    say("%s", trace);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
