/* told - what is said of a change that the server has made.
 * SPDX-License-Identifier: MIT */
#include "cli/told.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/units.h"

static void begin_json(struct json *j, const char *queue)
{
    *j = (struct json){.out = stdout};
    json_begin(j, '{');
    if (queue != NULL) {
        json_key(j, "queue");
        json_string(j, queue);
    }
}

void told_count(const struct cli *cli, const char *queue, const char *name,
                const char *what, int64_t count)
{
    char text[UNITS_TEXT_SIZE];
    struct json j;

    if (cli->json) {
        begin_json(&j, queue);
        json_key(&j, name);
        json_integer(&j, count);
        json_end(&j, '}');
        json_line(&j);
    } else if (cli->out.terminal && !cli->quiet) {
        (void)printf("%s %s %s\n", units_count(text, count),
                     count == 1 ? "job" : "jobs", what);
    } else {
        (void)printf("%" PRId64 "\n", count);
    }
}

void told_state(const struct cli *cli, const char *queue, const char *state)
{
    struct json j;

    if (cli->json) {
        begin_json(&j, queue);
        json_key(&j, "state");
        json_string(&j, state);
        json_end(&j, '}');
        json_line(&j);
    } else if (cli->out.terminal && !cli->quiet) {
        output_mark(stdout, &cli->out, MARK_GOOD);
        (void)printf(" %s: %s\n", queue != NULL ? queue : "the server", state);
    }
}
