/* ringq - the command of the ringq job queue: finds the subcommand and runs it.
 *
 * Options that all commands share may stand before the subcommand or behind it.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"

static void cli_init(struct cli *cli)
{
    /* Dates, and the width of characters, as the user has them; figures stay plain. */
    (void)setlocale(LC_TIME, "");
    /* `ringq queues | head -1` ends quietly, also under a parent that ignores SIGPIPE.
     */
    const struct sigaction quietly = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGPIPE, &quietly, NULL);
    /* A closed stdin, stdout or stderr must not become a socket. */
    while (fcntl(STDERR_FILENO, F_GETFD) < 0 && open("/dev/null", O_RDWR) >= 0)
        continue;
    /* Whoever reads along sees each line when it is written. */
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);

    options_clear(cli_shared_rows, cli);
    cli->out = output_of(STDOUT_FILENO);
    cli->err = output_of(STDERR_FILENO);
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    struct command_front front = {0};
    const struct options options = {command_front_rows, &front, cli_shared_rows, &cli};
    struct words words;

    cli_init(&cli);
    if (options_parse(&options, "ringq", argc - 1, argv + 1, true, &words) < 0)
        return EXITS_USAGE;
    if (front.version) {
        (void)printf("ringq %s\n", ringq_version());
        return cli_flush_output();
    }
    if (words.count == 0) {
        command_list_print(cli.help ? stdout : stderr);
        return cli.help ? cli_flush_output() : EXITS_USAGE;
    }
    const struct command *command = command_find(words.list[0]);
    if (command == NULL)
        return command_unknown(words.list[0]);
    int exit = command->run(&cli, words.count - 1, words.list + 1);
    int flushed = cli_flush_output();
    return exit != EXITS_OK ? exit : flushed;
}
