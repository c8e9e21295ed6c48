/* log - the log in Redis, looked at from outside: becomes ringqd, which knows how to
 * read it.
 *
 * A ringqd beside this program comes before others: of one installation both know the
 * same records.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/beside.h"
#include "cli/command.h"

struct log_values {
    const char *redis, *data_dir;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"redis", '\0', OPTION_TEXT, "URL", "the Redis with the log: redis://[user:pass@]host:port[/db] or unix:/path",
     offsetof(struct log_values, redis), 0, 0},
    {"data-dir", '\0', OPTION_TEXT, "DIR", "that of a ringqd with a Redis of its own, which runs there",
     offsetof(struct log_values, data_dir), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static bool is_verb(const char *word)
{
    return strcmp(word, "check") == 0 || strcmp(word, "dump") == 0 ||
           strcmp(word, "stats") == 0;
}

/* Returns only when there is no ringqd. */
static int become(char *const *argv)
{
    (void)beside_exec(argv[0], argv);
    (void)execvp(argv[0], argv);
    (void)fprintf(stderr,
                  "ringq: cannot start ringqd, which reads the log: %s\n"
                  "  install it here, or run ringqd log where the server runs\n",
                  strerror(errno));
    return EXITS_INTERNAL;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct log_values v;
    struct words words;
    char *next[8] = {(char *)"ringqd", (char *)"log"};
    int exit = cli_parse(cli, &command_log, &v, argc, argv, &words), n = 2;

    if (exit != CLI_GO_ON)
        return exit;
    if (!is_verb(words.list[0]))
        return cli_usage("log: '%s' is not check, dump or stats", words.list[0]);
    next[n++] = words.list[0];
    if (v.redis != NULL) {
        next[n++] = (char *)"--redis";
        next[n++] = (char *)(uintptr_t)v.redis;
    }
    if (v.data_dir != NULL) {
        next[n++] = (char *)"--data-dir";
        next[n++] = (char *)(uintptr_t)v.data_dir;
    }
    return become(next);
}

const struct command command_log = {
    .name = "log",
    .words = "check|dump|stats",
    .summary = "the log in Redis, read without the server: is it whole, what is in it",
    .examples = "  ringq log check --redis redis://127.0.0.1:6379\n"
                "  ringq log stats --data-dir /var/lib/ringqd\n"
                "  ringq log dump --redis unix:/run/redis.sock | less\n",
    .notes = "Runs ringqd log, so it is for machines on which ringqd is installed; "
             "--server\n"
             "means nothing to it.  It only reads, also beside a running server.  "
             "check exits\n"
             "with 1 when an entry is damaged, and names it; 78: the log could not be "
             "read.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
