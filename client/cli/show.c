/* show - everything about one job.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"

struct show_values {
    bool body;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"body", 'b', OPTION_FLAG, NULL, "with its body, byte for byte behind an empty line",
     offsetof(struct show_values, body), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static void print_body(const struct cli *cli, const ringq_reply *job)
{
    const ringq_reply *body = ringq_reply_field(job, "body");
    size_t len = 0;

    if (body == NULL || ringq_reply_type(body) != RINGQ_STRING)
        return;
    const char *bytes = ringq_reply_string(body, &len);
    (void)putchar('\n');
    (void)fwrite(bytes, 1, len, stdout);
    if (cli->out.terminal && (len == 0 || bytes[len - 1] != '\n'))
        (void)putchar('\n');
}

static void add_headers(struct table *t, const ringq_reply *headers)
{
    for (size_t i = 0; i < ringq_reply_count(headers); i++) {
        char name[128];
        size_t len;
        const char *value = ringq_reply_string(ringq_reply_at(headers, i), &len);

        (void)snprintf(name, sizeof name, "header.%s", ringq_reply_key(headers, i));
        table_string(t, name);
        table_text(t, value, len);
    }
}

static int print(const struct cli *cli, const ringq_reply *job)
{
    struct json j = {.out = stdout};
    struct table t;

    if (cli->json) {
        output_json_reply(&j, job);
        json_line(&j);
        return EXITS_OK;
    }
    table_init(&t, stdout, &cli->out, 2);
    for (size_t i = 0; i < ringq_reply_count(job); i++) {
        const char *name = ringq_reply_key(job, i);
        if (strcmp(name, "body") == 0)
            continue;
        if (strcmp(name, "headers") == 0) {
            add_headers(&t, ringq_reply_at(job, i));
            continue;
        }
        table_string(&t, name);
        table_reply(&t, name, ringq_reply_at(job, i));
    }
    if (table_print(&t) < 0)
        return cli_no_memory();
    print_body(cli, job);
    return EXITS_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct show_values v;
    struct words words;
    ringq_reply *job = NULL;
    ringq *q;
    int exit = cli_parse(cli, &command_show, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    exit = cli_connect(cli, NULL, &q);
    if (exit != EXITS_OK)
        return exit;
    if (ringq_show(q, words.list[0], v.body, &job) < 0)
        exit = cli_failed(cli, q);
    else
        exit = print(cli, job);
    ringq_reply_free(job);
    ringq_close(q);
    return exit;
}

const struct command command_show = {
    .name = "show",
    .words = "ID",
    .summary = "everything about one job",
    .examples = "  ringq show 7-1042\n"
                "  ringq show 7-1042 --body\n"
                "  ringq show 7-1042 --json | jq .state\n",
    .notes = "Jobs that are done are forgotten: then the exit code is 3.  In JSON a "
             "body that\n"
             "is not UTF-8 stands under \"body_base64\".\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
