/* signal.c - signals through a signalfd, polled by the loop.
 *
 * A signal that somebody waits for is blocked in the loop's thread from then on until
 * the loop closes (or its handler is removed): one that comes between two waits is kept
 * and ends the next wait at once.  The poll is armed only while somebody waits or
 * handles.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "rio/waitq.h"

struct slot {
    rio_cb *cb; /* the handler, or NULL */
    void *arg;
    rio_waitq waiters;
    size_t waiter_count;
    bool watched; /* blocked, and in the set of the descriptor */
    bool kept;    /* arrived while nobody waited */
    bool blocked_before;
};

struct rio__signals {
    int fd;
    sigset_t set;
    struct rio_op *poll;
    size_t wanted; /* handlers and waiters */
    struct slot slots[NSIG];
};

/* A signal is not lost for want of memory: its handler is called at once then. */
static void handle(struct rio_loop *l, const struct slot *s)
{
    long rc = 0;

    if (rio_call_soon(s->cb, s->arg) == 0)
        rc = s->cb(s->arg);
    if (rc < 0)
        rio__report(l, "a callback failed", rc, NULL);
}

static void dispatch(struct rio_loop *l, unsigned signo)
{
    struct slot *s;

    if (signo >= NSIG)
        return;
    s = &l->signals->slots[signo];
    if (s->cb != NULL) {
        handle(l, s);
    } else if (!rio__waitq_wake(&s->waiters)) {
        s->kept = true;
    }
    while (rio__waitq_wake(&s->waiters))
        continue;
}

static void on_poll(struct rio_op *op, int res, unsigned flags)
{
    struct rio_loop *l = op->owner;
    struct rio__signals *all = l->signals;
    struct signalfd_siginfo info;

    (void)flags;
    (void)res; /* -ECANCELED: there is nothing to read, or it is read later */
    all->poll = NULL;
    while (read(all->fd, &info, sizeof info) == (ssize_t)sizeof info)
        dispatch(l, info.ssi_signo);
    if (all->wanted > 0 && all->poll == NULL) {
        rio__op_again(op);
        all->poll = op;
    }
}

/* Somebody wants a signal, which is watched. */
static int want(struct rio_loop *l)
{
    struct rio__signals *all = l->signals;

    if (all->poll == NULL) {
        all->poll = rio__op_new(l, RIO_OP_POLL, all->fd, on_poll, l);
        if (all->poll == NULL)
            return -ENOMEM;
        all->poll->arg = POLLIN;
        rio__op_submit(l, all->poll);
    }
    all->wanted++;
    return 0;
}

/* The poll ends when nobody wants one any more. */
static void stop_if_idle(struct rio_loop *l)
{
    if (l->signals->wanted == 0 && l->signals->poll != NULL)
        rio__op_cancel(l, l->signals->poll);
}

static void unwant(struct rio_loop *l)
{
    l->signals->wanted--;
    stop_if_idle(l);
}

static struct rio__signals *signals_of(struct rio_loop *l)
{
    struct rio__signals *all = l->signals;

    if (all != NULL)
        return all;
    all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->fd = -1;
    (void)sigemptyset(&all->set);
    l->signals = all;
    return all;
}

static bool is_watchable(int signo)
{
    return signo > 0 && signo < NSIG && signo != SIGKILL && signo != SIGSTOP;
}

static int watch(struct rio_loop *l, int signo)
{
    struct rio__signals *all = signals_of(l);
    sigset_t one, old;
    int fd;

    if (all == NULL)
        return -ENOMEM;
    if (all->slots[signo].watched)
        return 0;
    (void)sigemptyset(&one);
    if (sigaddset(&one, signo) < 0 || sigaddset(&all->set, signo) < 0)
        return -EINVAL;
    fd = signalfd(all->fd, &all->set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        (void)sigdelset(&all->set, signo);
        return -errno;
    }
    all->fd = fd;
    (void)pthread_sigmask(SIG_BLOCK, &one, &old);
    all->slots[signo].blocked_before = sigismember(&old, signo) == 1;
    all->slots[signo].watched = true;
    return 0;
}

static void unwatch(struct rio__signals *all, int signo)
{
    struct slot *s = &all->slots[signo];
    sigset_t one;

    if (!s->watched)
        return;
    s->watched = s->kept = false;
    (void)sigdelset(&all->set, signo);
    (void)signalfd(all->fd, &all->set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->blocked_before)
        return;
    (void)sigemptyset(&one);
    (void)sigaddset(&one, signo);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

int rio_signal_wait(int signo)
{
    struct rio__task *t = rio__task_self();
    struct rio__waiter w;
    struct rio_loop *l;
    struct slot *s;
    int rc;

    if (t == NULL)
        return -EPERM;
    if (!is_watchable(signo))
        return -EINVAL;
    l = t->f.loop;
    rc = watch(l, signo);
    if (rc < 0)
        return rc;
    s = &l->signals->slots[signo];
    if (s->cb != NULL)
        return -EBUSY;
    if (s->kept) {
        s->kept = false;
        return signo;
    }
    rc = want(l);
    if (rc < 0)
        return rc;
    rc = await(rio__waitq_wait(&s->waiters, &w, "signal"));
    unwant(l);
    if (rc < 0 && w.woken && !rio__waitq_wake(&s->waiters))
        s->kept = true; /* for the next wait */
    return rc < 0 ? rc : signo;
}

int rio_add_signal_handler(int signo, rio_cb *cb, void *arg)
{
    struct rio_loop *l = rio__loop;
    struct slot *s;
    bool before;
    int rc;

    if (l == NULL)
        return -EPERM;
    if (!is_watchable(signo) || cb == NULL)
        return -EINVAL;
    before = l->signals != NULL && l->signals->slots[signo].watched;
    rc = watch(l, signo);
    if (rc < 0)
        return rc;
    s = &l->signals->slots[signo];
    if (s->cb == NULL)
        rc = want(l);
    if (rc < 0) {
        if (!before)
            unwatch(l->signals, signo);
        return rc;
    }
    s->cb = cb;
    s->arg = arg;
    return 0;
}

int rio_remove_signal_handler(int signo)
{
    struct slot *s;

    if (rio__loop == NULL)
        return -EPERM;
    if (!is_watchable(signo))
        return -EINVAL;
    if (rio__loop->signals == NULL || rio__loop->signals->slots[signo].cb == NULL)
        return 0;
    s = &rio__loop->signals->slots[signo];
    s->cb = NULL;
    unwant(rio__loop);
    if (rio__waitq_empty(&s->waiters))
        unwatch(rio__loop->signals, signo);
    return 1;
}

bool rio__signals_armed(const struct rio_loop *l)
{
    return l->signals != NULL && l->signals->wanted > 0;
}

bool rio__signals_awaited(const struct rio_loop *l)
{
    if (!rio__signals_armed(l))
        return false;
    for (int signo = 1; signo < NSIG; signo++)
        if (!rio__waitq_empty(&l->signals->slots[signo].waiters))
            return true;
    return false;
}

void rio__signals_close(struct rio_loop *l)
{
    if (l->signals == NULL)
        return;
    l->signals->wanted = 0;
    stop_if_idle(l);
}

void rio__signals_free(struct rio_loop *l)
{
    struct rio__signals *all = l->signals;

    if (all == NULL)
        return;
    for (int signo = 1; signo < NSIG; signo++)
        unwatch(all, signo);
    if (all->fd >= 0)
        (void)close(all->fd);
    free(all);
    l->signals = NULL;
}
