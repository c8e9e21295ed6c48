/* session - the way to the server, and what is said when it fails.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

enum {
    /* How long a server may stay away: its restart, with the recovery of a long log. */
    PATIENCE_MS = 5 * 60 * 1000,
};

const ringq_options cli_patient = {
    .size = sizeof cli_patient, .name = "ringq", .reconnect_ms = PATIENCE_MS};

int cli_usage(const char *format, ...)
{
    va_list args;

    (void)fputs("ringq: ", stderr);
    va_start(args, format);
    output_say_args(stderr, format, args);
    va_end(args);
    (void)putc('\n', stderr);
    return EXITS_USAGE;
}

int cli_no_memory(void)
{
    (void)fputs("ringq: this machine is out of memory\n", stderr);
    return EXITS_INTERNAL;
}

int cli_flush_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXITS_OK;
    (void)fprintf(stderr, "ringq: cannot write the output: %s\n", strerror(errno));
    return EXITS_INTERNAL;
}

/* How to get a server, for somebody who has none. */
static void say_how_to_reach(const struct cli *cli)
{
    if (cli->server == NULL && getenv("RINGQ_URL") == NULL) {
        (void)fputs("  start a server:    ringqd dev\n"
                    "  or name another:   ringq --server ringq://HOST:PORT ...   "
                    "(or RINGQ_URL)\n",
                    stderr);
        return;
    }
    (void)fprintf(stderr, "  is it running, and is the address right? (from %s)\n",
                  cli->server != NULL ? "--server" : "RINGQ_URL");
    (void)fputs("  start one here:    ringqd dev\n", stderr);
}

int cli_error(const struct cli *cli, int error, const char *text)
{
    const char *name = ringq_error_name(error);

    (void)fprintf(stderr, "ringq: %s: ", name);
    output_clean(stderr, text, strlen(text));
    (void)putc('\n', stderr);
    if (error == RINGQ_DISCONNECTED)
        say_how_to_reach(cli);
    else if (cli->verbose)
        (void)fprintf(stderr, "  more: ringq errors %s\n", name);
    return exits_of(error);
}

int cli_failed(const struct cli *cli, const ringq *q)
{
    return cli_error(cli, ringq_error(q), ringq_error_text(q));
}

int cli_connect(const struct cli *cli, const ringq_options *options, ringq **out)
{
    const ringq_options at_once = {
        .size = sizeof at_once, .name = "ringq", .reconnect_ms = -1};
    ringq *q = ringq_connect(cli->server, options != NULL ? options : &at_once);

    if (q == NULL)
        return cli_no_memory();
    if (ringq_error(q) != 0) {
        int exit = cli_failed(cli, q);
        ringq_close(q);
        return exit;
    }
    *out = q;
    return EXITS_OK;
}
