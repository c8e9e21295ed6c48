/* process - see load.h.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load/load.h"

enum { BEFORE_UTIME = 11 }; /* fields between the name and utime, proc_pid_stat(5) */

/* The text of /proc/PID/file.  Returns  its length; < 0 */
static ssize_t read_about(int pid, const char *file, char *out, size_t room)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, out, room - 1);
    (void)close(fd);
    if (n >= 0)
        out[n] = '\0';
    return n;
}

double process_cpu_s(int pid)
{
    unsigned long user, system;
    char text[1024];

    if (read_about(pid, "stat", text, sizeof text) <= 0)
        return -1;
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    for (int i = 0; at != NULL && i <= BEFORE_UTIME; i++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, " %lu %lu", &user, &system) != 2)
        return -1;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

uint64_t process_bytes(int pid)
{
    unsigned long all, resident;
    char text[256];

    if (read_about(pid, "statm", text, sizeof text) <= 0 ||
        sscanf(text, "%lu %lu", &all, &resident) != 2)
        return 0;
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
