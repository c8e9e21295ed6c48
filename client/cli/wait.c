/* wait - waits until jobs have ended.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/outcome.h"

struct wait_values {
    int64_t block_ms;
    bool any;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"block", '\0', OPTION_DURATION, "DUR", "wait no longer than this; then the exit code is 124",
     offsetof(struct wait_values, block_ms), 0, CLI_WAIT_MAX_MS},
    {"any", '\0', OPTION_FLAG, NULL, "until one of them has ended, and print that one",
     offsetof(struct wait_values, any), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run(struct cli *cli, int argc, char **argv)
{
    struct wait_values v;
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_wait, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, &cli_patient, &q);
    if (exit != EXITS_OK)
        return exit;
    exit = outcome_wait(cli, q, (const char *const *)words.list, (size_t)words.count,
                        v.block_ms == OPTION_UNSET ? RINGQ_FOREVER : v.block_ms, v.any);
    ringq_close(q);
    return exit;
}

const struct command command_wait = {
    .name = "wait",
    .words = "ID...",
    .summary = "waits until jobs have ended, and prints their results",
    .examples = "  ringq wait 7-1042\n"
                "  ringq wait 7-1042 7-1043 --block 10m --json\n"
                "  ringq put sums '6 * 7' --wait          # put, and wait for it\n",
    .notes =
        "Of one job the result is printed byte for byte, of several id, state and "
        "result.\n"
        "The exit code is 1 when one of them ended dead, expired or cancelled, and 3 "
        "when\n"
        "one never was or has ended before without ringq put --keep.  64 at a time.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = -1,
    .run = run,
};
