/* join - waits until no job of the queues is unfinished.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "cli/command.h"
#include "cli/joined.h"

struct join_values {
    int64_t block_ms;
    bool strict, barrier;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"block", '\0', OPTION_DURATION, "DUR", "wait no longer than this; then the exit code is 124",
     offsetof(struct join_values, block_ms), 0, CLI_WAIT_MAX_MS},
    {"strict", '\0', OPTION_FLAG, NULL, "a dead job is unfinished, too",
     offsetof(struct join_values, strict), 0, 0},
    {"barrier", '\0', OPTION_FLAG, NULL, "jobs that are put from now on do not count",
     offsetof(struct join_values, barrier), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static int run(struct cli *cli, int argc, char **argv)
{
    struct join_values v;
    struct words words;
    ringq_joined joined;
    ringq *q;
    int exit = cli_parse(cli, &command_join, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, &cli_patient, &q);
    if (exit != EXITS_OK)
        return exit;
    const ringq_join_options options = {
        .size = sizeof options,
        .block_ms = v.block_ms == OPTION_UNSET ? RINGQ_FOREVER : v.block_ms,
        .strict = v.strict,
        .barrier = v.barrier};
    int rc = ringq_join_with(q, words.list[0], &options, &joined);
    if (rc == RINGQ_TIMEOUT)
        exit = cli_error(cli, rc,
                         "jobs are still unfinished; workers: ringq work QUEUE -- CMD");
    else if (rc < 0)
        exit = cli_failed(cli, q);
    else
        exit = joined_print(cli, &joined);
    ringq_close(q);
    return exit;
}

const struct command command_join = {
    .name = "join",
    .words = "QUEUE[,QUEUE...]",
    .summary = "waits until no job is unfinished",
    .examples = "  ringq join files && echo all done\n"
                "  ringq join files,thumbnails --block 10m\n"
                "  ringq join files --json\n",
    .notes = "Unfinished is what waits, is delayed for later, or is being worked on.  "
             "Never\n"
             "returns early, also when the server is restarted meanwhile.  Prints how "
             "the jobs\n"
             "ended since the call.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
