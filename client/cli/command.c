/* command - the table of subcommands, and what is the same for all of them: options,
 * help, words. SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/suggest.h"

/* clang-format off */
const struct option_row cli_shared_rows[] = {
    {"server", 's', OPTION_TEXT, "URL", "ringq://HOST:PORT or unix:/path (default: $RINGQ_URL, else this machine)",
     offsetof(struct cli, server), 0, 0},
    {"json", '\0', OPTION_FLAG, NULL, "one JSON object per line on stdout",
     offsetof(struct cli, json), 0, 0},
    {"quiet", 'q', OPTION_FLAG, NULL, "names and ids only; no talk on stderr but errors",
     offsetof(struct cli, quiet), 0, 0},
    {"verbose", 'v', OPTION_FLAG, NULL, "more talk on stderr",
     offsetof(struct cli, verbose), 0, 0},
    {"help", 'h', OPTION_FLAG, NULL, "this page",
     offsetof(struct cli, help), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};

const struct command *const commands[] = {
    &command_put, &command_get, &command_work, &command_join, &command_wait, &command_stats,
    &command_top, &command_events, &command_queues, &command_show, &command_peek, &command_batch, &command_cron, &command_dead, &command_kick,
    &command_cancel, &command_purge, &command_reschedule, &command_requeue, &command_queue,
    &command_pause, &command_resume, &command_shutdown, &command_drain,
    &command_undrain, &command_log, &command_ping, &command_demo, &command_bench, &command_errors, &command_help,
    NULL,
};
/* `--version` makes sense before a command only. */
const struct option_row command_front_rows[] = {
    {"version", 'V', OPTION_FLAG, NULL, "the version of this program",
     offsetof(struct command_front, version), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

int command_unknown(const char *name)
{
    struct suggest s;

    suggest_init(&s, name);
    for (size_t i = 0; commands[i] != NULL; i++)
        suggest_offer(&s, commands[i]->name);
    (void)cli_usage("there is no command '%s'", name);
    if (s.best != NULL)
        (void)fprintf(stderr, "  did you mean: ringq %s\n", s.best);
    else
        (void)fputs("  the list: ringq help\n", stderr);
    return EXITS_USAGE;
}

void command_help_print(const struct command *command, FILE *out)
{
    (void)fprintf(out, "ringq %s - %s\n\n%s\n", command->name, command->summary,
                  command->examples);
    (void)fprintf(out, "usage: ringq %s %s\n", command->name, command->words);
    if (command->rows != NULL) {
        (void)fputs("\noptions:\n", out);
        options_print(out, command->rows);
    }
    (void)fputs("\noptions of every command:\n", out);
    options_print(out, cli_shared_rows);
    if (command->notes != NULL)
        (void)fprintf(out, "\n%s", command->notes);
}

void command_list_print(FILE *out)
{
    (void)fputs("ringq - put jobs into queues, work on them, wait for them\n\n"
                "  ringq demo                       see it work\n"
                "  ringq put emails hello           put a job\n"
                "  ringq work emails -- ./send      run a program on each job\n"
                "  ringq join emails                wait until all are finished\n\n"
                "usage: ringq [options] COMMAND ...\n\ncommands:\n",
                out);
    for (size_t i = 0; commands[i] != NULL; i++)
        (void)fprintf(out, "  %-24s %s\n", commands[i]->name, commands[i]->summary);
    (void)fputs("\noptions of every command:\n", out);
    options_print(out, cli_shared_rows);
    options_print(out, command_front_rows);
    (void)fputs("\none command: ringq COMMAND --help     exit codes: ringq errors     "
                "more: man ringq\n",
                out);
}

static int check_words(const struct command *command, const struct words *words)
{
    bool few = words->count < command->words_min;
    bool many = command->words_max >= 0 && words->count > command->words_max;

    if (!few && !many)
        return CLI_GO_ON;
    if (few)
        (void)cli_usage("%s: something is missing", command->name);
    else
        (void)cli_usage("%s: '%s' is one word too many", command->name,
                        words->list[command->words_max]);
    (void)fprintf(stderr, "  usage: ringq %s %s\n  examples: ringq %s --help\n",
                  command->name, command->words, command->name);
    return EXITS_USAGE;
}

int cli_parse(struct cli *cli, const struct command *command, void *values, int argc,
              char **argv, struct words *out)
{
    const struct options options = {command->rows, values, cli_shared_rows, cli};
    char who[32];

    (void)snprintf(who, sizeof who, "ringq %s", command->name);
    options_clear(command->rows, values);
    if (options_parse(&options, who, argc, argv, false, out) < 0)
        return EXITS_USAGE;
    if (cli->help) {
        command_help_print(command, stdout);
        return cli_flush_output();
    }
    return check_words(command, out);
}
