/* switch.c - the first frame of a fresh context, laid out as the switch_*.S of this
 * machine pops it.
 * SPDX-License-Identifier: MIT */
#include "rio/switch.h"

#include <stdint.h>
#include <string.h>

#ifndef RIO_UCONTEXT

void rio__entry(void); /* switch_*.S */

/* clang-format off */
#if defined(__x86_64__)
/* r15 r14 r13 r12=fn rbx rbp rip=entry, and two words so that rsp is 16-aligned in
 * rio__entry, before its call. */
enum { FRAME_WORDS = 9, FN_WORD = 3, ENTRY_WORD = 6 };
#elif defined(__aarch64__)
enum { FRAME_WORDS = 22, FN_WORD = 0, ENTRY_WORD = 11 };  /* x19, x30 */
#else
enum { FRAME_WORDS = 26, FN_WORD = 2, ENTRY_WORD = 0 };   /* s1, ra */
#endif
/* clang-format on */

void rio__switch_make(struct rio__context *c, void *stack_top, size_t stack_bytes,
                      void (*fn)(void *))
{
    uintptr_t top = (uintptr_t)stack_top & ~(uintptr_t)15;
    uintptr_t *frame = (uintptr_t *)top - FRAME_WORDS;

    (void)stack_bytes;
    memset(frame, 0, FRAME_WORDS * sizeof *frame);
    frame[FN_WORD] = (uintptr_t)fn;
    frame[ENTRY_WORD] = (uintptr_t)rio__entry;
    c->sp = frame;
}

#else

#include <signal.h>
#include <ucontext.h>

/* The ucontext_t lies at the top of its stack; the argument of a switch travels beside
 * it.  The context that was not made here (the loop's) gets one on its own stack. */
struct frame {
    ucontext_t uc;
    void (*fn)(void *);
    void *arg;
};

static void first_entry(unsigned hi, unsigned lo)
{
    struct frame *f = (struct frame *)(((uintptr_t)hi << 16 << 16) | (uintptr_t)lo);

    f->fn(f->arg);
}

void rio__switch_make(struct rio__context *c, void *stack_top, size_t stack_bytes,
                      void (*fn)(void *))
{
    uintptr_t top = ((uintptr_t)stack_top - sizeof(struct frame)) & ~(uintptr_t)63;
    struct frame *f = (struct frame *)top;

    (void)getcontext(&f->uc);
    f->fn = fn;
    f->uc.uc_link = NULL;
    f->uc.uc_stack.ss_sp = (char *)stack_top - stack_bytes;
    f->uc.uc_stack.ss_size = stack_bytes - (size_t)((char *)stack_top - (char *)f);
    makecontext(&f->uc, (void (*)(void))first_entry, 2, (unsigned)(top >> 16 >> 16),
                (unsigned)top);
    c->sp = f;
}

void *rio__switch(struct rio__context *from, const struct rio__context *to, void *arg)
{
    struct frame self, *target;

    from->sp = &self;
    target = to->sp; /* perhaps ourselves: a task that is the only ready one */
    target->arg = arg;
    /* swapcontext sets the mask of the target; here it belongs to the thread. */
    (void)pthread_sigmask(SIG_SETMASK, NULL, &target->uc.uc_sigmask);
    (void)swapcontext(&self.uc, &target->uc);
    return self.arg;
}

#endif

#if !defined(__x86_64__) || defined(RIO_UCONTEXT)

void rio__switch_last(const struct rio__context *to, void *arg)
{
    struct rio__context gone;

    (void)rio__switch(&gone, to, arg);
}

#endif
