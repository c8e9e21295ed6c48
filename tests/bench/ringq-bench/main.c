/* ringq-bench - loads a queue server and says what it does: jobs a second, times of
 * requests, processor time a job.
 *
 *     ringq-bench [--url URL] [--mode MODE] [--conns N] [--depth N] ...
 *
 * It prints and judges nothing; the exit code says only whether everything worked.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "load/echo_server.h"
#include "options.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 69 /* as of ringq */ };

static long run(void *arg)
{
    return await(load_run(arg));
}

static int say_why(const struct load *l)
{
    (void)fprintf(stderr, "ringq-bench: %s\n", l->why);
    return l->is_unreachable ? EXIT_UNREACHABLE : EXIT_FAILED;
}

static void forget(struct load *l)
{
    if (l == NULL)
        return;
    rq_hist_fini(&l->put_us);
    rq_hist_fini(&l->got_us);
    rq_hist_fini(&l->done_us);
    rq_hist_fini(&l->woken_us);
    free(l);
}

static int play(struct call *c)
{
    struct load *l = calloc(1, sizeof *l);
    uint8_t *body = malloc((size_t)c->plan.body_bytes);
    rio_runner *r = rio_runner_new(0);
    int exit = EXIT_FAILED;

    if (l != NULL && body != NULL && r != NULL) {
        memset(body, 'x', (size_t)c->plan.body_bytes);
        l->plan = &c->plan;
        l->body = rq_slice(body, (size_t)c->plan.body_bytes);
        if (rio_runner_run(r, run, l) < 0)
            exit = say_why(l);
        else
            exit = load_print(l, c->json) < 0 ? EXIT_FAILED : EXIT_SUCCESS;
    }
    rio_runner_free(r);
    free(body);
    forget(l);
    return exit;
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
    struct call c;

    if (options_take(argc, argv, &c) < 0)
        return EXIT_USAGE;
    if (c.help)
        return fputs(options_help, stdout) < 0;
    if (c.echo_port != NULL)
        return echo_serve(c.echo_port);
    allow_many_connections();
    return play(&c);
}
