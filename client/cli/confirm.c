/* confirm - asks before what cannot be undone.
 * SPDX-License-Identifier: MIT */
#include "cli/confirm.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/units.h"

static bool is_yes(void)
{
    int first = getchar(), next = first;

    while (next != '\n' && next != EOF)
        next = getchar();
    return first == 'y' || first == 'Y';
}

int confirm(const struct cli *cli, ringq *q, bool yes, const char *deed,
            const char *queue, const char *const *states)
{
    ringq_reply *stats = NULL;
    char count[UNITS_TEXT_SIZE];
    int64_t jobs = 0;

    if (yes)
        return CLI_GO_ON;
    if (!isatty(STDIN_FILENO) || !cli->err.terminal)
        return cli_usage("%s cannot be undone, and there is nobody to ask: say --yes",
                         deed);
    if (ringq_stats(q, queue, &stats) < 0)
        return cli_failed(cli, q);
    for (; *states != NULL; states++)
        jobs += ringq_reply_integer(ringq_reply_field(stats, *states));
    ringq_reply_free(stats);
    (void)fprintf(stderr, "%s %s %s of %s? [y/N] ", deed, units_count(count, jobs),
                  jobs == 1 ? "job" : "jobs", queue);
    (void)fflush(stderr);
    if (is_yes())
        return CLI_GO_ON;
    (void)fputs("ringq: nothing was done\n", stderr);
    return EXITS_INTERRUPTED;
}
