/* get - takes jobs and prints them.
 *
 * A lease ends with the connection that took it, and the connection with this process.
 * So a job is finished here, and only after all of its body has been written; with
 * --no-ack, or when writing fails, it is given back and the attempt is not counted.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"

enum {
    AT_A_TIME = 64,
    COUNT_MAX = 1000000000,
    DAY_MS = 24 * 3600 * 1000,
};

struct get_values {
    int64_t block_ms, count, ttr_ms;
    bool nowait, no_ack;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"block", '\0', OPTION_DURATION, "DUR", "wait no longer than this for a job; then the exit code is 124",
     offsetof(struct get_values, block_ms), 0, CLI_WAIT_MAX_MS},
    {"nowait", '\0', OPTION_FLAG, NULL, "do not wait at all",
     offsetof(struct get_values, nowait), 0, 0},
    {"count", 'n', OPTION_NUMBER, "N", "up to N jobs, a newline behind each; waits for the first only",
     offsetof(struct get_values, count), 1, COUNT_MAX},
    {"ttr", '\0', OPTION_DURATION, "DUR", "how long the output may take (default: the job's own)",
     offsetof(struct get_values, ttr_ms), 1000, DAY_MS},
    {"no-ack", '\0', OPTION_FLAG, NULL, "give the jobs back instead of finishing them",
     offsetof(struct get_values, no_ack), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

static void print_json(const ringq_job *job)
{
    struct json j = {.out = stdout};

    json_begin(&j, '{');
    json_key(&j, "id");
    json_string(&j, job->id);
    json_key(&j, "queue");
    json_string(&j, job->queue);
    json_key(&j, "attempt");
    json_integer(&j, job->attempt);
    json_key(&j, "ttr");
    json_integer(&j, job->ttr_ms);
    json_key(&j, "error");
    json_string(&j, job->error);
    if (job->header_count > 0) {
        json_key(&j, "headers");
        json_begin(&j, '{');
        for (size_t i = 0; i < job->header_count; i++) {
            json_key(&j, job->headers[i].name);
            json_text(&j, job->headers[i].value, job->headers[i].value_len);
        }
        json_end(&j, '}');
    }
    json_body(&j, "body", job->body, job->body_len);
    json_end(&j, '}');
    json_line(&j);
}

/* One job alone comes byte for byte; a person, and a list, want line ends. */
static void print_body(const struct cli *cli, const ringq_job *job, bool is_list)
{
    const char *body = job->body;
    bool open = job->body_len == 0 || body[job->body_len - 1] != '\n';

    (void)fwrite(body, 1, job->body_len, stdout);
    if (is_list || (cli->out.terminal && open))
        (void)putchar('\n');
}

static void print_job(const struct cli *cli, const ringq_job *job, bool is_list)
{
    if (cli->json) {
        print_json(job);
        return;
    }
    if (!cli->quiet) {
        (void)fprintf(stderr, "%s  %s  attempt %u\n", job->id, job->queue,
                      job->attempt);
        for (size_t i = 0; i < job->header_count; i++) {
            (void)fprintf(stderr, "  %s: ", job->headers[i].name);
            output_clean(stderr, job->headers[i].value, job->headers[i].value_len);
            (void)putc('\n', stderr);
        }
    }
    print_body(cli, job, is_list);
}

/* ---- the leases ---- */

struct taking {
    const struct cli *cli;
    const struct get_values *values;
    ringq *q;
    /* With --no-ack: what is to be given back at the end, and not before, because it
     * would come again. */
    char (*held)[RINGQ_LEASE_SIZE];
    size_t held_count, held_capacity;
};

static int hold(struct taking *t, const char *lease)
{
    if (t->held_count == t->held_capacity) {
        size_t capacity = t->held_capacity + AT_A_TIME;
        void *held = reallocarray(t->held, capacity, sizeof t->held[0]);
        if (held == NULL)
            return cli_no_memory();
        t->held = held;
        t->held_capacity = capacity;
    }
    memcpy(t->held[t->held_count], lease, RINGQ_LEASE_SIZE);
    t->held_count++;
    return EXITS_OK;
}

static int give_back(const struct taking *t, const char *lease)
{
    int rc = ringq_release(t->q, lease, 0);

    return rc < 0 && rc != RINGQ_STALE ? cli_failed(t->cli, t->q) : EXITS_OK;
}

static int give_all_back(const struct taking *t)
{
    int exit = EXITS_OK;

    for (size_t i = 0; exit == EXITS_OK && i < t->held_count; i++)
        exit = give_back(t, t->held[i]);
    return exit;
}

/* What has been printed is finished, or kept for the end. */
static int settle(struct taking *t, ringq_job *const *jobs, size_t count)
{
    const char *leases[AT_A_TIME];
    int exit = EXITS_OK;

    for (size_t i = 0; i < count; i++)
        leases[i] = jobs[i]->lease;
    if (!t->values->no_ack)
        return ringq_done_many(t->q, leases, count, NULL) < 0 ? cli_failed(t->cli, t->q)
                                                              : EXITS_OK;
    for (size_t i = 0; exit == EXITS_OK && i < count; i++)
        exit = hold(t, leases[i]);
    return exit;
}

static int print_and_settle(struct taking *t, ringq_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_job(t->cli, jobs[i], t->values->count != OPTION_UNSET);
    int exit = cli_flush_output();
    if (exit == EXITS_OK)
        return settle(t, jobs, count);
    for (size_t i = 0; i < count; i++)
        (void)give_back(t, jobs[i]->lease);
    return exit;
}

/* Takes until there are enough, or, but for the first, until there are no more. */
static int take(struct taking *t, const char *queues)
{
    const struct get_values *v = t->values;
    int64_t left = v->count == OPTION_UNSET ? 1 : v->count;
    int64_t block_ms = v->nowait                     ? 0
                       : v->block_ms == OPTION_UNSET ? RINGQ_FOREVER
                                                     : v->block_ms;
    uint32_t ttr_ms = v->ttr_ms == OPTION_UNSET ? 0 : (uint32_t)v->ttr_ms;

    for (bool first = true; left > 0; first = false) {
        ringq_job *jobs[AT_A_TIME];
        size_t max = left < AT_A_TIME ? (size_t)left : AT_A_TIME;
        long count =
            ringq_get_many(t->q, queues, first ? block_ms : 0, ttr_ms, jobs, max);
        if (count == RINGQ_TIMEOUT && !first)
            return EXITS_OK;
        if (count == RINGQ_TIMEOUT)
            return t->cli->quiet ? EXITS_TIME_OUT
                                 : cli_error(t->cli, RINGQ_TIMEOUT, "there is no job");
        if (count < 0)
            return cli_failed(t->cli, t->q);
        int exit = print_and_settle(t, jobs, (size_t)count);
        for (long i = 0; i < count; i++)
            ringq_job_free(jobs[i]);
        if (exit != EXITS_OK)
            return exit;
        left -= count;
    }
    return EXITS_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct get_values v;
    struct words words;
    int exit = cli_parse(cli, &command_get, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (v.nowait && v.block_ms != OPTION_UNSET)
        return cli_usage("get: --nowait and --block exclude each other");

    struct taking t = {.cli = cli, .values = &v};
    exit = cli_connect(cli, &cli_patient, &t.q);
    if (exit != EXITS_OK)
        return exit;
    exit = take(&t, words.list[0]);
    int back = give_all_back(&t);
    free(t.held);
    ringq_close(t.q);
    return exit != EXITS_OK ? exit : back;
}

const struct command command_get = {
    .name = "get",
    .words = "QUEUE[,QUEUE...]",
    .summary = "takes a job, prints its body, and finishes it",
    .examples =
        "  ringq get emails\n"
        "  ringq get emails --nowait --json | jq -r .body\n"
        "  ringq get critical,default --block 30s > body\n"
        "  ringq get emails --count 100 --nowait --no-ack     # look, and give back\n",
    .notes =
        "The body goes to stdout, and then the job is finished (DONE): a lease cannot\n"
        "outlive this command.  If the body cannot be written, or with --no-ack, the "
        "job is\n"
        "given back and the attempt does not count.  For work that can fail, use\n"
        "ringq work.  Of several queues the first that has a job is taken from; with "
        "weights\n"
        "(critical:5,default:1) they take turns.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
