/* session_fuzz - whole sessions with the simulated server: what a seed of tests/sim
 * decides is read from the input.  Who says which command, whole, damaged, in pieces or
 * cut off; what the network and Redis do; when the server crashes.
 *
 * In the end the history finds nothing, PING is answered, everything is drained, and no
 * descriptor is left.
 *
 * SESSION_TRACE in the environment shows all that happens.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/map.h"
#include "fuzz/fuzz.h"
#include "sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[16] = "simulated chance";
    struct verdict verdict = {.anomalies = 0};

    rq_map_set_key(key);
    rq_log_set_level(RQ_LOG_ERROR);
    int rc =
        session_run(rq_slice(data, size), getenv("SESSION_TRACE") != NULL, &verdict);
    ASSERT(rc == 0);
    if (verdict.anomalies > 0)
        fprintf(stderr, "%s\n", verdict.first);
    ASSERT(verdict.anomalies == 0);
    return 0;
}
