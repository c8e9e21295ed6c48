/* work - a worker: prints the body of each job, in upper case.
 *
 *     work QUEUE [drain]
 *
 * Four jobs at a time, each on a thread.  Leases are held by heartbeats while the
 * handler works.  Ctrl-C finishes what is in hand; a second one gives it back.
 * SPDX-License-Identifier: MIT */
#include <ringq/ringq.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int shout(ringq_work *work, const ringq_job *job, void *arg)
{
    const char *body = job->body;

    (void)arg;
    if (job->body_len == 0) {
        ringq_work_error(work, "nothing to shout");
        return RINGQ_WORK_DEAD; /* it will not get better */
    }
    flockfile(stdout);
    for (size_t i = 0; i < job->body_len; i++)
        putchar_unlocked(toupper((unsigned char)body[i]));
    putchar_unlocked('\n');
    funlockfile(stdout);
    return RINGQ_WORK_DONE;
}

static void settled(void *arg, const ringq_job *job, int outcome, int error,
                    const char *text)
{
    (void)arg;
    (void)outcome;
    if (error != 0) /* STALE: another worker has it by now */
        fprintf(stderr, "work: %s: %s: %s\n", job->id, ringq_error_name(error), text);
}

int main(int argc, char **argv)
{
    ringq_worker_options options = {.size = sizeof options};
    ringq_worker *worker;
    long done;

    if (argc < 2) {
        fprintf(stderr, "usage: work QUEUE [drain]\n");
        return 2;
    }
    options.concurrency = 4;
    options.handle_signals = true;
    options.drain = argc > 2 && strcmp(argv[2], "drain") == 0;
    options.on_settled = settled;

    worker = ringq_worker_new(NULL, NULL, argv[1], shout, NULL, &options);
    done = ringq_worker_run(worker);
    if (done < 0)
        fprintf(stderr, "work: %s\n", ringq_worker_error_text(worker));
    ringq_worker_free(worker);
    return done < 0 ? 1 : 0;
}
