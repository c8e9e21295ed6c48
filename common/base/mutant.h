/* mutant.h - planted bugs, for the test of the simulator's checker alone.
 *
 * MUTANT(x) is false, and costs nothing, but in the build that tests/sim makes of the
 * server's sources with RINGQ_MUTANTS: there it is true in a run of that mutant.  What
 * each of them should lead to stands in tests/sim/mutants.c.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

#ifdef RINGQ_MUTANTS
enum rq_mutant {
    MUTANT_NONE,
    MUTANT_ANSWER_BEFORE_COMMIT,
    MUTANT_ATTEMPTS_UNLIMITED,
    MUTANT_BATCH_JOIN_EARLY,
    MUTANT_BODY_CUT_BY_REPLAY,
    MUTANT_CANCEL_FORGOTTEN,
    MUTANT_DELAY_IGNORED,
    MUTANT_DONE_FORGOTTEN,
    MUTANT_DONE_OF_NOTHING,
    MUTANT_GROUP_LIMIT_IGNORED,
    MUTANT_ID_WITHOUT_EPOCH,
    MUTANT_JOIN_IGNORES_ENDING,
    MUTANT_JOIN_IGNORES_LEASED,
    MUTANT_KEPT_LEASE_NOT_AWAITED,
    MUTANT_LEASE_TOO_SHORT,
    MUTANT_LEASE_WITHOUT_EPOCH,
    MUTANT_LEASED_NOT_RECOVERED,
    MUTANT_OLD_LEASE_ACCEPTED,
    MUTANT_PUT_BEFORE_COMMIT,
    MUTANT_REFUSED_LEFT_BEHIND,
    MUTANT_TRIMMED_TOO_FAR,
    MUTANT_UNKNOWN_TAKEN_FOR_STORED,
    MUTANT_COUNT
};
extern enum rq_mutant rq_mutant; /* the one that lives in this run */
#define MUTANT(name) (rq_mutant == MUTANT_##name)
#else
#define MUTANT(name) false
#endif

#endif
