/* ringq_bench - loads a queue server and says what it does: jobs a second, times of
 * requests, processor time a job.
 *
 *     ringq-bench [--url URL] [--mode put|take|cycle|paced|wake] [--conns N] ...
 *
 * It prints and judges nothing; the exit code says only whether everything worked.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/num.h"
#include "load/echo_server.h"
#include "load/load.h"

static const char help[] =
    "Usage: ringq-bench [OPTION]...\n"
    "\n"
    "Loads a ringq server (or another, for comparison) and prints jobs a second, times "
    "of\n"
    "requests in microseconds, and processor time a job.\n"
    "\n"
    "  -u, --url URL        HOST:PORT or unix:/PATH (127.0.0.1 and the system's port)\n"
    "  -s, --system NAME    ringq, redis-lists, redis-streams, beanstalkd, nats, echo\n"
    "                       (ringq)\n"
    "  -m, --mode MODE      put, take, cycle, paced, wake (cycle)\n"
    "  -c, --conns N        connections (64)\n"
    "  -d, --depth N        requests under way on each (1)\n"
    "  -b, --body SIZE      of a job (100)\n"
    "  -n, --batch N        jobs a request (1)\n"
    "  -f, --fused          DONE travels with the next GET\n"
    "  -r, --rate N         jobs a second, of mode paced; late requests count as late\n"
    "  -t, --time DURATION  of the measurement (5s)\n"
    "  -w, --warm DURATION  before it (1s)\n"
    "  -q, --queues N       puts take turns over them (1)\n"
    "  -p, --prefill N      jobs to put first\n"
    "  -i, --idle N         connections that do nothing\n"
    "  -o, --put-options W  words behind the body of a PUT, as \"DURABLE memory\";\n"
    "                       nats: `memory` instead of a file\n"
    "  -P, --process N=PID  processor time of this process is stated as N; up to 4\n"
    "  -j, --json           one line of JSON\n"
    "      --echo PORT      serve a plain TCP echo instead\n"
    "\n"
    "Modes: `take` gets and finishes jobs that --prefill put; `paced` puts at --rate "
    "and\n"
    "counts a request from when it was due; `wake` puts one job at a time to a "
    "consumer\n"
    "that waits, and `get` is the time until that has it.\n";

enum { OPTION_ECHO = 256 };

static const struct option options[] = {{"url", required_argument, NULL, 'u'},
                                        {"system", required_argument, NULL, 's'},
                                        {"mode", required_argument, NULL, 'm'},
                                        {"conns", required_argument, NULL, 'c'},
                                        {"depth", required_argument, NULL, 'd'},
                                        {"body", required_argument, NULL, 'b'},
                                        {"batch", required_argument, NULL, 'n'},
                                        {"fused", no_argument, NULL, 'f'},
                                        {"rate", required_argument, NULL, 'r'},
                                        {"time", required_argument, NULL, 't'},
                                        {"warm", required_argument, NULL, 'w'},
                                        {"queues", required_argument, NULL, 'q'},
                                        {"prefill", required_argument, NULL, 'p'},
                                        {"idle", required_argument, NULL, 'i'},
                                        {"put-options", required_argument, NULL, 'o'},
                                        {"process", required_argument, NULL, 'P'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"echo", required_argument, NULL, OPTION_ECHO},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

struct call {
    struct load_plan plan;
    char *url; /* owned; plan.host and port point into it */
    const char *echo_port;
    bool json, help;
};

static int complain(const char *what, const char *value)
{
    (void)fprintf(stderr, "ringq-bench: %s: '%s'; see ringq-bench --help\n", what,
                  value);
    return -1;
}

/* ---- values ---- */

static int take_count(const char *text, uint64_t min, uint64_t max, unsigned *out)
{
    uint64_t n;

    if (rq_num_u64(rq_slice_str(text), min, max, &n) < 0)
        return complain("not a number that is allowed here", text);
    *out = (unsigned)n;
    return 0;
}

static int take_number(const char *text, uint64_t *out)
{
    return rq_num_u64(rq_slice_str(text), 0, INT64_MAX, out) < 0
               ? complain("not a number", text)
               : 0;
}

static int take_time(const char *text, int64_t *out_ns)
{
    uint64_t ms;

    if (rq_num_duration(rq_slice_str(text), 1, 86400000, &ms) < 0)
        return complain("not a duration such as 5s", text);
    *out_ns = (int64_t)ms * RIO_MS;
    return 0;
}

static int take_size(const char *text, uint64_t *out)
{
    return rq_num_size(rq_slice_str(text), SERIAL_DIGITS, 64 << 20, out) < 0
               ? complain("not a size from 20 to 64MiB", text)
               : 0;
}

static int take_mode(const char *text, enum load_mode *out)
{
    static const char *const names[] = {"put", "take", "cycle", "paced", "wake"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], text) == 0) {
            *out = (enum load_mode)i;
            return 0;
        }
    return complain("no such mode", text);
}

static int take_system(const char *text, struct load_plan *p)
{
    p->dialect = dialect_find(text);
    return p->dialect == NULL ? complain("no such system", text) : 0;
}

static int take_process(char *text, struct load_plan *p)
{
    char *pid = strchr(text, '=');
    unsigned number;

    if (pid == NULL || p->process_count == LOAD_PROCESSES_MAX)
        return complain("not NAME=PID, or too many", text);
    *pid++ = '\0';
    if (take_count(pid, 1, INT32_MAX, &number) < 0)
        return -1;
    if (cpu_seconds((int)number) < 0)
        return complain("there is no process", pid);
    p->processes[p->process_count++] =
        (struct load_process){.name = text, .pid = (int)number};
    return 0;
}

static int take_url(const char *text, struct call *c)
{
    c->url = strdup(text);
    if (c->url == NULL)
        return -1;
    c->plan.host = c->url;
    if (strncmp(text, "unix:", 5) == 0)
        return 0;
    char *colon = strrchr(c->url, ':');
    if (colon == NULL)
        return complain("not HOST:PORT or unix:/PATH", text);
    *colon = '\0';
    c->plan.port = colon + 1;
    return 0;
}

static int take_option(int letter, char *value, struct call *c)
{
    struct load_plan *p = &c->plan;

    switch (letter) {
    case 'u':
        return take_url(value, c);
    case 's':
        return take_system(value, p);
    case 'm':
        return take_mode(value, &p->mode);
    case 'c':
        return take_count(value, 1, 100000, &p->conns);
    case 'd':
        return take_count(value, 1, LOAD_DEPTH_MAX, &p->depth);
    case 'b':
        return take_size(value, &p->body_bytes);
    case 'n':
        return take_count(value, 1, BATCH_MAX, &p->batch);
    case 'f':
        p->fused = true;
        return 0;
    case 'r':
        return take_number(value, &p->rate);
    case 't':
        return take_time(value, &p->measure_ns);
    case 'w':
        return take_time(value, &p->warm_ns);
    case 'q':
        return take_count(value, 1, 1000000, &p->queues);
    case 'p':
        return take_number(value, &p->prefill);
    case 'i':
        return take_count(value, 0, 1000000, &p->idle);
    case 'o':
        p->put_options = value;
        return 0;
    case 'P':
        return take_process(value, p);
    case 'j':
        c->json = true;
        return 0;
    case 'h':
        c->help = true;
        return 0;
    case OPTION_ECHO:
        c->echo_port = value;
        return 0;
    default:
        return -1;
    }
}

static int check(struct load_plan *p)
{
    if (p->mode == LOAD_PACED && p->rate == 0)
        return complain("mode paced needs --rate", "paced");
    if (p->mode == LOAD_WAKE)
        p->depth = p->batch = p->conns = 1;
    if (p->dialect == &dialect_echo && p->mode != LOAD_PUT && p->mode != LOAD_PACED)
        return complain("an echo knows put and paced", "echo");
    if (p->port == NULL)
        p->port = p->dialect->port;
    p->by_count = p->batch > 1;
    return 0;
}

static int take_options(int argc, char **argv, struct call *c)
{
    int letter;

    while ((letter = getopt_long(argc, argv, "u:s:m:c:d:b:n:fr:t:w:q:p:i:o:P:jh",
                                 options, NULL)) != -1)
        if (take_option(letter, optarg, c) < 0)
            return -1;
    if (optind < argc)
        return complain("a word too many", argv[optind]);
    return check(&c->plan);
}

/* ---- the run ---- */

static long run(void *arg)
{
    return await(load_run(arg));
}

static int play(const struct call *c)
{
    struct load *l = calloc(1, sizeof *l);
    uint8_t *body = malloc((size_t)c->plan.body_bytes);
    rio_runner *r = rio_runner_new(0);
    long rc = -1;

    if (l != NULL && body != NULL && r != NULL) {
        memset(body, 'x', (size_t)c->plan.body_bytes);
        l->plan = &c->plan;
        l->body = rq_slice(body, (size_t)c->plan.body_bytes);
        rc = rio_runner_run(r, run, l);
        if (rc < 0)
            (void)fprintf(stderr, "ringq-bench: %s\n", l->why);
        else
            load_print(l, c->json);
    }
    rio_runner_free(r);
    free(body);
    free(l);
    return rc < 0 ? 1 : 0;
}

static void allow_many_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct call c = {.plan = {.dialect = &dialect_ringq,
                              .host = "127.0.0.1",
                              .mode = LOAD_CYCLE,
                              .conns = 64,
                              .depth = 1,
                              .batch = 1,
                              .queues = 1,
                              .body_bytes = 100,
                              .put_options = "",
                              .warm_ns = RIO_SEC,
                              .measure_ns = 5 * RIO_SEC}};
    int rc = 2;

    if (take_options(argc, argv, &c) == 0) {
        allow_many_connections();
        if (c.help)
            rc = fputs(help, stdout) < 0;
        else
            rc = c.echo_port != NULL ? echo_serve(c.echo_port) : play(&c);
    }
    free(c.url);
    return rc;
}
