/* seams - clock, chance, process id and disk of the simulated world, in the place of
 * the real ones (linked with --wrap). SPDX-License-Identifier: MIT */
#include "sim/seams.h"

#include <unistd.h>

#include "base/rand.h"
#include "rio/rio.h"

int64_t __wrap_rq_clock_wall_ms(void);
void __wrap_rq_rand_system(void *out, size_t len);
pid_t __wrap_getpid(void);
int __wrap_fsync(int fd);

static const int64_t epoch_ms = INT64_C(1700000000000); /* an instant of 2023 */
static struct rq_rand chance;

void seams_seed(uint64_t seed)
{
    rq_rand_seed(&chance, seed);
}

/* The wall runs as the loop does. */
int64_t __wrap_rq_clock_wall_ms(void)
{
    return epoch_ms + (rio_get_running_loop() == NULL ? 0 : rio_now() / RIO_MS);
}

void __wrap_rq_rand_system(void *out, size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)rq_rand_u64(&chance);
}

pid_t __wrap_getpid(void)
{
    return 4711; /* stands in the claim, whose length would differ from run to run */
}

/* The machine does not crash, and a disk would take most of the time. */
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}
