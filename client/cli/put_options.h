/* put_options.h - the options of PUT on the command line.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PUT_OPTIONS_H
#define CLI_PUT_OPTIONS_H

#include <stdint.h>

#include <ringq/ringq.h>

#include "cli/options.h"

/* As they were typed; OPTION_UNSET and NULL mean: not given. */
struct put_words {
    int64_t delay_ms, pri, ttr_ms, tries, jitter_pct;
    const char *at, *backoff;
    int64_t ttl_ms, room_ms, keep_ms, window_ms;
    const char *unique, *group, *batch;
    bool replace;
    bool no_wait;
    const char *durable;
    struct option_texts headers; /* NAME=VALUE */
};

/* Where the headers of a PUT stand. */
struct put_headers {
    ringq_header list[OPTION_TEXTS_MAX];
    char names[OPTION_TEXTS_MAX][64 + 1]; /* as long as the server takes */
};

enum {
    PUT_TTR_MIN_MS = 1000,
    PUT_TTR_MAX_MS = 24 * 3600 * 1000,
    PUT_KEEP_MAX_MS = 7 * 24 * 3600 * 1000,
};

/* clang-format off */
/* The rows of how a job is tried, for the tables of commands that put; `put` of the
 * struct `values` is a struct put_words.  `when` stands before each help, `kinds` is
 * that of --backoff. */
#define PUT_TRY_ROWS(values, when, kinds)                                                   \
    {"pri", '\0', OPTION_NUMBER, "N", when "0 is served first, 255 last (default 128)",     \
     offsetof(struct values, put.pri), 0, 255},                                             \
    {"ttr", '\0', OPTION_DURATION, "DUR",                                                   \
     when "how long a worker may hold it, 1s to 24h (default 60s)",                         \
     offsetof(struct values, put.ttr_ms), PUT_TTR_MIN_MS, PUT_TTR_MAX_MS},                  \
    {"tries", '\0', OPTION_NUMBER, "N", when "attempts in all (default 25)",                \
     offsetof(struct values, put.tries), 1, 65535},                                         \
    {"backoff", '\0', OPTION_TEXT, "KIND", when kinds,                                      \
     offsetof(struct values, put.backoff), 0, 0},                                           \
    {"jitter", '\0', OPTION_NUMBER, "PCT",                                                  \
     when "spreads the pauses by so many percent (default 10)",                             \
     offsetof(struct values, put.jitter_pct), 0, 100}
/* clang-format on */

/* A time as --at takes it: UTC, local, or unix milliseconds.
 * Errors  -EINVAL  what is wrong has been said */
int put_time_read(const char *text, int64_t *out_unix_ms);

/* Errors  -EINVAL  what is wrong has been said
 * Keeps   out->headers lends from `headers` and from the words */
int put_options_read(const struct put_words *words, ringq_put_options *out,
                     struct put_headers *headers);

enum {
    /* What put_options_argv() writes at most. */
    PUT_ARGV_NUMBERS = 13,
    PUT_ARGV_MAX = 30 + 3 * OPTION_TEXTS_MAX,
};
/* The same as arguments of MPUT or CRON ADD. */
struct put_argv {
    const char *words[PUT_ARGV_MAX];
    size_t count;
    char numbers[PUT_ARGV_NUMBERS][24]; /* what some of `words` point to */
    size_t number_count;
};
/* Keeps  out->words point into out: do not copy it */
void put_options_argv(const ringq_put_options *options, struct put_argv *out);

#endif
