/* peek - looks at jobs without taking them.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/jobs.h"

struct peek_values {
    int64_t count;
    const char *state, *after, *match;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"state", '\0', OPTION_TEXT, "STATE", "ready (default), delayed, leased or dead",
     offsetof(struct peek_values, state), 0, 0},
    {"count", 'n', OPTION_NUMBER, "N", "at most N (default 10)",
     offsetof(struct peek_values, count), 1, INT64_MAX},
    {"after", '\0', OPTION_TEXT, "ID", "begin behind this job",
     offsetof(struct peek_values, after), 0, 0},
    {"match", '\0', OPTION_TEXT, "FILTER", "only such jobs: 'error:*timeout* attempt:>3'",
     offsetof(struct peek_values, match), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

enum { COUNT_DEFAULT = 10 };

static int run(struct cli *cli, int argc, char **argv)
{
    struct peek_values v;
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_peek, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    const struct jobs_wanted wanted = {
        .queue = words.list[0],
        .state = v.state,
        .match = v.match,
        .after = v.after,
        .count = v.count == OPTION_UNSET ? COUNT_DEFAULT : v.count,
    };
    exit = jobs_list(cli, q, &wanted);
    ringq_close(q);
    return exit;
}

const struct command command_peek = {
    .name = "peek",
    .words = "QUEUE",
    .summary = "looks at the next jobs without taking them",
    .examples = "  ringq peek emails\n"
                "  ringq peek emails --state leased --count 100\n"
                "  ringq peek emails --match 'header.lang:de age:>60000' --json\n",
    .notes =
        "In the order of service.  A filter is made of terms, and all of them have "
        "to hold:\n"
        "  id:7-1042   error:GLOB   header.NAME:GLOB   group:GLOB   attempt:N   "
        "age:MS\n"
        "where N and MS may begin with > >= < <=, and * in a GLOB is any run of "
        "letters.\n"
        "-q prints ids, --json whole jobs.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
