/* errors - explains error codes and exit codes.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/suggest.h"
#include "cli/units.h"

static void print_error(const struct cli *cli, const struct exits_error *error)
{
    if (cli->json) {
        struct json j = {.out = stdout};
        json_begin(&j, '{');
        json_key(&j, "code");
        json_string(&j, error->name);
        json_key(&j, "exit");
        json_integer(&j, error->exit);
        json_key(&j, "meaning");
        json_string(&j, error->meaning);
        json_key(&j, "fix");
        json_string(&j, error->fix);
        json_end(&j, '}');
        json_line(&j);
        return;
    }
    (void)printf("%s: %s\n  do:   %s\n  exit: %d\n", error->name, error->meaning,
                 error->fix, error->exit);
}

static int print_all(const struct cli *cli)
{
    static const char *const heading[] = {"code", "exit", "meaning", "do"};
    static const char *const exit_heading[] = {"exit", "meaning"};
    size_t count;
    const struct exits_error *error = exits_errors(&count);
    const struct exits_code *code;
    struct table t;

    for (size_t i = 0; cli->json && i < count; i++)
        print_error(cli, &error[i]);
    if (cli->json)
        return EXITS_OK;

    code = exits_codes(&count);
    table_init(&t, stdout, &cli->out, 2);
    table_heading(&t, exit_heading);
    for (size_t i = 0; i < count; i++) {
        table_integer(&t, code[i].exit);
        table_string(&t, code[i].meaning);
    }
    if (table_print(&t) < 0)
        return cli_no_memory();
    (void)putchar('\n');

    error = exits_errors(&count);
    table_init(&t, stdout, &cli->out, 4);
    table_heading(&t, heading);
    for (size_t i = 0; i < count; i++) {
        table_string(&t, error[i].name);
        table_integer(&t, error[i].exit);
        table_string(&t, error[i].meaning);
        table_string(&t, error[i].fix);
    }
    return table_print(&t) < 0 ? cli_no_memory() : EXITS_OK;
}

/* Every error that ends with this exit code. */
static int print_exit(const struct cli *cli, int64_t number)
{
    size_t count;
    const struct exits_code *code = exits_codes(&count);
    bool known = false;

    for (size_t i = 0; i < count; i++) {
        if (code[i].exit != number)
            continue;
        known = true;
        if (!cli->json)
            (void)printf("exit %d: %s\n", (int)number, code[i].meaning);
    }
    if (!known)
        return cli_usage("ringq does not exit with %lld; the list: ringq errors",
                         (long long)number);
    const struct exits_error *error = exits_errors(&count);
    for (size_t i = 0; i < count; i++) {
        if (error[i].exit == number)
            print_error(cli, &error[i]);
    }
    return EXITS_OK;
}

static int print_named(const struct cli *cli, const char *name)
{
    size_t count;
    const struct exits_error *error = exits_errors(&count);
    struct suggest s;

    suggest_init(&s, name);
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(error[i].name, name) == 0) {
            print_error(cli, &error[i]);
            return EXITS_OK;
        }
        suggest_offer(&s, error[i].name);
    }
    (void)cli_usage("there is no error '%s'", name);
    if (s.best != NULL)
        (void)fprintf(stderr, "  did you mean %s?\n", s.best);
    else
        (void)fputs("  the list: ringq errors\n", stderr);
    return EXITS_USAGE;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct words words;
    int64_t number;
    int exit = cli_parse(cli, &command_errors, NULL, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (words.count == 0)
        return print_all(cli);
    if (units_parse_number(words.list[0], 0, 255, &number) == 0)
        return print_exit(cli, number);
    return print_named(cli, words.list[0]);
}

const struct command command_errors = {
    .name = "errors",
    .words = "[CODE]",
    .summary = "explains error codes and exit codes",
    .examples = "  ringq errors\n"
                "  ringq errors STALE\n"
                "  ringq errors 6\n",
    .words_max = 1,
    .run = run,
};
