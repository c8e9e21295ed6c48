/* sim - the simulator: seeds, one after the other.
 *
 *   ringq_sim --seed N [--trace]
 *       one seed, with all that happens; twice is the same
 *   ringq_sim --seeds COUNT [--from N] [--seconds S]
 *       many; stops at the first that fails
 *
 * Exit status: 0 nothing found; 1 an anomaly; 2 usage; 3 the simulation itself failed.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/num.h"
#include "sim/mutants.h"
#include "sim/world.h"

enum { GOOD = 0, FOUND = 1, USAGE = 2, FAILED = 3 };

struct options {
    uint64_t seed, seeds, from, seconds, mutants, rates;
    const char *mutant;
    bool has_seed, trace;
};

static int usage(void)
{
    fprintf(stderr, "usage: ringq_sim --seed N [--trace] [--mutant NAME]\n"
                    "       ringq_sim --seeds COUNT [--from N] [--seconds S]\n"
                    "       ringq_sim_mutants --mutants COUNT\n"
                    "       ringq_sim_mutants --rates COUNT\n");
    return USAGE;
}

static bool read_number(const char *text, uint64_t *out)
{
    return text != NULL && rq_num_u64(rq_slice_str(text), 0, UINT64_MAX, out) == 0;
}

/* Where the number behind this option goes; NULL: no such option. */
static uint64_t *place_of(struct options *o, const char *word)
{
    const struct {
        const char *word;
        uint64_t *place;
    } places[] = {{"--seed", &o->seed},       {"--seeds", &o->seeds},
                  {"--from", &o->from},       {"--seconds", &o->seconds},
                  {"--mutants", &o->mutants}, {"--rates", &o->rates}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strcmp(word, places[i].word) == 0)
            return places[i].place;
    return NULL;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.from = 1};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(word, "--trace") == 0) {
            o->trace = true;
            continue;
        }
        if (strcmp(word, "--mutant") == 0) {
            o->mutant = value;
            i++;
            continue;
        }
        uint64_t *to = place_of(o, word);
        if (to == NULL || !read_number(value, to))
            return false;
        o->has_seed |= to == &o->seed;
        i++;
    }
    return o->has_seed + (o->seeds > 0) + (o->mutants > 0) + (o->rates > 0) == 1;
}

static int run_one(uint64_t seed, bool trace, struct verdict *v)
{
    *v = (struct verdict){0};
    int rc = seed_run(seed, trace, v);

    if (rc < 0) {
        printf("seed %" PRIu64 ": the simulation failed: %s\n", seed, rq_err_text(rc));
        return FAILED;
    }
    if (v->anomalies == 0)
        return GOOD;
    printf("seed %" PRIu64 ": %" PRIu64 " anomalies; the first: %s\n"
           "again, with all that happens: ringq_sim --seed %" PRIu64 " --trace\n",
           seed, v->anomalies, v->first, seed);
    return FOUND;
}

static int run_many(const struct options *o)
{
    time_t end = time(NULL) + (time_t)o->seconds;
    uint64_t steps = 0, commands = 0, done = 0;
    int status = GOOD;

    while (status == GOOD && done < o->seeds && (o->seconds == 0 || time(NULL) < end)) {
        struct verdict v;

        status = run_one(o->from + done, false, &v);
        steps += v.steps;
        commands += v.commands;
        done++;
    }
    printf("%" PRIu64 " seeds from %" PRIu64 ": %" PRIu64 " commands, %" PRIu64
           " steps\n",
           done, o->from, commands, steps);
    return status;
}

int main(int argc, char **argv)
{
    static const uint8_t key[16] = "simulated chance";
    struct options o;
    struct verdict v;

    if (!read_options(argc, argv, &o))
        return usage();
    setvbuf(stdout, NULL, _IOLBF, 0);
    rq_map_set_key(key);
    rq_log_set_level(RQ_LOG_ERROR);
    if (o.mutant != NULL && mutants_choose(o.mutant) < 0)
        return usage();
    if (o.mutants > 0)
        return mutants_run(o.mutants) > 0 ? FOUND : GOOD;
    if (o.rates > 0)
        return mutants_count(o.rates) > 0 ? FOUND : GOOD;
    if (!o.has_seed)
        return run_many(&o);
    int status = run_one(o.seed, o.trace, &v);
    printf("seed %" PRIu64 ": hash %016" PRIx64 ", %" PRIu64 " commands, %" PRIu64
           " steps\n",
           o.seed, v.hash, v.commands, v.steps);
    return status;
}
