/* sim.h - librio on a simulated kernel: virtual time, chance from a seed, faults.
 *
 * A program runs unchanged: its descriptors are real ones (socket pairs, unix and
 * loopback sockets, pipes, files).  The simulation decides when each operation is done,
 * in which order, how short, with which error; and what time it is.  Equal seeds give
 * equal runs, for a program that is alone with itself: one loop, no threads, no other
 * processes, and socket pairs or unix sockets.
 *
 *   Time      stands still while the program works, and jumps to the next timer or
 *             completion when nothing is left to do: an hour takes no time, and
 *             rio_sleep(RIO_SEC) ends exactly one second later.  It starts at 1,000 s.
 *             A program that spins gets on as well: from 1,000 turns in a row on each
 *             takes 10 us, and from 1,000,000 looks at the clock in one turn each 1 us.
 *   Outside   while somebody else works for the program, time is real: functions in
 *             threads, subprocesses, rio_signal_wait(), and other threads that may hold
 *             the loop or the other end of a descriptor.  When a descriptor is waited
 *             for and nothing else, no time passes until something comes.
 *   Latency   each operation is done after a time that is drawn; or, while tasks are
 *             ready and time stands still, after 1 to 3 turns.  Bytes of one descriptor
 *             stay in order, and the ready queue stays first in, first out.
 *   Ownership bytes that are being sent must not change, and buffers that are being
 *             received into are filled with garbage at first.  A program that touches
 *             what belongs to the kernel aborts, or reads garbage, instead of working
 *             most of the time.
 *
 * docs/rio/simulation.md shows how to test a program with it.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_SIM_H
#define RIO_SIM_H

#include <rio/rio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a fault is for. */
typedef enum rio_sim_op {
    RIO_SIM_ANY, /* every kind but close */
    RIO_SIM_ACCEPT,
    RIO_SIM_CONNECT,
    RIO_SIM_RECV, /* streams, datagrams */
    RIO_SIM_SEND,
    RIO_SIM_POLL,
    RIO_SIM_CLOSE,
    RIO_SIM_OPEN, /* files from here on */
    RIO_SIM_READ,
    RIO_SIM_WRITE,
    RIO_SIM_FSYNC,
    RIO_SIM_STAT,
    RIO_SIM_RENAME,
    RIO_SIM_UNLINK,
    RIO_SIM_MKDIR,
} rio_sim_op;

typedef enum rio_sim_kind {
    /* It fails with `error`, and nothing has happened.  -ECONNRESET and -EPIPE also
     * shut the socket down, so that the peer sees the end. */
    RIO_SIM_FAIL,
    RIO_SIM_SHORT,       /* it moves one byte and no more */
    RIO_SIM_DELAY,       /* it takes `delay` longer */
    RIO_SIM_SHOT_END,    /* the kernel ends an accept or receive that repeats itself */
    RIO_SIM_CANCEL_LATE, /* its cancellation takes `delay` longer: a result may win */
    RIO_SIM_CANCEL_LOST, /* its cancellation is not heard; the next one may be */
} rio_sim_kind;

/* One line of the script of faults.  Of those that fit, the first one happens. */
typedef struct rio_sim_fault {
    rio_sim_kind kind;
    rio_sim_op op;
    int fd;          /* of this descriptor alone; 0: of any */
    uint64_t nth;    /* the nth that fits, from 1 on; 0: `one_in` */
    uint32_t one_in; /* by chance one in so many; 0, 1: all */
    int error;       /* RIO_SIM_FAIL: -errno */
    int64_t delay;   /* ns */
} rio_sim_fault;

typedef struct rio_sim_opts {
    uint64_t seed; /* 0: RIO_SIM_SEED of the environment, or 1 */
    /* Of one operation, ns.  Both 0: 1 us to 200 us */
    int64_t latency_min, latency_max;
    /* By chance one in so many moves of a stream's bytes is short, 0: none; but those
     * of up to `short_above` bytes are left whole. */
    uint32_t short_one_in;
    size_t short_above;
    const rio_sim_fault *faults; /* copied */
    size_t fault_count;
    /* Before each completion, with its number from 1 on; to look, or to crash.  It runs
     * in the loop, outside of tasks, and may not call rio.  Or NULL */
    void (*on_step)(uint64_t step, void *arg);
    void *on_step_arg; /* kept */
} rio_sim_opts;

/* A runner on a simulated kernel.  NULL: as rio_runner_new(RIO_IO_SIM), that is without
 * faults, and with one short move in four of those above 4 KiB.
 *
 * Errors  EINVAL  latency_min < 0 or > latency_max; an unknown op or kind; an error
 *                 that is no -errno; a delay < 0 or of centuries
 *         ENOMEM, EMFILE, ENFILE
 * Owns    gives; rio_runner_free() */
RIO_API rio_runner *rio_sim_runner(const rio_sim_opts *opts);

/* The seed in use, the number of completions, and a hash of them all: what was
 * completed, in which order, with which result, at what virtual time.  Two runs whose
 * hashes are equal went the same way.  Of a loop that is not simulated: 0.
 *
 * rio_get_running_loop() and rio_runner_get_loop() give the loop. */
RIO_API uint64_t rio_sim_seed(const rio_loop *l);
RIO_API uint64_t rio_sim_steps(const rio_loop *l);
RIO_API uint64_t rio_sim_hash(const rio_loop *l);

#ifdef __cplusplus
}
#endif
#endif
