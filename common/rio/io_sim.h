/* io_sim.h - the parts of the simulated backend: its options (sim_options.c), the
 * script of faults (sim_faults.c), the watch over buffers (sim_guard.c), the calls
 * (sim_try.c), and who else there is (sim_outside.c). SPDX-License-Identifier: MIT */
#ifndef RIO_IO_SIM_H
#define RIO_IO_SIM_H

#include "base/attr.h"
#include "base/rand.h"
#include "rio/io.h"
#include "rio/sim.h"

/* The options with what was left open; without `opts` those of RIO_IO_SIM.
 * Errors  -EINVAL */
RQ_MUST_CHECK int rio__sim_options(rio_sim_opts *out, const rio_sim_opts *opts);

struct rio__sim_outside {
    int64_t looked; /* for other threads, in real time */
    bool joined;    /* there were some */
};

/* Whether somebody whose time is the real one works for us, or may, before `step` ns
 * have passed; watches: descriptors are waited for. */
bool rio__sim_helped(struct rio__sim_outside *o, const struct rio_loop *l, bool watches,
                     int64_t step);

struct rio__sim_faults {
    struct rio__sim_line *lines;
    size_t count;
};

/* Errors  -EINVAL, -ENOMEM */
RQ_MUST_CHECK int rio__sim_faults_init(struct rio__sim_faults *f,
                                       const rio_sim_opts *opts);
void rio__sim_faults_fini(struct rio__sim_faults *f);
/* What happens to an operation that is tried for the first time since its last
 * completion, and to one that is being cancelled.  Returns  NULL: nothing */
const rio_sim_fault *rio__sim_fault_of_try(struct rio__sim_faults *f,
                                           struct rq_rand *chance,
                                           const struct rio_op *op);
const rio_sim_fault *rio__sim_fault_of_cancel(struct rio__sim_faults *f,
                                              struct rq_rand *chance,
                                              const struct rio_op *op);

/* Does it as rio__io_try() does, a file operation at once, and moves `size` bytes at
 * most.  Whoever judges sees the whole operation. */
int rio__sim_try(struct rio_op *op, size_t size, void *buffer, size_t room);
/* Whether it moves bytes of a stream, of which the rest comes later. */
bool rio__sim_may_be_short(const struct rio_op *op);

/* Fills what the operation receives into with garbage; and puts back what stood there,
 * except for the first `moved` bytes: a kernel writes no more than it received.
 * Owns  *kept: the copy, or NULL; restore frees it */
void rio__sim_spoil(const struct rio_op *op, char **kept);
void rio__sim_restore(const struct rio_op *op, char **kept, size_t moved);
/* A sum of all bytes that the operation reads: what it sends, its paths, its address.
 */
uint64_t rio__sim_sum(const struct rio_op *op);
/* Folds a value into a hash. */
uint64_t rio__sim_mix(uint64_t hash, uint64_t value);

#endif
