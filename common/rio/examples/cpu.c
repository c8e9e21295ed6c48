/* cpu - work for the processor is not done faster by a loop, but by more processors.
 *
 *     cpu [JOBS] [--process]
 *
 * asyncio: CPU-bound work belongs in an executor; with --process in child processes, as
 * with ProcessPoolExecutor.  Each job hashes for a second.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "rio/examples/demo.h"

enum { ROUNDS = 10000 };

static int64_t blocks = 1; /* of ROUNDS rounds: a second of work */

static long hash(void *arg)
{
    volatile uint32_t h = 2166136261u;

    (void)arg;
    for (int64_t i = 0; i < blocks * ROUNDS; i++)
        h = (h ^ (uint32_t)i) * 16777619u;
    return 0;
}

/* A child process that does a job: this program, told how much a second's work is. */
static long child(void *arg)
{
    char n[24];
    char *argv[] = {"/proc/self/exe", "--job", n, NULL};
    rio_process *p;
    long rc;

    (void)arg;
    (void)snprintf(n, sizeof n, "%lld", (long long)blocks);
    RIO_TRY(await(rio_create_subprocess_exec(argv, 0, &p)));
    rc = await(rio_process_wait(p));
    rio_process_close(p);
    return rc == 0 ? 0 : rio_error(-ECHILD, "a child process failed");
}

static long in_thread(void *arg)
{
    return await(rio_to_thread(hash, arg));
}

/* Finds out how much work a second's is. */
static long measure(void)
{
    int64_t took = 0;

    while (took < 10 * RIO_MS) {
        int64_t start = rio_now();

        blocks *= 2;
        RIO_TRY(hash(NULL));
        took = rio_now() - start;
    }
    blocks = blocks * (seconds(1) / 1000) / (took / 1000) + 1;
    return 0;
}

static long body(void *arg)
{
    long jobs = demo_number(0, 4);
    bool processes = demo_has("--process");
    double start;
    rio_group g;
    long rc = measure();

    (void)arg;
    start = elapsed();
    for (long i = 0; i < jobs; i++)
        RIO_TRY(hash(NULL));
    say("loop: %.1f s", elapsed() - start);
    start = elapsed();
    rio_group_enter(&g);
    for (long i = 0; i < jobs; i++)
        rio_group_spawn(&g, processes ? child : in_thread, NULL);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    say("%ld %s on %ld cores: %.1f s", jobs, processes ? "processes" : "threads",
        sysconf(_SC_NPROCESSORS_ONLN), elapsed() - start);
    return rc;
}

int main(int argc, char **argv)
{
    demo_setup(argc, argv);
    if (demo_has("--job")) {
        blocks = demo_number(0, 1);
        return hash(NULL) != 0;
    }
    return demo_run(body, NULL) < 0;
}
