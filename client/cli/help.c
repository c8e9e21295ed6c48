/* help - the list of commands, the page of one, and words for shell completion.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"

struct help_values {
    bool words;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"words", '\0', OPTION_FLAG, NULL, "only the words that may stand next, for completion",
     offsetof(struct help_values, words), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static void print_rows(const struct option_row *list)
{
    for (; list != NULL && list->name != NULL; list++)
        (void)printf("--%s\n", list->name);
}

static void print_words(const struct command *command)
{
    for (size_t i = 0; command == NULL && commands[i] != NULL; i++)
        (void)printf("%s\n", commands[i]->name);
    if (command != NULL)
        print_rows(command->rows);
    print_rows(cli_shared_rows);
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct help_values values;
    struct words words;
    const struct command *command = NULL;
    int exit = cli_parse(cli, &command_help, &values, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (words.count == 1) {
        command = command_find(words.list[0]);
        if (command == NULL)
            return command_unknown(words.list[0]);
    }
    if (values.words)
        print_words(command);
    else if (command != NULL)
        command_help_print(command, stdout);
    else
        command_list_print(stdout);
    return EXITS_OK;
}

const struct command command_help = {
    .name = "help",
    .words = "[COMMAND]",
    .summary = "lists the commands, or explains one",
    .examples = "  ringq help\n"
                "  ringq help put\n",
    .rows = rows,
    .words_max = 1,
    .run = run,
};
