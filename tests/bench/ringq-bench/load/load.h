/* load.h - a load: many connections that put, get and finish jobs, and what came of it.
 *
 *     run.c       starts the lanes, warms up, measures
 *     lane.c      one connection with `depth` requests under way (steps.c)
 *     fill.c      jobs that are there before it begins
 *     pace.c      requests at a fixed rate, whatever the answers do (open loop)
 *     wake.c      one job at a time to a consumer that waits
 *     recover.c   the first job of a server that is just starting
 *     process.c   processor time and memory of other processes
 *     report.c    a table, or one line of JSON
 * SPDX-License-Identifier: MIT */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "base/hist.h"
#include "load/dialect.h"
#include "rio/rio.h"

enum load_mode {
    LOAD_PUT,      /* put */
    LOAD_GET,      /* get, done: of jobs that are there */
    LOAD_CYCLE,    /* put, get, done */
    LOAD_LATENCY,  /* put, at `rate` */
    LOAD_WAKE,     /* put to a getter that waits; one at a time */
    LOAD_FILL,     /* put `prefill` jobs, no more */
    LOAD_RECOVERY, /* get, as soon as somebody answers */
};
enum { LOAD_MODES = LOAD_RECOVERY + 1 };
extern const char *const load_mode_names[LOAD_MODES];

enum { LOAD_PROCESSES_MAX = 4, LOAD_DEPTH_MAX = 4096, LOAD_CONNS_MAX = 100000 };

struct load_process {
    const char *name;
    int pid;
    double begin_s, cpu_s;              /* used before, and during the measurement */
    uint64_t empty_bytes, filled_bytes; /* resident before and behind the prefill */
};

struct load_plan {
    const struct dialect *dialect;
    const char *host, *port; /* "unix:/path": the port is not looked at */
    enum load_mode mode;
    unsigned conns, depth, batch, queues, idle;
    /* The first ones put.  With consumers, who are behind them, that is all they do. */
    unsigned producers, consumers;
    bool fused;    /* DONE travels with the next GET */
    bool by_count; /* ringq: MPUT, GET COUNT */
    uint64_t body_bytes, prefill, rate;
    int64_t warm_ns, measure_ns;
    const char *put_options;
    struct load_process processes[LOAD_PROCESSES_MAX];
    size_t process_count;
};

struct load {
    const struct load_plan *plan;
    struct rq_slice body;
    bool is_measuring, is_over, is_unreachable;
    uint64_t put, got, done; /* jobs, while measuring */
    int64_t begin_ns, took_ns;
    double own_cpu_s;
    struct rq_hist put_us, got_us, done_us; /* of requests */
    struct rq_hist woken_us; /* from a put until the getter that waited has the job */
    char why[256];           /* of a failure, for people */
};

/* Runs the plan.  Returns  0; < 0 and load->why.  Suspends */
RIO_AWAITS long load_run(struct load *l);
/* Errors  -1: stdout takes no more */
int load_print(const struct load *l, bool json);
/* Writes what went wrong, once.  Returns  `rc` */
long load_fail(struct load *l, long rc, const char *what, struct rq_slice reply);
long load_unreachable(struct load *l, long rc);

/* ---- parts ---- */

struct lane;

RIO_AWAITS long lane_open(struct load *l, unsigned number, struct lane **out);
/* Works until the load is over. */
RIO_AWAITS long lane_play(struct lane *lane);
/* Puts `count` jobs and returns. */
RIO_AWAITS long lane_fill(struct lane *lane, uint64_t count);
/* A request whose time counts from `since_ns`; it leaves with lane_send(), and its
 * reply is awaited by lane_listen(). */
long lane_put(struct lane *lane, int64_t since_ns);
long lane_send(struct lane *lane);
RIO_AWAITS long lane_listen(struct lane *lane);
/* One request, and its answer. */
RIO_AWAITS long lane_ask(struct lane *lane, enum verb verb);
int64_t lane_answered_ns(const struct lane *lane);
void lane_free(struct lane *lane);

/* Puts the plan's `prefill`, all lanes together. */
RIO_AWAITS long fill(struct load *l, struct lane **lanes, unsigned count);
RIO_AWAITS long pace(struct load *l, struct lane **lanes);
RIO_AWAITS long wake(struct load *l, struct lane *producer, struct lane *consumer);

/* Until a job is got, whatever answers until then. */
RIO_AWAITS long recover(struct load *l);

/* Seconds of processor time that `pid` has used; < 0: there is no such process. */
double process_cpu_s(int pid);
/* What it has in memory; 0: there is no such process. */
uint64_t process_bytes(int pid);

#endif
