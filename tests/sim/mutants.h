/* mutants.h - the planted bugs, by name.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_MUTANTS_H
#define SIM_MUTANTS_H

#include <stdint.h>

/* Runs each mutant on up to `seeds` seeds, until one finds it.
 * Returns  how many were found by none */
int mutants_run(uint64_t seeds);
/* Runs each mutant on all of the seeds, and says how many find it.  A mutant that few
 * of them find wants clients that come its way more often. Returns  how many were found
 * by none */
int mutants_count(uint64_t seeds);
/* Gives life to one.  Errors  -ENOENT, also in a build without mutants */
int mutants_choose(const char *name);

#endif
