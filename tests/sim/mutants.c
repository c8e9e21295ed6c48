/* mutants - do the seeds find bugs?  Each planted one is given 200 of them.
 *
 * A mutant's seeds run in a process of their own: an assertion of the server is a find,
 * too, and ends it.
 * SPDX-License-Identifier: MIT */
#include "sim/mutants.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mutant.h"
#include "sim/world.h"

#ifdef RINGQ_MUTANTS

enum rq_mutant rq_mutant;

enum { FOUND = 10, FAILED = 11 }; /* how the child ends */

struct mutant {
    const char *name, *bug;
};

/* clang-format off */
static const struct mutant mutants[MUTANT_COUNT] = {
    [MUTANT_ANSWER_BEFORE_COMMIT]     = {"answer-before-commit",     "answers before the log has it"},
    [MUTANT_ATTEMPTS_UNLIMITED]       = {"attempts-unlimited",       "TRIES is not looked at"},
    [MUTANT_BATCH_JOIN_EARLY]         = {"batch-join-early",         "JOIN BATCH forgets one job"},
    [MUTANT_BODY_CUT_BY_REPLAY]       = {"body-cut-by-replay",       "a restart loses the last byte"},
    [MUTANT_CANCEL_FORGOTTEN]         = {"cancel-forgotten",         "a restart undoes CANCEL"},
    [MUTANT_DELAY_IGNORED]            = {"delay-ignored",            "delayed jobs are ready at once"},
    [MUTANT_DONE_FORGOTTEN]           = {"done-forgotten",           "a restart undoes DONE"},
    [MUTANT_DONE_OF_NOTHING]          = {"done-of-nothing",          "DONE of a job that has ended is fine"},
    [MUTANT_GROUP_LIMIT_IGNORED]      = {"group-limit-ignored",      "GROUPLIMIT is not looked at"},
    [MUTANT_ID_WITHOUT_EPOCH]         = {"id-without-epoch",         "ids begin anew after a restart"},
    [MUTANT_JOIN_IGNORES_ENDING]      = {"join-ignores-ending",      "JOIN does not wait for the commit"},
    [MUTANT_JOIN_IGNORES_LEASED]      = {"join-ignores-leased",      "JOIN does not wait for workers"},
    [MUTANT_KEPT_LEASE_NOT_AWAITED]   = {"kept-lease-not-awaited",   "a job goes on before the end of its kept lease is logged"},
    [MUTANT_LEASE_TOO_SHORT]          = {"lease-too-short",          "leases run out after half their TTR"},
    [MUTANT_LEASE_WITHOUT_EPOCH]      = {"lease-without-epoch",      "leases begin anew after a restart"},
    [MUTANT_LEASED_NOT_RECOVERED]     = {"leased-not-recovered",     "a restart loses what workers had"},
    [MUTANT_OLD_LEASE_ACCEPTED]       = {"old-lease-accepted",       "any lease will do"},
    [MUTANT_PUT_BEFORE_COMMIT]        = {"put-before-commit",        "PUT answers before the log has it"},
    [MUTANT_REFUSED_LEFT_BEHIND]      = {"refused-left-behind",      "refused PUTs stay for ever"},
    [MUTANT_TRIMMED_TOO_FAR]          = {"trimmed-too-far",          "the log is trimmed below live jobs"},
    [MUTANT_UNKNOWN_TAKEN_FOR_STORED] = {"unknown-taken-for-stored", "lost commits are not written again"},
};
/* clang-format on */

int mutants_choose(const char *name)
{
    for (int i = 1; i < MUTANT_COUNT; i++)
        if (strcmp(mutants[i].name, name) == 0) {
            rq_mutant = (enum rq_mutant)i;
            return 0;
        }
    return -ENOENT;
}

/* The child: tells each seed before it runs it, and the find at the end. */
static void hunt(int fd, uint64_t from, uint64_t seeds)
{
    for (uint64_t seed = from; seed <= seeds; seed++) {
        struct verdict v = {.anomalies = 0};

        v.steps = seed;
        if (write(fd, &v, sizeof v) < 0 || seed_run(seed, false, &v) < 0)
            _exit(FAILED);
        v.steps = seed;
        if (v.anomalies > 0)
            _exit(write(fd, &v, sizeof v) > 0 ? FOUND : FAILED);
    }
    _exit(0);
}

/* Returns  whether it was found; *out: the last that the child told */
static bool was_found(enum rq_mutant mutant, uint64_t from, uint64_t seeds,
                      struct verdict *out)
{
    int fds[2], status = 0;
    struct verdict v;

    if (pipe(fds) < 0)
        return false;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        rq_mutant = mutant;
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(FAILED);
        hunt(fds[1], from, seeds);
    }
    close(fds[1]);
    *out = (struct verdict){0};
    while (read(fds[0], &v, sizeof v) == (ssize_t)sizeof v)
        *out = v;
    close(fds[0]);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return false;
    if (WIFSIGNALED(status))
        snprintf(out->first, sizeof out->first, "an assertion of the server");
    return WIFSIGNALED(status) || WEXITSTATUS(status) == FOUND;
}

/* By how many of the seeds it is found. */
static uint64_t count_finds(enum rq_mutant mutant, uint64_t seeds)
{
    uint64_t found = 0;
    struct verdict v = {.steps = 0};

    while (v.steps < seeds && was_found(mutant, v.steps + 1, seeds, &v))
        found++;
    return found;
}

int mutants_count(uint64_t seeds)
{
    int missed = 0;

    for (int i = 1; i < MUTANT_COUNT; i++) {
        uint64_t found = count_finds((enum rq_mutant)i, seeds);

        printf("%6" PRIu64 " of %" PRIu64 "  %-26s %s\n", found, seeds, mutants[i].name,
               mutants[i].bug);
        missed += found == 0;
    }
    return missed;
}

int mutants_run(uint64_t seeds)
{
    int missed = 0;

    for (int i = 1; i < MUTANT_COUNT; i++) {
        struct verdict v;
        bool found = was_found((enum rq_mutant)i, 1, seeds, &v);

        printf("%-8s %-26s %s\n", found ? "found" : "MISSED", mutants[i].name,
               mutants[i].bug);
        if (found)
            printf("         by seed %" PRIu64 ": %s\n", v.steps, v.first);
        missed += !found;
    }
    printf("%d mutants, %d missed\n", MUTANT_COUNT - 1, missed);
    return missed;
}

#else

int mutants_choose(const char *name)
{
    (void)name;
    return -ENOENT;
}

int mutants_run(uint64_t seeds)
{
    (void)seeds;
    fprintf(stderr, "this build has no mutants; see ringq_sim_mutants\n");
    return 1;
}

int mutants_count(uint64_t seeds)
{
    return mutants_run(seeds);
}

#endif
