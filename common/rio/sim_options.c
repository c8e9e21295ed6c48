/* sim_options.c - the options of a simulation: what they mean when they are not given.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/num.h"
#include "rio/io_sim.h"

enum { SHORT_ONE_IN = 4, SHORT_ABOVE = 4096 };
#define LATENCY_MIN (1 * RIO_US)
#define LATENCY_MAX (200 * RIO_US)

static uint64_t seed_of_environment(void)
{
    const char *text = getenv("RIO_SIM_SEED");
    uint64_t seed = 0;

    if (text == NULL || rq_num_u64(rq_slice_str(text), 1, UINT64_MAX, &seed) < 0)
        return 1;
    return seed;
}

int rio__sim_options(rio_sim_opts *out, const rio_sim_opts *opts)
{
    static const rio_sim_opts defaults = {.short_one_in = SHORT_ONE_IN,
                                          .short_above = SHORT_ABOVE};

    *out = opts == NULL ? defaults : *opts;
    if (out->seed == 0)
        out->seed = seed_of_environment();
    if (out->latency_min == 0 && out->latency_max == 0) {
        out->latency_min = LATENCY_MIN;
        out->latency_max = LATENCY_MAX;
    }
    if (out->latency_min < 0 || out->latency_min > out->latency_max ||
        out->latency_max > RIO_FOREVER / 4)
        return -EINVAL;
    return 0;
}
