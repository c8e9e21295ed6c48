/* dead - the dead jobs of a queue: looks at them, tries them again, ends them.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/confirm.h"
#include "cli/jobs.h"
#include "cli/told.h"

enum { PAGE = 128 };

struct dead_values {
    int64_t count;
    const char *match;
    bool yes;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"count", 'n', OPTION_NUMBER, "N", "at most N (list: default 100; else all)",
     offsetof(struct dead_values, count), 1, INT64_MAX},
    {"match", '\0', OPTION_TEXT, "FILTER", "only such jobs: 'error:*timeout* age:<3600000'",
     offsetof(struct dead_values, match), 0, 0},
    CONFIRM_ROW(offsetof(struct dead_values, yes)),
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

enum { LIST_DEFAULT = 100 };

/* One of the three, on a queue. */
struct deed {
    const struct cli *cli;
    const struct dead_values *v;
    const char *queue;
    const char *const *ids; /* behind the queue */
    size_t id_count;
    ringq *q;
    int64_t count; /* changed so far */
};

/* Errors  of the library, e.g. RINGQ_NOJOB */
static int64_t retry_ids(struct deed *d, const char *const *ids, size_t n)
{
    size_t changed = 0;
    int64_t rc = ringq_kick_ids(d->q, d->queue, ids, n, &changed);

    d->count += (int64_t)changed;
    return rc;
}

/* Those that match, page by page.  What was kicked is not dead any more, so each page
 * is the first one.  Somebody else may be quicker: RINGQ_NOJOB is not an error here. */
static int64_t retry_matching(struct deed *d)
{
    int64_t left = d->v->count == OPTION_UNSET ? INT64_MAX : d->v->count;
    ringq_peek_options o = {.size = sizeof o, .state = "dead", .match = d->v->match};
    int64_t rc = 0, before = -1;

    /* Pages may be short: the end is where nothing is changed. */
    while (left > 0 && d->count > before && (rc >= 0 || rc == RINGQ_NOJOB)) {
        const char *ids[PAGE];
        ringq_reply *page = NULL;

        o.count = left < PAGE ? (uint32_t)left : PAGE;
        rc = ringq_peek(d->q, d->queue, &o, &page);
        if (rc < 0)
            return rc;
        size_t count = ringq_reply_count(page);
        for (size_t i = 0; i < count; i++) {
            const ringq_reply *id = ringq_reply_field(ringq_reply_at(page, i), "id");
            ids[i] = ringq_reply_string(id, NULL);
        }
        before = d->count;
        rc = retry_ids(d, ids, count);
        left -= (int64_t)count;
        ringq_reply_free(page);
    }
    return rc == RINGQ_NOJOB ? 0 : rc;
}

static int64_t count_in(struct deed *d, int64_t rc)
{
    if (rc >= 0)
        d->count = rc;
    return rc;
}

static int retry(struct deed *d)
{
    int64_t rc = d->id_count > 0 ? retry_ids(d, d->ids, d->id_count)
                 : d->v->match != NULL
                     ? retry_matching(d)
                     : count_in(d, ringq_kick(d->q, d->queue, d->v->count));
    int exit = rc < 0 ? cli_failed(d->cli, d->q) : EXITS_OK;

    if (exit == EXITS_OK || d->count > 0)
        told_count(d->cli, d->queue, "kicked", "ready again", d->count);
    return exit;
}

static int purge(struct deed *d)
{
    const char *const states[] = {"dead", NULL};
    int exit = confirm(d->cli, d->q, d->v->yes, "purge", d->queue, states);
    int64_t rc;

    if (exit != CLI_GO_ON)
        return exit;
    rc = ringq_purge(d->q, d->queue, "dead");
    if (rc < 0)
        return cli_failed(d->cli, d->q);
    told_count(d->cli, d->queue, "purged", "gone", rc);
    return EXITS_OK;
}

static int list(struct deed *d)
{
    const struct jobs_wanted wanted = {
        .queue = d->queue,
        .state = "dead",
        .match = d->v->match,
        .count = d->v->count == OPTION_UNSET ? LIST_DEFAULT : d->v->count,
    };

    return jobs_list(d->cli, d->q, &wanted);
}

static const struct {
    const char *name;
    int (*run)(struct deed *d);
    bool takes_ids, takes_options;
} deeds[] = {
    {"list", list, false, true},
    {"retry", retry, true, true},
    {"purge", purge, false, false},
};
enum { DEEDS = sizeof deeds / sizeof deeds[0] };

static int run(struct cli *cli, int argc, char **argv)
{
    struct dead_values v;
    struct words words;
    size_t i = 0;
    int exit = cli_parse(cli, &command_dead, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    while (i < DEEDS && strcmp(words.list[0], deeds[i].name) != 0)
        i++;
    if (i == DEEDS)
        return cli_usage("dead: there is no 'dead %s'; write list, retry or purge",
                         words.list[0]);
    struct deed d = {.cli = cli,
                     .v = &v,
                     .queue = words.list[1],
                     .ids = (const char *const *)words.list + 2,
                     .id_count = (size_t)words.count - 2};
    bool has_options = v.match != NULL || v.count != OPTION_UNSET;
    if ((has_options && !deeds[i].takes_options) ||
        (d.id_count > 0 && (has_options || !deeds[i].takes_ids)))
        return cli_usage("dead: list takes --match and --count; retry takes them, or "
                         "ids; purge ends all");
    exit = cli_connect(cli, NULL, &d.q);
    if (exit != EXITS_OK)
        return exit;
    exit = deeds[i].run(&d);
    ringq_close(d.q);
    return exit;
}

const struct command command_dead = {
    .name = "dead",
    .words = "list|retry|purge QUEUE [ID...]",
    .summary = "the dead jobs of a queue: lists, tries again, ends them",
    .examples = "  ringq dead list emails\n"
                "  ringq dead retry emails --match 'error:*timeout*'\n"
                "  ringq dead retry emails 7-1042\n"
                "  ringq dead purge emails --yes\n",
    .notes = "A job is dead after its last attempt, or when its worker says so.  The "
             "first to\n"
             "die comes first.  retry gives all their attempts back to all, to some, "
             "or to ids;\n"
             "purge ends all of them, and asks before (--yes: not).  Both print how "
             "many there were.  Filters: ringq "
             "peek --help.\n",
    .rows = rows,
    .words_min = 2,
    .words_max = -1,
    .run = run,
};
