/* options - see options.h.
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { OPTION_ECHO = 256, OPTION_PRODUCERS, OPTION_CONSUMERS };

static const char letters[] = "m:c:d:b:n:D:fr:t:w:q:p:i:P:js:u:S:o:h";
static const struct option options[] = {
    {"mode", required_argument, NULL, 'm'},
    {"conns", required_argument, NULL, 'c'},
    {"depth", required_argument, NULL, 'd'},
    {"body", required_argument, NULL, 'b'},
    {"batch", required_argument, NULL, 'n'},
    {"durable", required_argument, NULL, 'D'},
    {"producers", required_argument, NULL, OPTION_PRODUCERS},
    {"consumers", required_argument, NULL, OPTION_CONSUMERS},
    {"fused", no_argument, NULL, 'f'},
    {"rate", required_argument, NULL, 'r'},
    {"time", required_argument, NULL, 't'},
    {"warm", required_argument, NULL, 'w'},
    {"queues", required_argument, NULL, 'q'},
    {"prefill", required_argument, NULL, 'p'},
    {"idle", required_argument, NULL, 'i'},
    {"process", required_argument, NULL, 'P'},
    {"json", no_argument, NULL, 'j'},
    {"server", required_argument, NULL, 's'},
    {"url", required_argument, NULL, 's'},
    {"system", required_argument, NULL, 'S'},
    {"put-options", required_argument, NULL, 'o'},
    {"echo", required_argument, NULL, OPTION_ECHO},
    {"help", no_argument, NULL, 'h'},
    {0}};

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
    for (size_t i = 0; i < LOAD_MODES; i++)
        if (strcmp(load_mode_names[i], text) == 0) {
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

static int take_durable(const char *text, const char **out)
{
    static const char *const levels[] = {"memory", "redis", "everysec", "fsync"};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(levels[i], text) == 0) {
            *out = text;
            return 0;
        }
    return complain("not memory, redis, everysec or fsync", text);
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
    if (process_cpu_s((int)number) < 0)
        return complain("there is no process", pid);
    p->processes[p->process_count++] =
        (struct load_process){.name = text, .pid = (int)number};
    return 0;
}

/* ringq://HOST:PORT, as ringq has it, HOST:PORT, or unix:/PATH */
static int take_url(const char *text, struct call *c)
{
    const char *scheme =
        strstr(text, "://") != NULL || strncmp(text, "unix:", 5) == 0 ? "" : "ringq://";
    char url[RQ_ADDRESS_TEXT_SIZE], why[128];

    if (*scheme != '\0' && strrchr(text, ':') == NULL)
        return complain("not HOST:PORT or unix:/PATH", text);
    int len = snprintf(url, sizeof url, "%s%s", scheme, text);
    if (len >= (int)sizeof url)
        return complain("too long", text);
    if (rq_address_parse(url, &c->address, why, sizeof why) < 0)
        return complain(why, text);
    bool is_unix = c->address.port[0] == '\0';
    c->plan.host = is_unix ? c->address.text : c->address.place;
    c->plan.port = c->address.port;
    return 0;
}

static int take_option(int letter, char *value, struct call *c)
{
    struct load_plan *p = &c->plan;

    switch (letter) {
    case 'm':
        return take_mode(value, &p->mode);
    case 'c':
        return take_count(value, 1, LOAD_CONNS_MAX, &p->conns);
    case 'd':
        return take_count(value, 1, LOAD_DEPTH_MAX, &p->depth);
    case 'b':
        return take_size(value, &p->body_bytes);
    case 'n':
        return take_count(value, 1, BATCH_MAX, &p->batch);
    case 'D':
        return take_durable(value, &c->durable);
    case OPTION_PRODUCERS:
        return take_count(value, 1, LOAD_CONNS_MAX / 2, &p->producers);
    case OPTION_CONSUMERS:
        return take_count(value, 1, LOAD_CONNS_MAX / 2, &p->consumers);
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
    case 'P':
        return take_process(value, p);
    case 'j':
        c->json = true;
        return 0;
    case 's':
    case 'u':
        return take_url(value, c);
    case 'S':
        return take_system(value, p);
    case 'o':
        p->put_options = value;
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

/* ---- what fits together ---- */

static int check_mode(const struct load_plan *p)
{
    if (p->mode == LOAD_LATENCY && p->rate == 0)
        return complain("a mode that needs --rate", "latency");
    if (p->mode != LOAD_LATENCY && p->rate > 0)
        return complain("--rate is for mode latency, not for",
                        load_mode_names[p->mode]);
    if (p->mode == LOAD_FILL && p->prefill == 0)
        return complain("a mode that needs --prefill", "fill");
    if (p->dialect == &dialect_echo && p->mode != LOAD_PUT && p->mode != LOAD_LATENCY)
        return complain("an echo knows put and latency", "echo");
    return 0;
}

/* Who puts and who takes, where these are not the same. */
static int check_roles(struct load_plan *p)
{
    const bool is_split = p->producers > 0 || p->consumers > 0;

    if (is_split && p->mode != LOAD_CYCLE && p->mode != LOAD_LATENCY)
        return complain(
            "--producers and --consumers are for cycle and latency, not for",
            load_mode_names[p->mode]);
    if (is_split && (p->producers == 0 || p->consumers == 0))
        return complain("needs the other one as well",
                        p->producers > 0 ? "--producers" : "--consumers");
    if (is_split)
        p->conns = p->producers + p->consumers;
    else
        p->producers = p->conns;
    return 0;
}

static int check_durable(struct call *c)
{
    struct load_plan *p = &c->plan;

    if (c->durable == NULL)
        return 0;
    if (p->dialect != &dialect_ringq)
        return complain("--durable is for ringq, not for", p->dialect->name);
    int len = snprintf(c->put_words, sizeof c->put_words, "DURABLE %s %s", c->durable,
                       p->put_options);
    if (len >= (int)sizeof c->put_words)
        return complain("too long", p->put_options);
    p->put_options = c->put_words;
    return 0;
}

static int check_url(struct call *c)
{
    struct load_plan *p = &c->plan;
    const char *usual = p->dialect == &dialect_ringq ? getenv("RINGQ_URL") : NULL;

    if (p->host == NULL && usual != NULL && usual[0] != '\0')
        return take_url(usual, c);
    if (p->host == NULL) {
        p->host = "127.0.0.1";
        p->port = p->dialect->port;
    }
    return 0;
}

static int check(struct call *c)
{
    struct load_plan *p = &c->plan;

    if (check_mode(p) < 0 || check_roles(p) < 0 || check_durable(c) < 0 ||
        check_url(c) < 0)
        return -1;
    if (p->mode == LOAD_WAKE || p->mode == LOAD_RECOVERY)
        p->depth = p->batch = p->conns = p->producers = 1;
    p->by_count = p->batch > 1;
    return 0;
}

int options_take(int argc, char **argv, struct call *out)
{
    int letter;

    *out = (struct call){.plan = {.dialect = &dialect_ringq,
                                  .mode = LOAD_CYCLE,
                                  .conns = 64,
                                  .depth = 1,
                                  .batch = 1,
                                  .queues = 1,
                                  .body_bytes = 100,
                                  .put_options = "",
                                  .warm_ns = RIO_SEC,
                                  .measure_ns = 5 * RIO_SEC}};
    while ((letter = getopt_long(argc, argv, letters, options, NULL)) != -1)
        if (take_option(letter, optarg, out) < 0)
            return -1;
    if (optind < argc)
        return complain("a word too many", argv[optind]);
    return out->help ? 0 : check(out);
}
