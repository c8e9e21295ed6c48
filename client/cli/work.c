/* work - runs a program on each job.
 *
 * The library's worker takes the jobs and keeps their leases; each of its threads runs
 * one program at a time (child.c) and turns its end into the end of the job
 * (verdict.c).
 *
 * The first SIGTERM or SIGINT stops the taking of jobs, the second one gives those in
 * hand back: the worker then tells the threads to leave, and they tell their programs.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/units.h"
#include "cli/verdict.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    GRACE_DEFAULT_MS = 10 * 1000,
    RECONNECT_DEFAULT_MS = 60 * 1000,
    CONCURRENCY_MAX = 1024, /* each is a thread and a process */
    RESULT_MAX = 64 * 1024,
    SHOW_MAX = 400, /* bytes of an error that one line shows */
};

struct work_values {
    int64_t concurrency, max_jobs, timeout_ms, grace_ms, ttr_ms, reconnect_ms;
    bool drain, once, show, keep_leases;
    const char *name;
};

/* clang-format off */
static const struct option_row rows[] = {
    {"concurrency", 'j', OPTION_NUMBER, "N", "programs at a time (default 1)",
     offsetof(struct work_values, concurrency), 1, CONCURRENCY_MAX},
    {"drain", '\0', OPTION_FLAG, NULL, "end when no job is ready",
     offsetof(struct work_values, drain), 0, 0},
    {"max-jobs", '\0', OPTION_NUMBER, "N", "end after N jobs",
     offsetof(struct work_values, max_jobs), 1, INT64_MAX},
    {"once", '\0', OPTION_FLAG, NULL, "end after one job",
     offsetof(struct work_values, once), 0, 0},
    {"timeout", '\0', OPTION_DURATION, "DUR", "time limit of a program; then SIGTERM, and the job fails",
     offsetof(struct work_values, timeout_ms), 1, 365 * INT64_C(24) * 3600 * 1000},
    {"grace", '\0', OPTION_DURATION, "DUR", "from SIGTERM to SIGKILL (default 10s)",
     offsetof(struct work_values, grace_ms), 0, DAY_MS},
    {"ttr", '\0', OPTION_DURATION, "DUR", "length of a lease, renewed at a third of it (default: the job's own)",
     offsetof(struct work_values, ttr_ms), 1000, DAY_MS},
    {"reconnect", '\0', OPTION_DURATION, "DUR", "how long a lost server may stay away (default 60s)",
     offsetof(struct work_values, reconnect_ms), 1, DAY_MS},
    {"name", '\0', OPTION_TEXT, "NAME", "what the server knows this worker by (default: ringq-work.PID)",
     offsetof(struct work_values, name), 0, 0},
    {"keep-leases", '\0', OPTION_FLAG, NULL, "of --name: jobs in hand outlive a lost connection and a crash of the server",
     offsetof(struct work_values, keep_leases), 0, 0},
    {"show", '\0', OPTION_FLAG, NULL, "show what the programs print, with the id of the job",
     offsetof(struct work_values, show), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

/* What the threads share. */
struct shop {
    const struct cli *cli;
    const struct work_values *values;
    char *const *argv;
    bool tells;           /* a line for each job */
    pthread_mutex_t lock; /* of stderr's lines and of `ends` */
    uint64_t ends[4];     /* jobs by RINGQ_WORK_* */
    uint64_t cancelled;   /* of those that were given back */
};

/* One job under way. */
struct bench {
    struct shop *shop;
    ringq_work *work;
    const ringq_job *job;
};

/* ---- signals ---- */

static ringq_worker *signalled_worker;

static void on_stop_signal(int number)
{
    static volatile sig_atomic_t count;
    static const char first[] =
        "ringq: finishing the jobs in hand; again to give them back\n";
    static const char second[] = "ringq: giving the jobs back\n";
    int error = errno;
    ssize_t n = 0;

    (void)number;
    ringq_worker_stop(signalled_worker);
    if (isatty(STDERR_FILENO) && count == 0)
        n = write(STDERR_FILENO, first, sizeof first - 1);
    else if (isatty(STDERR_FILENO) && count == 1)
        n = write(STDERR_FILENO, second, sizeof second - 1);
    (void)n;
    count = count + 1;
    errno = error;
}

static void catch_signals(ringq_worker *worker)
{
    const struct sigaction stop = {.sa_handler = on_stop_signal,
                                   .sa_flags = SA_RESTART};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    signalled_worker = worker;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a program need not read its input */
}

/* ---- one job ---- */

static bool should_leave(void *arg)
{
    const struct bench *b = arg;

    return ringq_work_is_lost(b->work);
}

static void show_line(void *arg, bool is_error, const char *line, size_t len)
{
    const struct bench *b = arg;
    FILE *out = is_error ? stderr : stdout;

    (void)pthread_mutex_lock(&b->shop->lock);
    (void)fprintf(out, "%s | ", b->job->id);
    (void)fwrite(line, 1, len, out);
    (void)putc('\n', out);
    (void)pthread_mutex_unlock(&b->shop->lock);
}

static void say_about(struct shop *shop, const ringq_job *job, const char *text)
{
    (void)pthread_mutex_lock(&shop->lock);
    (void)fprintf(stderr, "ringq: %s: %s\n", job->id, text);
    (void)pthread_mutex_unlock(&shop->lock);
}

/* The job fails, and says so: the next worker may have what is missing here. */
static int fail_to_run(struct bench *b, int error)
{
    char text[256];

    (void)snprintf(text, sizeof text, "cannot run %s: %s", b->shop->argv[0],
                   strerror(error));
    ringq_work_error(b->work, text);
    say_about(b->shop, b->job, text);
    return RINGQ_WORK_RETRY;
}

static const char cancelled_text[] = "cancelled";

static int settle(struct bench *b, const struct child_end *end)
{
    struct verdict verdict;

    if (end->left && ringq_work_cancelled(b->work)) {
        ringq_work_error(b->work, cancelled_text);
        return RINGQ_WORK_RELEASE; /* which ends it */
    }
    verdict_of(end, b->shop->values->timeout_ms, &verdict);
    if (verdict.outcome != RINGQ_WORK_DONE) {
        ringq_work_error(b->work, verdict.error);
        return verdict.outcome;
    }
    if (end->truncated && !b->shop->cli->quiet)
        say_about(b->shop, b->job, "the result was cut to 64 KiB");
    if (end->output_len > 0 &&
        ringq_work_result(b->work, end->output, end->output_len) < 0)
        say_about(b->shop, b->job, "no memory for the result; it is lost");
    return RINGQ_WORK_DONE;
}

static int run_program(struct bench *b, struct child_end *end)
{
    const struct work_values *values = b->shop->values;
    struct environment environment;
    int rc = environment_init(&environment, b->job, b->shop->cli->server);
    const struct child_spec spec = {
        .argv = b->shop->argv,
        .envp = environment.list,
        .input = b->job->body,
        .input_len = b->job->body_len,
        .output_max = RESULT_MAX,
        .timeout_ms = values->timeout_ms > 0 ? values->timeout_ms : 0,
        .grace_ms = values->grace_ms,
        .should_leave = should_leave,
        .on_line = values->show ? show_line : NULL,
        .arg = b,
    };

    if (rc == 0)
        rc = child_run(&spec, end);
    environment_fini(&environment);
    return rc;
}

static int handle(ringq_work *work, const ringq_job *job, void *arg)
{
    struct bench b = {.shop = arg, .work = work, .job = job};
    struct child_end *end = calloc(1, sizeof *end);
    int rc = end != NULL ? run_program(&b, end) : -ENOMEM;
    int outcome = rc < 0 ? fail_to_run(&b, -rc) : settle(&b, end);

    if (end != NULL)
        free(end->output);
    free(end);
    return outcome;
}

/* ---- what the library tells ---- */

static bool is_of_cancelled(int outcome, const char *text)
{
    return outcome == RINGQ_WORK_RELEASE && strcmp(text, cancelled_text) == 0;
}

static void print_end(struct shop *shop, const ringq_job *job, int outcome,
                      const char *text)
{
    static const struct {
        enum output_mark mark;
        const char *word;
    } ends[] = {
        [RINGQ_WORK_DONE] = {MARK_GOOD, ""},
        [RINGQ_WORK_RETRY] = {MARK_AGAIN, "failed: "},
        [RINGQ_WORK_DEAD] = {MARK_BAD, "dead: "},
        [RINGQ_WORK_RELEASE] = {MARK_BACK, "given back "},
    };
    bool is_cancelled = is_of_cancelled(outcome, text);
    size_t len = strlen(text);

    output_mark(stderr, &shop->cli->err, ends[outcome].mark);
    (void)fprintf(stderr, " %s  %s  attempt %u  %s", job->id, job->queue, job->attempt,
                  is_cancelled ? "" : ends[outcome].word);
    if (outcome != RINGQ_WORK_DONE)
        output_clean(stderr, text, len < SHOW_MAX ? len : SHOW_MAX);
    (void)putc('\n', stderr);
}

static void on_settled(void *arg, const ringq_job *job, int outcome, int error,
                       const char *text)
{
    struct shop *shop = arg;

    if (text == NULL)
        text = "";
    (void)pthread_mutex_lock(&shop->lock);
    if (error == 0) {
        shop->ends[outcome]++;
        shop->cancelled += is_of_cancelled(outcome, text);
        if (shop->tells)
            print_end(shop, job, outcome, text);
    } else if (!shop->cli->quiet) {
        (void)fprintf(stderr, "ringq: %s: not settled: %s: ", job->id,
                      ringq_error_name(error));
        output_clean(stderr, text, strlen(text));
        (void)putc('\n', stderr);
    }
    (void)pthread_mutex_unlock(&shop->lock);
}

static void on_connection(void *arg, int error, const char *text)
{
    struct shop *shop = arg;

    if (shop->cli->quiet)
        return;
    (void)pthread_mutex_lock(&shop->lock);
    if (error == 0)
        (void)fputs("ringq: connected again\n", stderr);
    else
        (void)fprintf(stderr, "ringq: the server is lost, trying again: %s\n",
                      text != NULL ? text : ringq_error_name(error));
    (void)pthread_mutex_unlock(&shop->lock);
}

/* ---- the command ---- */

static void print_sums(const struct shop *shop)
{
    const uint64_t *ends = shop->ends;
    char done[UNITS_TEXT_SIZE];

    if (!shop->tells)
        return;
    (void)fprintf(stderr, "%s done, %llu failed, %llu dead, %llu given back",
                  units_count(done, (int64_t)ends[RINGQ_WORK_DONE]),
                  (unsigned long long)ends[RINGQ_WORK_RETRY],
                  (unsigned long long)ends[RINGQ_WORK_DEAD],
                  (unsigned long long)(ends[RINGQ_WORK_RELEASE] - shop->cancelled));
    if (shop->cancelled > 0)
        (void)fprintf(stderr, ", %llu cancelled", (unsigned long long)shop->cancelled);
    (void)putc('\n', stderr);
}

static int work(struct shop *shop, const char *queues)
{
    const struct work_values *v = shop->values;
    char name[32];
    ringq *probe;

    /* A server that is not there is told at once; one that leaves later is waited for.
     */
    int exit = cli_connect(shop->cli, NULL, &probe);
    if (exit != EXITS_OK)
        return exit;
    ringq_close(probe);

    (void)snprintf(name, sizeof name, "ringq-work.%d", (int)getpid());
    const ringq_options connect = {.size = sizeof connect,
                                   .name = v->name != NULL ? v->name : name,
                                   .keep_leases = v->keep_leases,
                                   .reconnect_ms = (int)v->reconnect_ms};
    const ringq_worker_options options = {
        .size = sizeof options,
        .concurrency = (unsigned)v->concurrency,
        .ttr_ms = v->ttr_ms > 0 ? (uint32_t)v->ttr_ms : 0,
        .drain = v->drain,
        .max_jobs = v->once           ? 1
                    : v->max_jobs > 0 ? (uint64_t)v->max_jobs
                                      : 0,
        .on_settled = on_settled,
        .on_connection = on_connection,
        .arg = shop,
    };
    ringq_worker *worker =
        ringq_worker_new(shop->cli->server, &connect, queues, handle, shop, &options);
    if (worker == NULL)
        return cli_no_memory();
    catch_signals(worker);
    long settled = ringq_worker_run(worker);
    if (settled < 0)
        exit = cli_error(shop->cli, (int)settled, ringq_worker_error_text(worker));
    print_sums(shop);
    ringq_worker_free(worker);
    return exit;
}

static int check_program(const char *program)
{
    int rc = child_find(program);

    if (rc < 0)
        return cli_usage("cannot run '%s': %s", program, strerror(-rc));
    return EXITS_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct work_values v;
    struct words words;
    int exit = cli_parse(cli, &command_work, &v, argc, argv, &words);

    if (exit != CLI_GO_ON)
        return exit;
    if (v.keep_leases && v.name == NULL)
        return cli_usage("work: --keep-leases goes with --name NAME");
    if (words.behind != 1 || words.count < 2)
        return cli_usage("work: the program stands behind two dashes\n"
                         "  ringq work %s -- CMD ARGS...",
                         words.list[0]);
    char **program = calloc((size_t)words.count, sizeof *program);
    if (program == NULL)
        return cli_no_memory();
    memcpy(program, words.list + 1, (size_t)(words.count - 1) * sizeof *program);

    if (v.concurrency == OPTION_UNSET)
        v.concurrency = 1;
    if (v.grace_ms == OPTION_UNSET)
        v.grace_ms = GRACE_DEFAULT_MS;
    if (v.reconnect_ms == OPTION_UNSET)
        v.reconnect_ms = RECONNECT_DEFAULT_MS;
    struct shop shop = {
        .cli = cli,
        .values = &v,
        .argv = program,
        .tells = !cli->quiet && (cli->err.terminal || cli->verbose),
    };
    (void)pthread_mutex_init(&shop.lock, NULL);
    exit = check_program(program[0]);
    if (exit == EXITS_OK)
        exit = work(&shop, words.list[0]);
    (void)pthread_mutex_destroy(&shop.lock);
    free(program);
    return exit;
}

const struct command command_work = {
    .name = "work",
    .words = "QUEUE[,QUEUE...] -- CMD ARGS...",
    .summary = "runs a program on each job",
    .examples =
        "  ringq work emails -- ./send-mail\n"
        "  ringq work files -j 8 -- sh -c 'xargs -d \"\\n\" sha256sum'\n"
        "  ringq work critical,default --timeout 5m -- ./handle\n"
        "  ringq work emails --drain -- ./send-mail       # end when it is empty\n",
    .notes =
        "The program gets the body on stdin and, in its environment, RINGQ_JOB_ID,\n"
        "RINGQ_LEASE, RINGQ_QUEUE, RINGQ_ATTEMPT, and RINGQ_HEADER_<NAME> for each "
        "header\n"
        "(upper case, - and . as _; names with other characters are left out).  Its "
        "end decides:\n"
        "  exit 0            done; stdout, up to 64 KiB, is the result\n"
        "  exit 65 or 100    dead: the job is poison, no retry\n"
        "  exit 99           given back: not now, the attempt does not count\n"
        "  any other exit    failed: again later; the last line of stderr is the "
        "error\n"
        "  a signal          failed, naming the signal\n"
        "It runs in a process group of its own, which is killed when it ends.  Leases "
        "are\n"
        "renewed; when one is lost or the job is cancelled, its program gets SIGTERM, "
        "and\n"
        "SIGKILL after --grace.  SIGTERM or Ctrl-C: takes no more jobs, finishes those "
        "in\n"
        "hand, exits 0; once more: gives them back.\n"
        "One line per job on stderr: on a terminal, or with -v.\n",
    .rows = rows,
    .words_min = 1,
    .words_max = -1,
    .run = run,
};
