/* sleep-outside - who waits outside a task gets an error.
 *
 * asyncio: "await outside async function" is a SyntaxError.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"

int main(int argc, char **argv)
{
    demo_setup(argc, argv);
    say("-%s", strerrorname_np(-await(rio_sleep(seconds(1)))));
    return 0;
}
