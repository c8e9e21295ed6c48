/* put_options.h - the options of PUT on the command line.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PUT_OPTIONS_H
#define CLI_PUT_OPTIONS_H

#include <stdint.h>

#include <ringq/ringq.h>

/* As they were typed; OPTION_UNSET and NULL mean: not given. */
struct put_words {
    int64_t delay_ms, pri, ttr_ms, tries, jitter_pct;
    const char *at, *backoff;
};

/* Errors  -EINVAL  what is wrong has been said */
int put_options_read(const struct put_words *words, ringq_put_options *out);

enum {
    PUT_ARGV_MAX = 18, /* words that put_options_argv() writes at most */
};
/* The same as arguments of MPUT. */
struct put_argv {
    const char *words[PUT_ARGV_MAX];
    size_t count;
    char numbers[PUT_ARGV_MAX][24]; /* what some of `words` point to */
};
/* Keeps  out->words point into out: do not copy it */
void put_options_argv(const ringq_put_options *options, struct put_argv *out);

#endif
