/* overflow.c - a task that overflows its stack is named before the process dies.
 *
 * The guard page raises SIGSEGV; the handler runs on a signal stack, finds the task by
 * the faulting address, says so, and lets the fault happen again under the old
 * disposition.  It is installed while there is an open loop.  With a sanitizer, its own
 * handler stays.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "rio/task.h"

#if defined(RIO_ASAN) || defined(RIO_TSAN)

void rio__overflow_watch(void)
{
}

void rio__overflow_unwatch(void)
{
}

#else

enum { SIGNAL_STACK_BYTES = 64 << 10 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned watchers; /* open loops, of all threads */
static struct sigaction old_segv, old_bus;
static __thread void *signal_stack;

static void say(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));

    (void)n; /* nobody is left to tell */
}

/* The running task, if the address lies in the guard of its stack. */
static const struct rio__task *overflowed(uintptr_t at)
{
    const struct rio__task *t = rio__task_self();
    uintptr_t bottom;

    if (t == NULL)
        return NULL;
    bottom = (uintptr_t)t->stack_top - t->stack_bytes;
    if (at >= bottom || at < bottom - t->f.loop->stacks.guard_bytes)
        return NULL;
    return t;
}

/* As rio_task_name(), without stdio: this is a signal handler. */
static void say_name(const struct rio__task *t)
{
    char digits[RQ_NUM_DIGITS + 1];

    if (t->name[0] != '\0') {
        say(t->name);
        return;
    }
    digits[rq_num_format(t->id, digits)] = '\0';
    say("task-");
    say(digits);
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    const struct rio__task *t = overflowed((uintptr_t)info->si_addr);

    (void)context;
    if (t != NULL) {
        say("rio: stack overflow in ");
        say_name(t);
        say("; give it more by rio_task_opts.stack\n");
    }
    /* Returning repeats the fault, now for whoever was there before. */
    (void)sigaction(signo, signo == SIGBUS ? &old_bus : &old_segv, NULL);
}

static void install(void)
{
    struct sigaction sa = {.sa_sigaction = on_fault,
                           .sa_flags = SA_SIGINFO | SA_ONSTACK};

    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGSEGV, &sa, &old_segv);
    (void)sigaction(SIGBUS, &sa, &old_bus);
}

/* Unless somebody has put a handler of theirs over ours. */
static void restore(int signo, const struct sigaction *old)
{
    struct sigaction now;

    if (sigaction(signo, NULL, &now) == 0 && now.sa_sigaction == on_fault)
        (void)sigaction(signo, old, NULL);
}

static void give_signal_stack(void)
{
    stack_t stack, old;

    if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE))
        return; /* the program has one */
    signal_stack = mmap(NULL, SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (signal_stack == MAP_FAILED) {
        signal_stack = NULL;
        return;
    }
    stack = (stack_t){.ss_sp = signal_stack, .ss_size = SIGNAL_STACK_BYTES};
    (void)sigaltstack(&stack, NULL);
}

void rio__overflow_watch(void)
{
    (void)pthread_mutex_lock(&lock);
    if (watchers++ == 0)
        install();
    (void)pthread_mutex_unlock(&lock);
    give_signal_stack();
}

void rio__overflow_unwatch(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    (void)pthread_mutex_lock(&lock);
    if (--watchers == 0) {
        restore(SIGSEGV, &old_segv);
        restore(SIGBUS, &old_bus);
    }
    (void)pthread_mutex_unlock(&lock);
    if (signal_stack == NULL)
        return;
    (void)sigaltstack(&none, NULL);
    (void)munmap(signal_stack, SIGNAL_STACK_BYTES);
    signal_stack = NULL;
}

#endif
