/* graceful - SIGTERM ends the program in good order: the work in hand may finish within
 * a grace time, and is cancelled when that is over.
 *
 *     graceful [SECONDS-OF-WORK]      --self: sends itself the signal after 0.5 s
 *
 * asyncio: loop.add_signal_handler(), wait_for(task, grace), Task.cancel().
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "rio/examples/demo.h"

enum { GRACE = 5 }; /* seconds */

static long work(void *arg)
{
    const double *s = arg;
    long rc;

    say("working");
    rc = await(rio_sleep(seconds(*s)));
    say("work %s", rc == -ECANCELED ? "cancelled" : "finished");
    return rc;
}

static long send_term(void *arg)
{
    (void)arg;
    return kill(getpid(), SIGTERM) < 0 ? -errno : 0;
}

static long body(void *arg)
{
    double s = (double)demo_number(0, 1);
    RIO_AUTO_TASK task = rio_create_task(work, &s);
    long rc;

    if (demo_has("--self"))
        rio_call_later(seconds(0.5), send_term, arg);
    RIO_TRY(await(rio_signal_wait(SIGTERM)));
    say("stopping");
    rc = await(rio_wait_for(task, seconds(GRACE)));
    return rc == -ETIMEDOUT ? 0 : rc; /* stopped as asked, in either case */
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
