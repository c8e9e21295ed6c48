/* top - the queues, live.
 *
 * One loop: a sample (QUEUES, then STATS of each in one pipeline, and of the server), a
 * frame, then keys until the next sample is due.  A server that is away is tried again
 * with each sample; the last figures stay, and the reason stands above them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/top_view.h"

enum {
    INTERVAL_DEFAULT_MS = 1000,
    INTERVAL_MIN_MS = 100,
    INTERVAL_MAX_MS = 60 * 1000,
    PENDING_MAX = 256,
    PLAIN_COLUMNS = 110, /* where no terminal says how wide it is */
    /* Keys wait while the server is asked. */
    ANSWER_MS = 3000,
    CONNECT_MS = 1000,
};

struct top_values {
    int64_t interval_ms;
    bool once;
    const char *sort_name;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"interval", 'i', OPTION_DURATION, "DUR", "from one sample to the next (default 1s)",
     offsetof(struct top_values, interval_ms), INTERVAL_MIN_MS, INTERVAL_MAX_MS},
    {"sort", '\0', OPTION_TEXT, "COLUMN", "queue, ready (default), delayed, leased, dead, put, done, waiting, oldest",
     offsetof(struct top_values, sort_name), 0, 0},
    {"once", '\0', OPTION_FLAG, NULL, "one sample as plain text, as also where no terminal is",
     offsetof(struct top_values, once), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

struct live {
    const struct cli *cli;
    const char *pattern; /* NULL: all */
    ringq *q;
    struct top view;
    int64_t interval_ms;
    int error; /* of the sample under way */
    char text[160];
};

/* ---- samples ---- */

static int64_t number(const ringq_reply *stats, const char *name)
{
    return ringq_reply_integer(ringq_reply_field(stats, name));
}

static int64_t milli(const ringq_reply *stats, const char *name)
{
    return (int64_t)(ringq_reply_double(ringq_reply_field(stats, name)) * 1000 + 0.5);
}

static void copy(char *to, size_t size, const ringq_reply *stats, const char *name)
{
    (void)snprintf(to, size, "%s",
                   ringq_reply_string(ringq_reply_field(stats, name), NULL));
}

static void name_state(struct top_queue *queue, const ringq_reply *stats)
{
    char paused[8], shut[12];
    int64_t maxsize = number(stats, "maxsize");

    copy(paused, sizeof paused, stats, "paused");
    copy(shut, sizeof shut, stats, "shut");
    if (strcmp(shut, "yes") == 0 || strcmp(shut, "immediate") == 0)
        (void)snprintf(queue->state, sizeof queue->state, "shut");
    else if (strcmp(paused, "both") == 0)
        (void)snprintf(queue->state, sizeof queue->state, "paused");
    else if (strcmp(paused, "in") == 0 || strcmp(paused, "out") == 0)
        (void)snprintf(queue->state, sizeof queue->state, "no %s", paused);
    else if (maxsize > 0 &&
             number(stats, "ready") + number(stats, "delayed") >= maxsize)
        (void)snprintf(queue->state, sizeof queue->state, "full");
}

static void fail(struct live *l, int error, const char *text)
{
    if (l->error != 0)
        return;
    l->error = error;
    (void)snprintf(l->text, sizeof l->text, "%s", text);
    for (char *at = l->text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' '; /* it goes to a terminal */
    }
}

static void on_stats(void *arg, int error, const char *text, const ringq_reply *reply)
{
    struct live *l = arg;
    struct top_queue *queue;

    if (error < 0) {
        fail(l, error, text);
        return;
    }
    queue = top_add(&l->view);
    if (queue == NULL) {
        fail(l, RINGQ_NOMEM, "out of memory");
        return;
    }
    copy(queue->name, sizeof queue->name, reply, "queue");
    name_state(queue, reply);
    queue->figures[TOP_READY] = number(reply, "ready");
    queue->figures[TOP_DELAYED] = number(reply, "delayed");
    queue->figures[TOP_LEASED] = number(reply, "leased");
    queue->figures[TOP_DEAD] = number(reply, "dead");
    queue->figures[TOP_PUT] = milli(reply, "rate_put_10s");
    queue->figures[TOP_DONE] = milli(reply, "rate_done_10s");
    queue->figures[TOP_OLDEST] = number(reply, "oldest_ready_ms");
    queue->figures[TOP_WAITING] = number(reply, "waiting_getters");
    if (queue->figures[TOP_WAITING] == 0)
        queue->figures[TOP_WAITING] = -number(reply, "waiting_putters");
}

static int sample_server(struct live *l)
{
    struct top_server *s = &l->view.server;
    ringq_reply *stats = NULL;
    int rc = ringq_stats(l->q, NULL, &stats);

    if (rc < 0)
        return rc;
    copy(s->version, sizeof s->version, stats, "version");
    copy(s->durability, sizeof s->durability, stats, "durability");
    s->uptime_ms = number(stats, "uptime_ms");
    s->connections = number(stats, "connections");
    s->draining = number(stats, "draining") != 0;
    ringq_reply_free(stats);
    return 0;
}

static int sample_queues(struct live *l)
{
    ringq_reply *queues = NULL;
    int rc = ringq_queues(l->q, l->pattern, &queues);

    if (rc < 0)
        return rc;
    l->view.count = 0;
    for (size_t i = 0; rc == 0 && i < ringq_reply_count(queues); i++) {
        const ringq_reply *pair = ringq_reply_at(queues, i);
        const char *argv[] = {"STATS",
                              ringq_reply_string(ringq_reply_at(pair, 0), NULL)};
        rc = ringq_submit(l->q, 2, argv, NULL, on_stats, l);
        if (rc == 0)
            rc = ringq_flush(l->q, PENDING_MAX);
    }
    if (rc == 0)
        rc = ringq_flush(l->q, 0);
    ringq_reply_free(queues);
    return rc;
}

/* Errors  told in l->error and l->text */
static void sample(struct live *l)
{
    l->error = 0;
    int rc = sample_server(l);
    if (rc == 0)
        rc = sample_queues(l);
    if (rc < 0)
        fail(l, rc, ringq_error_text(l->q));
    l->view.problem[0] = '\0';
    if (l->error != 0)
        (void)snprintf(l->view.problem, sizeof l->view.problem, "%s: %s",
                       ringq_error_name(l->error), l->text);
    top_sort(&l->view);
}

/* ---- the screen ---- */

/* Errors  -ENOMEM */
static int draw(struct live *l)
{
    struct screen_size size = screen_size();
    char *frame = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&frame, &len);

    if (out == NULL)
        return -ENOMEM;
    top_scroll(&l->view, 0, size);
    top_draw(&l->view, size,
             (struct top_style){.ansi = true, .color = l->cli->out.color}, out);
    int rc = fclose(out) == 0 ? 0 : -ENOMEM;
    if (rc == 0)
        screen_show(frame, len);
    free(frame);
    return rc;
}

static void scroll(struct live *l, int64_t lines)
{
    top_scroll(&l->view, lines, screen_size());
}

static void change_interval(struct live *l, bool faster)
{
    int64_t ms = faster ? l->interval_ms / 2 : l->interval_ms * 2;

    if (ms >= INTERVAL_MIN_MS && ms <= INTERVAL_MAX_MS)
        l->interval_ms = ms;
}

/* Returns  false: the end */
static bool obey(struct live *l, int key)
{
    int page = screen_size().rows / 2;

    switch (key) {
    case 'q':
    case 'Q':
        return false;
    case 's':
        l->view.sort = (enum top_column)((l->view.sort + 1) % TOP_COLUMNS);
        break;
    case 'S':
        l->view.sort =
            (enum top_column)((l->view.sort + TOP_COLUMNS - 1) % TOP_COLUMNS);
        break;
    case 'r':
        l->view.reversed = !l->view.reversed;
        break;
    case 'p':
    case ' ':
        l->view.paused = !l->view.paused;
        break;
    case '+':
    case '-':
        change_interval(l, key == '+');
        break;
    case 'j':
    case SCREEN_DOWN:
        scroll(l, 1);
        break;
    case 'k':
    case SCREEN_UP:
        scroll(l, -1);
        break;
    case SCREEN_PAGE_DOWN:
        scroll(l, page);
        break;
    case SCREEN_PAGE_UP:
        scroll(l, -page);
        break;
    case SCREEN_HOME:
        scroll(l, -(int64_t)l->view.count);
        break;
    case SCREEN_END:
        scroll(l, (int64_t)l->view.count);
        break;
    default:
        break;
    }
    top_sort(&l->view);
    return true;
}

static int64_t until_next(const struct live *l, int64_t sampled_us)
{
    int64_t left = sampled_us / 1000 + l->interval_ms - clock_us() / 1000;

    return l->view.paused ? -1 : left > 0 ? left : 0;
}

static int watch(struct live *l)
{
    int64_t sampled_us = clock_us();
    bool goes_on = true;
    int rc = screen_begin();

    while (rc == 0 && goes_on && screen_ending() == 0) {
        if (until_next(l, sampled_us) == 0) {
            sampled_us = clock_us();
            sample(l);
        }
        rc = draw(l);
        goes_on = obey(l, screen_wait(until_next(l, sampled_us)));
    }
    screen_end();
    if (rc < 0)
        return rc == -ENOMEM ? cli_no_memory()
                             : cli_usage("top: no terminal: %s", strerror(-rc));
    if (screen_ending() != 0 && screen_ending() != SIGINT) {
        const struct sigaction usual = {.sa_handler = SIG_DFL};
        (void)sigaction(screen_ending(), &usual, NULL);
        (void)raise(screen_ending());
    }
    return EXITS_OK;
}

/* ---- the command ---- */

/* Returns  false: there is no such column, which has been said */
static bool find_sort(const char *name, enum top_column *out)
{
    static const char *const names[TOP_COLUMNS] = {
        [TOP_NAME] = "queue",    [TOP_READY] = "ready",     [TOP_DELAYED] = "delayed",
        [TOP_LEASED] = "leased", [TOP_DEAD] = "dead",       [TOP_PUT] = "put",
        [TOP_DONE] = "done",     [TOP_WAITING] = "waiting", [TOP_OLDEST] = "oldest"};

    for (int i = 0; i < TOP_COLUMNS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum top_column)i;
            return true;
        }
    }
    (void)cli_usage("--sort: there is no column '%s'; they stand in: ringq top --help",
                    name);
    return false;
}

static int begin(struct live *l)
{
    const ringq_options options = {.size = sizeof options,
                                   .name = "ringq-top",
                                   .connect_timeout_ms = CONNECT_MS,
                                   .reply_timeout_ms = ANSWER_MS,
                                   .reconnect_ms = -1};
    const char *url = l->cli->server != NULL ? l->cli->server : getenv("RINGQ_URL");

    (void)snprintf(l->view.server.address, sizeof l->view.server.address, "%s",
                   url != NULL ? url : "this machine");
    return cli_connect(l->cli, &options, &l->q);
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct live l = {.cli = cli, .view = {.sort = TOP_READY}};
    struct top_values v;
    struct words words;
    int exit = cli_parse(cli, &command_top, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (cli->json)
        return cli_usage("top is for people; in JSON: ringq queues --json");
    if (v.sort_name != NULL && !find_sort(v.sort_name, &l.view.sort))
        return EXITS_USAGE;
    l.interval_ms = v.interval_ms == OPTION_UNSET ? INTERVAL_DEFAULT_MS : v.interval_ms;
    l.pattern = words.count > 0 ? words.list[0] : NULL;
    exit = begin(&l);
    if (exit != EXITS_OK)
        return exit;
    sample(&l);
    /* A dumb terminal has no colour, and no screen either. */
    bool is_screen = cli->out.terminal && isatty(STDIN_FILENO) && !output_is_dumb();
    if (l.error != 0)
        exit = cli_error(cli, l.error, l.text);
    else if (v.once || !is_screen)
        top_draw(&l.view,
                 (struct screen_size){0, cli->out.terminal ? screen_size().columns
                                                           : PLAIN_COLUMNS},
                 (struct top_style){false, false}, stdout);
    else
        exit = watch(&l);
    top_fini(&l.view);
    ringq_close(l.q);
    return exit;
}

const struct command command_top = {
    .name = "top",
    .words = "[PATTERN]",
    .summary = "the queues, live: how full, how fast, who waits",
    .examples = "  ringq top\n"
                "  ringq top 'mail.*' --sort oldest\n"
                "  ringq top --once                 # one sample, plain text\n",
    .notes =
        "put/s and done/s are of the last ten seconds.  waiting: workers without a "
        "job, "
        "or\n"
        "\"n put\" that wait for room.  oldest: how long the oldest ready job has "
        "waited.\n"
        "state: paused, no in, no out (half a pause), shut, full.\n"
        "Keys: q quits; s and S choose the column to sort by, r turns it round; p "
        "stops "
        "the\n"
        "figures; j k, arrows and page keys scroll; + and - change the interval.\n",
    .rows = rows,
    .words_max = 1,
    .run = run,
};
