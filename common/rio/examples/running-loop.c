/* running-loop - the loop of this thread: none outside of a run.
 *
 * asyncio: get_running_loop(), which raises RuntimeError there; get_event_loop() in old
 * code.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long body(void *arg)
{
    (void)arg;
    say("%p", (void *)rio_get_running_loop());
    return 0;
}

int main(int argc, char **argv)
{
    demo_setup(argc, argv);
    say("%p", (void *)rio_get_running_loop());
    return demo_run(body, NULL) < 0;
}
