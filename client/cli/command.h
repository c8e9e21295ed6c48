/* command.h - what a subcommand is, and what all of them share.
 *
 * One subcommand, one file, one `struct command`; main.c holds the table.  A command
 * reads its words with cli_parse(), speaks to the server through cli_connect(), says
 * what went wrong with cli_failed(), and returns the exit code.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include <ringq/ringq.h>

#include "cli/exits.h"
#include "cli/options.h"
#include "cli/output.h"

struct cli {
    const char *server; /* NULL: $RINGQ_URL, else loopback */
    bool json;
    bool quiet;
    bool verbose;
    bool help;
    struct output out, err; /* what stdout and stderr are */
};

/* The options of every command; values in a struct cli. */
extern const struct option_row cli_shared_rows[];

/* What may stand before a command only. */
struct command_front {
    bool version;
};
extern const struct option_row command_front_rows[];

struct command {
    const char *name;
    const char *words;    /* "QUEUE [BODY]" */
    const char *summary;  /* one line, no full stop */
    const char *examples; /* lines, each indented by two blanks */
    const char *notes;    /* what one must know, lines; may be NULL */
    const struct option_row *rows;
    int words_min, words_max; /* words_max < 0: no limit */
    /* Returns the exit code. */
    int (*run)(struct cli *cli, int argc, char **argv);
};

/* clang-format off */
extern const struct command command_put, command_get, command_work, command_join,
    command_stats, command_queues, command_show, command_ping, command_demo,
    command_errors, command_help, command_kick, command_cancel, command_purge,
    command_reschedule, command_requeue, command_peek, command_dead, command_queue, command_pause,
    command_resume, command_shutdown, command_drain, command_undrain, command_top, command_wait,
    command_cron, command_batch, command_events, command_log, command_bench;
/* clang-format on */

/* The table, ended by NULL. */
extern const struct command *const commands[];
/* Owns  lends: a constant, NULL when there is no such command */
const struct command *command_find(const char *name);
/* "ringq: unknown command ...", with the nearest one. */
int command_unknown(const char *name);
/* --help of one command, and of ringq itself. */
void command_help_print(const struct command *command, FILE *out);
void command_list_print(FILE *out);

enum { CLI_GO_ON = -1 };

/* What the server takes for a delay or a wait: ten years. */
#define CLI_WAIT_MAX_MS INT64_C(315360000000)

/* Clears `values`, reads the arguments into it and `out`.
 *
 * Returns  CLI_GO_ON, or the exit code when there is nothing left to do: --help was
 * asked for, or the words are wrong, which has been said */
int cli_parse(struct cli *cli, const struct command *command, void *values, int argc,
              char **argv, struct words *out);

/* Prints "ringq: ..." on stderr and returns EXITS_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For commands that wait: they outlive a restart of the server. */
extern const ringq_options cli_patient;

/* Connects.  `options` may be NULL; by default a lost connection is not made again, so
 * that a mistake is told at once.
 *
 * Returns  EXITS_OK, or the exit code of an error that has been said
 * Owns     gives *out: ringq_close() */
int cli_connect(const struct cli *cli, const ringq_options *options, ringq **out);

/* Says the error of the last call on `q`, or an error and its text, and what to do
 * about it.  Returns the exit code. */
int cli_failed(const struct cli *cli, const ringq *q);
int cli_error(const struct cli *cli, int error, const char *text);

/* "no memory", on stderr; returns EXITS_INTERNAL. */
int cli_no_memory(void);

/* Makes sure that what was printed has left.  Returns EXITS_OK, or EXITS_INTERNAL after
 * saying why not. */
int cli_flush_output(void);

#endif
