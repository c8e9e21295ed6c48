/* joined - how jobs have ended, counted.
 * SPDX-License-Identifier: MIT */
#include "cli/joined.h"

#include "cli/json.h"

int joined_print(const struct cli *cli, const ringq_joined *joined)
{
    const struct {
        const char *name;
        uint64_t count;
    } parts[] = {
        {"done", joined->done},
        {"dead", joined->dead},
        {"expired", joined->expired},
        {"cancelled", joined->cancelled},
    };
    struct json j = {.out = stdout};
    struct table t;

    if (cli->quiet && !cli->json)
        return EXITS_OK;
    if (cli->json)
        json_begin(&j, '{');
    else
        table_init(&t, stdout, &cli->out, 2);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (cli->json) {
            json_key(&j, parts[i].name);
            json_integer(&j, (int64_t)parts[i].count);
        } else {
            table_string(&t, parts[i].name);
            table_integer(&t, (int64_t)parts[i].count);
        }
    }
    if (!cli->json)
        return table_print(&t) < 0 ? cli_no_memory() : EXITS_OK;
    json_end(&j, '}');
    json_line(&j);
    return EXITS_OK;
}
