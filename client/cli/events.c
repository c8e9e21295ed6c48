/* events - what becomes of jobs, one line each, as it happens.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/json.h"

static void print_text(const ringq_reply *event, const char *name)
{
    size_t len = 0;
    const char *text = ringq_reply_string(ringq_reply_field(event, name), &len);

    output_clean(stdout, text, len);
}

/* A person reads the time of day. */
static void print_time(const struct cli *cli, int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    char text[16];
    struct tm tm;

    if (!cli->out.terminal || localtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof text, "%H:%M:%S", &tm) == 0)
        (void)printf("%lld", (long long)unix_ms);
    else
        (void)printf("%s.%03d", text, (int)(unix_ms % 1000));
}

/* Time, event, id, queue, attempt, error. */
static void print_words(const struct cli *cli, const ringq_reply *event)
{
    const char *gap = cli->out.terminal ? "  " : "\t";
    const ringq_reply *error = ringq_reply_field(event, "error");

    print_time(cli, ringq_reply_integer(ringq_reply_field(event, "at")));
    (void)fputs(gap, stdout);
    print_text(event, "event");
    (void)fputs(gap, stdout);
    print_text(event, "id");
    (void)fputs(gap, stdout);
    print_text(event, "queue");
    (void)printf("%s%lld", gap,
                 (long long)ringq_reply_integer(ringq_reply_field(event, "attempt")));
    if (error != NULL)
        (void)fputs(gap, stdout);
    print_text(event, "error");
    (void)putchar('\n');
}

static void print_json(const ringq_reply *event)
{
    struct json j = {.out = stdout};

    output_json_reply(&j, event);
    json_line(&j);
}

/* Some were not heard: we were too slow, or the server was away. */
static void say_missed(const struct cli *cli, const ringq_reply *lost)
{
    if (cli->quiet)
        return;
    if (lost == NULL)
        (void)fputs("ringq: connected again; what happened meanwhile is not shown\n",
                    stderr);
    else
        (void)fprintf(stderr, "ringq: too slow: %lld events are not shown\n",
                      (long long)ringq_reply_integer(ringq_reply_field(lost, "count")));
}

/* Returns  0: go on; else the exit code */
static int on_event(void *arg, const ringq_reply *event)
{
    const struct cli *cli = arg;
    const char *what = ringq_reply_string(ringq_reply_field(event, "event"), NULL);
    bool is_missed = event == NULL || strcmp(what, "lost") == 0;

    if (is_missed)
        say_missed(cli, event);
    if (event != NULL && cli->json)
        print_json(event);
    else if (!is_missed)
        print_words(cli, event);
    return cli_flush_output();
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct words words;
    ringq *q;
    int exit = cli_parse(cli, &command_events, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, &cli_patient, &q);
    if (exit != EXITS_OK)
        return exit;
    exit = ringq_events(q, words.count > 0 ? words.list[0] : NULL, on_event, cli);
    if (exit < 0)
        exit = cli_failed(cli, q);
    ringq_close(q);
    return exit;
}

const struct command command_events = {
    .name = "events",
    .words = "[QUEUE]",
    .summary = "what becomes of jobs, as it happens",
    .examples = "  ringq events\n"
                "  ringq events emails\n"
                "  ringq events --json | jq 'select(.event == \"dead\")'\n",
    .notes =
        "One line for each: time, event, id, queue, attempt, and the error where "
        "there is\n"
        "one.  Events: put, delayed, ready, leased, requeued, done, dead, expired,\n"
        "cancelled.  What happens while the server is away, or faster than it is "
        "read\n"
        "here, is missing; stderr says so.  Ends with Ctrl-C.\n",
    .words_max = 1,
    .run = run,
};
