/* jobs - a list of jobs: pages of PEEK, printed.
 *
 * A page begins behind the last job of the one before.  Where that job has left its
 * state meanwhile, nobody knows the place any more, and the list says so; but not
 * behind a short page, which is the last one unless its bodies were large.
 * SPDX-License-Identifier: MIT */
#include "cli/jobs.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"

enum {
    PAGE = 256,
    TEXT_SHOWN = 60, /* bytes of an error or a body that a terminal sees */
};

static const struct {
    const char *title, *field;
} columns[] = {
    {"id", "id"},      {"state", "state"}, {"attempts", "attempts"},
    {"put", "put_at"}, {"error", "error"}, {"body", "body"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void add_cell(struct table *t, const char *name, const ringq_reply *value)
{
    size_t len;
    const char *text = ringq_reply_string(value, &len);

    if (ringq_reply_type(value) != RINGQ_STRING || !t->output->terminal ||
        len <= TEXT_SHOWN) {
        table_reply(t, name, value);
        return;
    }
    len = TEXT_SHOWN;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--; /* not within a character */
    table_text(t, text, len);
}

static void print_job(const struct cli *cli, struct table *t, const ringq_reply *job)
{
    struct json j = {.out = stdout};

    if (cli->json) {
        output_json_reply(&j, job);
        json_line(&j);
    } else if (cli->quiet) {
        (void)printf("%s\n", ringq_reply_string(ringq_reply_field(job, "id"), NULL));
    } else {
        for (size_t i = 0; i < COLUMNS; i++)
            add_cell(t, columns[i].field, ringq_reply_field(job, columns[i].field));
    }
}

/* The reply stays with the caller as long as its last id is the next `after`. */
static int print_pages(const struct cli *cli, ringq *q,
                       const struct jobs_wanted *wanted, struct table *t)
{
    ringq_peek_options o = {.size = sizeof o,
                            .state = wanted->state,
                            .after = wanted->after,
                            .match = wanted->match};
    char after[RINGQ_ID_SIZE];
    int64_t left = wanted->count;
    bool is_short = false;
    size_t count = 1;

    while (left > 0 && count > 0) {
        ringq_reply *page = NULL;

        o.count = left < PAGE ? (uint32_t)left : PAGE;
        int rc = ringq_peek(q, wanted->queue, &o, &page);
        if (rc == RINGQ_NOJOB && is_short)
            return EXITS_OK;
        if (rc < 0)
            return cli_failed(cli, q);
        count = ringq_reply_count(page);
        is_short = count < o.count;
        for (size_t i = 0; i < count; i++)
            print_job(cli, t, ringq_reply_at(page, i));
        if (count > 0) {
            const ringq_reply *last = ringq_reply_at(page, count - 1);
            (void)snprintf(after, sizeof after, "%s",
                           ringq_reply_string(ringq_reply_field(last, "id"), NULL));
            o.after = after;
        }
        left -= (int64_t)count;
        ringq_reply_free(page);
    }
    return EXITS_OK;
}

int jobs_list(const struct cli *cli, ringq *q, const struct jobs_wanted *wanted)
{
    const char *titles[COLUMNS];
    struct table t;

    for (size_t i = 0; i < COLUMNS; i++)
        titles[i] = columns[i].title;
    table_init(&t, stdout, &cli->out, COLUMNS);
    if (!cli->json && !cli->quiet)
        table_heading(&t, titles);
    int exit = print_pages(cli, q, wanted, &t);
    if (table_print(&t) < 0 && exit == EXITS_OK)
        exit = cli_no_memory();
    return exit;
}
