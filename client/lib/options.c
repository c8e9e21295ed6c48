/* options - options structs whose size may be that of another version.
 * SPDX-License-Identifier: MIT */
#include "lib/options.h"

#include <ringq/ringq.h>

#include <string.h>

enum { SIZE_MAX_SANE = 4096 };

int rq_options_copy(void *to, size_t to_size, const void *from)
{
    const unsigned char *bytes = from;
    size_t size = to_size;

    memset(to, 0, to_size);
    if (from != NULL) {
        memcpy(&size, from, sizeof size);
        if (size < sizeof size || size > SIZE_MAX_SANE)
            return RINGQ_USAGE;
        for (size_t i = to_size; i < size; i++)
            if (bytes[i] != 0)
                return RINGQ_USAGE;
        memcpy(to, from, size < to_size ? size : to_size);
    }
    memcpy(to, &to_size, sizeof to_size);
    return 0;
}
