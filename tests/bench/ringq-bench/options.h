/* options.h - the command line of ringq-bench.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "lib/address.h"
#include "load/load.h"

enum { PUT_WORDS_MAX = 256 };

struct call {
    struct load_plan plan; /* borrows from this struct and from argv */
    struct rq_address address;
    char put_words[PUT_WORDS_MAX];
    const char *durable;
    const char *echo_port; /* NULL: no echo */
    bool json, help;
};

extern const char options_help[];

/* Reads the arguments, and the environment's RINGQ_URL.
 * Returns  0; -1: what was not understood has been said on stderr */
int options_take(int argc, char **argv, struct call *out);

#endif
