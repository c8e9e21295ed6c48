/* forget-await - must not compile: a task is not the value that it will have.
 *
 * asyncio: result = task, without await, is the Task object.
 * SPDX-License-Identifier: MIT */
#include "rio/rio.h"

long add(rio_fn *fn);

long add(rio_fn *fn)
{
    long result = rio_create_task(fn, NULL);

    return result + 1;
}
