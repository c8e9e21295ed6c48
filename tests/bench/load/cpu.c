/* cpu - see load.h.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load/load.h"

enum { BEFORE_UTIME = 11 }; /* fields between the name and utime, proc_pid_stat(5) */

/* The text of /proc/PID/stat.  Returns  its length; < 0 */
static ssize_t read_stat(int pid, char *out, size_t room)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, out, room - 1);
    (void)close(fd);
    if (n >= 0)
        out[n] = '\0';
    return n;
}

double cpu_seconds(int pid)
{
    unsigned long user, system;
    char text[1024];

    if (read_stat(pid, text, sizeof text) <= 0)
        return -1;
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    for (int i = 0; at != NULL && i <= BEFORE_UTIME; i++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, " %lu %lu", &user, &system) != 2)
        return -1;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}
