/* switch.h - the context switch: a context is a saved stack pointer.
 *
 * The assembly saves the callee-saved registers on the current stack and exchanges the
 * stack pointer.  On x86-64 it is left by a `ret`: tasks leave from one place, so the
 * return predictor is right, and stays so for the callers up to the tasks' own code.
 * An indirect jump shifts it by one, and each return after it misses: measured, a yield
 * costs 20 ns instead of 11, a queue's hand-off 53 instead of 37.  The floating-point
 * control word and the signal mask are not saved: a task that changes them restores
 * them before it suspends. -DRIO_UCONTEXT, and machines without a .S file, use
 * swapcontext(3). SPDX-License-Identifier: MIT */
#ifndef RIO_SWITCH_H
#define RIO_SWITCH_H

#include <stddef.h>

#if !defined(RIO_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__) && \
    !(defined(__riscv) && __riscv_xlen == 64)
#define RIO_UCONTEXT 1
#endif

struct rio__context {
    void *sp; /* RIO_UCONTEXT: a ucontext_t that lies on the stack itself */
};

/* Goes from the running context, saved in *from, to *to.
 * Returns  in the resumed context: the `arg` of whoever switched to it */
void *rio__switch(struct rio__context *from, const struct rio__context *to, void *arg);

/* Goes to *to for good: the running context is never resumed.  On x86-64, called last
 * thing in a function, it costs no missed return. */
void rio__switch_last(const struct rio__context *to, void *arg);

/* Prepares a context that will call fn(arg of the first switch) below `stack_top`; fn
 * must never return.  `stack_bytes` is what lies below the top. */
void rio__switch_make(struct rio__context *c, void *stack_top, size_t stack_bytes,
                      void (*fn)(void *));

#endif
