/* seams.h - what a simulated run must not take from the machine.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_SEAMS_H
#define SIM_SEAMS_H

#include <stdint.h>

/* Before each run. */
void seams_seed(uint64_t seed);

#endif
