/* kernel_disk - whole files of the simulated world.  It does not crash, only the server
 * and Redis do, so a file that was written is there.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "sim/kernel.h"
#include "sim/kernel_calls.h"

enum { DISK_FILES = 4, DISK_BYTES = 256 };

static struct {
    char name[KFILE_PATH];
    uint8_t bytes[DISK_BYTES];
    size_t len;
} disk[DISK_FILES];

/* Returns  DISK_FILES: there is none */
static size_t find(const char *name)
{
    size_t i = 0;

    while (i < DISK_FILES && strcmp(disk[i].name, name) != 0)
        i++;
    return i;
}

int __wrap_rq_file_read(const char *name, struct rq_buf *out)
{
    size_t at = find(name);

    return at == DISK_FILES ? -ENOENT
                            : rq_buf_append(out, disk[at].bytes, disk[at].len);
}

int __wrap_rq_file_write_atomic(const char *name, struct rq_slice data)
{
    size_t at = find(name);

    if (at == DISK_FILES)
        at = find(""); /* a free one */
    ASSERT(at < DISK_FILES && data.len <= DISK_BYTES && strlen(name) < KFILE_PATH);
    snprintf(disk[at].name, sizeof disk[at].name, "%s", name);
    memcpy(disk[at].bytes, data.ptr, data.len);
    disk[at].len = data.len;
    return 0;
}

void kernel_forget_files(void)
{
    memset(disk, 0, sizeof disk);
}
