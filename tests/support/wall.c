/* wall.c - a wall clock that a test sets: LD_PRELOAD adds what stands in the file
 * RINGQ_WALL names, in ns, to CLOCK_REALTIME.  All other clocks stay as they are, as
 * they do when a person or NTP sets the time. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ns;

__attribute__((constructor)) static void open_shift(void)
{
    const char *path = getenv("RINGQ_WALL");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *shift_ns, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED)
        shift_ns = page;
    close(fd);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                         struct timespec *out)
{
    long rc = syscall(SYS_clock_gettime, clock, out);

    if (rc == 0 && clock == CLOCK_REALTIME && shift_ns != NULL) {
        int64_t ns = out->tv_sec * INT64_C(1000000000) + out->tv_nsec + *shift_ns;

        out->tv_sec = ns / 1000000000;
        out->tv_nsec = ns % 1000000000;
    }
    return (int)rc;
}
