/* bench - loads the server and says how fast it is, with ringq-bench, which is a
 * program of its own and stands beside this one. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/beside.h"
#include "cli/command.h"

#define PROGRAM "ringq-bench"

/* Its words: those of the command line, and before them what stood before `bench`. */
static char **words_for(const struct cli *cli, int argc, char **argv)
{
    static char name[] = PROGRAM, server[] = "--server", json[] = "--json";
    char **words = calloc((size_t)argc + 5, sizeof *words);
    size_t n = 0;

    if (words == NULL)
        return NULL;
    words[n++] = name;
    if (cli->server != NULL) {
        words[n++] = server;
        words[n++] = (char *)(uintptr_t)cli->server;
    }
    if (cli->json)
        words[n++] = json;
    memcpy(words + n, argv, (size_t)argc * sizeof *argv);
    return words;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
    if (cli->help || asks_for_help(argc, argv)) {
        command_help_print(&command_bench, stdout);
        return cli_flush_output();
    }
    char **words = words_for(cli, argc, argv);
    if (words == NULL)
        return cli_no_memory();
    int rc = beside_exec(PROGRAM, words);
    (void)fprintf(stderr,
                  "ringq: cannot run " PROGRAM ", which belongs beside ringq: %s\n"
                  "  in a build:  cmake --build build --target " PROGRAM "\n",
                  strerror(-rc));
    free(words);
    return EXITS_INTERNAL;
}

const struct command command_bench = {
    .name = "bench",
    .words = "[OPTION]...",
    .summary = "loads the server and measures: rates, times, processor time",
    .examples = "  ringq bench\n"
                "  ringq bench --mode put --depth 32 --body 1KiB\n"
                "  ringq bench --mode latency --rate 50000\n"
                "  ringq bench --producers 8 --consumers 8 --time 10s\n",
    .notes =
        "All else is passed to ringq-bench(1), which lists its options:\n"
        "  ringq-bench --help\n"
        "Of the options of every command it knows --server, --json and --help.\n"
        "It puts jobs into queues named bench0, bench1, ... and leaves some behind.\n",
    .words_max = -1,
    .run = run,
};
