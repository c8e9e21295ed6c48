/* ping - does the server answer, and how fast?
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/units.h"

enum {
    WAIT_MAX_MS = 24 * 3600 * 1000,
    AGAIN_MS = 50,
};

struct ping_values {
    int64_t wait_ms;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"wait", '\0', OPTION_DURATION, "DUR", "tries so long, for a server that is just starting",
     offsetof(struct ping_values, wait_ms), 0, WAIT_MAX_MS},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static const char *text_of(const ringq_reply *map, const char *name)
{
    const char *text = ringq_reply_string(ringq_reply_field(map, name), NULL);

    return *text != '\0' ? text : "?";
}

static void print(const struct cli *cli, const ringq_reply *hello, int64_t us)
{
    struct json j = {.out = stdout};
    char time[UNITS_TEXT_SIZE];

    if (!cli->json) {
        (void)printf("PONG %s  %s %s, %s\n", units_duration(time, us),
                     text_of(hello, "server"), text_of(hello, "version"),
                     text_of(hello, "durability"));
        return;
    }
    json_begin(&j, '{');
    json_key(&j, "us");
    json_integer(&j, us);
    json_key(&j, "server");
    json_string(&j, text_of(hello, "server"));
    json_key(&j, "version");
    json_string(&j, text_of(hello, "version"));
    json_key(&j, "durability");
    json_string(&j, text_of(hello, "durability"));
    json_end(&j, '}');
    json_line(&j);
}

/* Is this what a server that is just starting gives? */
static bool is_early(int error)
{
    return error == RINGQ_DISCONNECTED || error == RINGQ_LOADING ||
           error == RINGQ_BUSY || error == RINGQ_STORE;
}

/* A server answers PING while it still reads its log; STATS tells how far it is. */
static int check_store(ringq *q)
{
    ringq_reply *stats = NULL;
    int rc = ringq_stats(q, NULL, &stats);

    if (rc == 0 && ringq_reply_field(stats, "store") != NULL &&
        strcmp(text_of(stats, "store"), "up") != 0)
        rc = RINGQ_LOADING;
    ringq_reply_free(stats);
    return rc;
}

/* Owns  gives *out, which is NULL without memory only */
static int try_once(const struct cli *cli, bool whole, ringq **out, int64_t *out_us)
{
    const ringq_options options = {
        .size = sizeof options, .name = "ringq", .reconnect_ms = -1};
    ringq *q = ringq_connect(cli->server, &options);
    int rc = q != NULL ? ringq_error(q) : RINGQ_NOMEM;

    if (rc == 0) {
        int64_t start = clock_us();
        rc = ringq_ping(q);
        *out_us = clock_us() - start;
    }
    if (rc == 0 && whole)
        rc = check_store(q);
    *out = q;
    return rc;
}

static int ping(const struct cli *cli, int64_t wait_ms)
{
    int64_t end = clock_us() + (wait_ms > 0 ? wait_ms * 1000 : 0), us = 0;
    ringq *q;

    bool whole = wait_ms != OPTION_UNSET;
    int rc = try_once(cli, whole, &q, &us);
    while (is_early(rc) && clock_us() < end) {
        ringq_close(q);
        clock_pause_ms(AGAIN_MS);
        rc = try_once(cli, whole, &q, &us);
    }
    if (q == NULL)
        return cli_no_memory();
    int exit = EXITS_OK;
    if (rc == RINGQ_LOADING)
        exit =
            cli_error(cli, rc, "the server still reads its log; try again in a moment");
    else if (rc < 0)
        exit = cli_failed(cli, q);
    else if (!cli->quiet)
        print(cli, ringq_server(q), us);
    ringq_close(q);
    return exit;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct ping_values v;
    struct words words;
    int exit = cli_parse(cli, &command_ping, &v, argc, argv, &words);

    return exit != CLI_GO_ON ? exit : ping(cli, v.wait_ms);
}

const struct command command_ping = {
    .name = "ping",
    .words = "",
    .summary = "asks whether the server answers",
    .examples = "  ringq ping\n"
                "  ringq ping --wait 10s && ringq demo\n"
                "  ringq --server unix:/run/ringqd/ringq.sock ping\n",
    .rows = rows,
    .run = run,
};
