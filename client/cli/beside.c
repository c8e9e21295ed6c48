/* beside - see beside.h.
 * SPDX-License-Identifier: MIT */
#include "cli/beside.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Errors  -ENAMETOOLONG, -errno */
static int find(const char *name, char *out, size_t room)
{
    ssize_t len = readlink("/proc/self/exe", out, room);
    size_t name_size = strlen(name) + 1;

    if (len < 0)
        return -errno;
    if ((size_t)len >= room)
        return -ENAMETOOLONG;
    while (len > 0 && out[len - 1] != '/')
        len--;
    if ((size_t)len + name_size > room)
        return -ENAMETOOLONG;
    memcpy(out + len, name, name_size);
    return 0;
}

int beside_exec(const char *name, char *const *argv)
{
    static char path[PATH_MAX];
    int rc = find(name, path, sizeof path);

    if (rc < 0)
        return rc;
    (void)execv(path, argv);
    return -errno;
}
