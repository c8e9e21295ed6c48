/* future-states - the three ways in which a future can end: a result, an error, a
 * cancellation.
 *
 * asyncio: Future.set_result(), set_exception(), cancel().
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long body(void *arg)
{
    rio_future *good = rio_future_new(), *bad = rio_future_new(),
               *gone = rio_future_new();
    long result, error;

    (void)arg;
    RIO_TRY(rio_future_set_result(good, 1));
    RIO_TRY(rio_future_set_error(bad, -EIO));
    rio_task_cancel(gone);
    result = await(rio_join_unref(good));
    error = await(rio_join_unref(bad));
    say("result %ld, error %ld, %s", result, error,
        rio_future_cancelled(gone) ? "cancelled" : "?");
    rio_unref(gone);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
