/* clock.h - monotonic time.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include <stdint.h>

int64_t clock_us(void);
void clock_pause_ms(int64_t ms);

#endif
