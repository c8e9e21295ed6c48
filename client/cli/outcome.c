/* outcome - waits for the ends of jobs, and prints them.
 * SPDX-License-Identifier: MIT */
#include "cli/outcome.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"

static void print_json(const ringq_outcome *o)
{
    struct json j = {.out = stdout};

    json_begin(&j, '{');
    json_key(&j, "id");
    json_string(&j, o->id);
    json_key(&j, "state");
    json_string(&j, o->state);
    if (o->result != NULL) {
        json_body(&j, "result", o->result, o->result_len);
    } else {
        json_key(&j, "result");
        json_null(&j);
    }
    json_end(&j, '}');
    json_line(&j);
}

static void print_result(const struct cli *cli, const ringq_outcome *o)
{
    const char *bytes = o->result;

    if (bytes == NULL)
        return;
    (void)fwrite(bytes, 1, o->result_len, stdout);
    if (cli->out.terminal && o->result_len > 0 && bytes[o->result_len - 1] != '\n')
        (void)putchar('\n');
}

static int print_rows(const struct cli *cli, const ringq_outcomes *outcomes)
{
    static const char *const titles[] = {"id", "state", "result"};
    const ringq_outcome *o;
    struct table t;

    table_init(&t, stdout, &cli->out, 3);
    table_heading(&t, titles);
    for (size_t i = 0; (o = ringq_outcome_at(outcomes, i)) != NULL; i++) {
        table_string(&t, o->id);
        table_string(&t, o->state);
        table_text(&t, o->result != NULL ? o->result : "", o->result_len);
    }
    return table_print(&t) < 0 ? cli_no_memory() : EXITS_OK;
}

static int print(const struct cli *cli, const ringq_outcomes *outcomes, bool alone)
{
    const ringq_outcome *o;
    int exit = EXITS_OK;

    if (!cli->json && !alone)
        exit = print_rows(cli, outcomes);
    for (size_t i = 0; (o = ringq_outcome_at(outcomes, i)) != NULL; i++) {
        bool is_done = strcmp(o->state, "done") == 0;
        if (cli->json)
            print_json(o);
        else if (alone)
            print_result(cli, o);
        if (!is_done && !cli->json && alone)
            (void)fprintf(stderr, "ringq: %s: %s\n", o->id, o->state);
        if (!is_done && exit == EXITS_OK)
            exit = EXITS_ENDED;
    }
    return exit;
}

/* "not ended yet", and how to go on: with the id, or the first of many. */
static int not_yet(const struct cli *cli, const char *const *ids, size_t n)
{
    char text[128];

    (void)snprintf(text, sizeof text, "not ended yet; wait again: ringq wait %.41s%s",
                   ids[0], n > 1 ? " ..." : "");
    return cli_error(cli, RINGQ_TIMEOUT, text);
}

int outcome_wait(const struct cli *cli, ringq *q, const char *const *ids, size_t n,
                 int64_t block_ms, bool any)
{
    ringq_outcomes *outcomes = NULL;
    long rc = ringq_wait(q, ids, n, block_ms, any, &outcomes);

    if (rc == RINGQ_TIMEOUT)
        return not_yet(cli, ids, n);
    if (rc < 0)
        return cli_failed(cli, q);
    int exit = print(cli, outcomes, n == 1);
    ringq_outcomes_free(outcomes);
    return exit;
}
