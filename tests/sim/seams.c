/* seams - clock, chance and process id of the simulated world, in the place of the real
 * ones (linked with --wrap).
 * SPDX-License-Identifier: MIT */
#include "sim/seams.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/rand.h"
#include "rio/rio.h"

struct rio__sim_outside;

int64_t __wrap_rq_clock_wall_ms(void);
int64_t __wrap_rq_clock_wall_ns(void);
void __wrap_rq_rand_system(void *out, size_t len);
pid_t __wrap_getpid(void);
bool __wrap_rio__sim_helped(struct rio__sim_outside *o, const rio_loop *l, bool watches,
                            int64_t step);

static const int64_t epoch_ms = INT64_C(1700000000000); /* an instant of 2023 */
static struct rq_rand chance;

void seams_seed(uint64_t seed)
{
    rq_rand_seed(&chance, seed);
}

/* The wall runs as the loop does. */
int64_t __wrap_rq_clock_wall_ns(void)
{
    return epoch_ms * RIO_MS + (rio_get_running_loop() == NULL ? 0 : rio_now());
}

int64_t __wrap_rq_clock_wall_ms(void)
{
    return __wrap_rq_clock_wall_ns() / RIO_MS;
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

/* Nobody outside works for this world, so all its time is virtual; to look whether that
 * is so costs a system call. */
bool __wrap_rio__sim_helped(struct rio__sim_outside *o, const rio_loop *l, bool watches,
                            int64_t step)
{
    (void)o;
    (void)l;
    (void)watches;
    (void)step;
    return false;
}
