/* watchdog.c - names whoever holds the loop, while it is still held; and SIGQUIT.
 *
 * The loop itself reports a slow step at its end (loop.c).  An endless one needs
 * somebody else: one thread for all loops in debug mode, which looks at each of them
 * twice per limit.  It reads no stamps of theirs: a step that it meets again after the
 * limit is slow, whatever clock the loop goes by.
 *
 * SIGQUIT, unless the program handles it: the thread asks every watched loop to list
 * its tasks in its next turn, and names those that will have none.
 *
 * Two locks: `life` is held while the thread is started or joined, `lock` guards the
 * list of watches; each watch has one of its own for what the loop writes at each step.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rio/task.h"

#define TICK_MIN RIO_MS
#define TICK_MAX RIO_SEC

struct rio__watch {
    struct rq_list link;
    struct rio_loop *loop;
    pthread_mutex_t lock; /* of the next four */
    uint64_t step;        /* how many have begun */
    bool busy;            /* the last one has not ended */
    int64_t limit;
    char name[48];

    uint64_t met;  /* the watchdog's: the step it saw last, */
    int64_t since; /* when it saw that first, */
    bool told;     /* and whether it has named it */
};

static pthread_mutex_t life = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rq_list watches = RQ_LIST_INIT(watches);
static size_t watch_count; /* under `life` */
static bool is_running;    /* under `life` */
static bool stopping;      /* under `lock` */
static pthread_t thread;
static sem_t wake_up; /* a signal handler may post it */
static atomic_bool quit_asked;

/* ---- the thread ---- */

static void say_held(const struct rio__watch *w, int64_t now)
{
    (void)fprintf(stderr, "rio: slow step: %.2f s so far in %s, which holds the loop\n",
                  (double)(now - w->since) / (double)RIO_SEC, w->name);
}

/* Returns  how long its steps may take */
static int64_t look_at(struct rio__watch *w, int64_t now, bool ask)
{
    int64_t limit;

    (void)pthread_mutex_lock(&w->lock);
    limit = w->limit;
    if (!w->busy || w->step != w->met) {
        w->met = w->step;
        w->since = now;
        w->told = false;
    } else if (now - w->since > limit && (!w->told || ask)) {
        w->told = true;
        say_held(w, now);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return limit;
}

static void dump_there(struct rio__remote *r)
{
    (void)fprintf(stderr, "rio: SIGQUIT: the tasks of this loop:\n");
    rio__dump(rio__loop, stderr);
    free(r);
}

static void ask_for_dump(struct rio_loop *l)
{
    struct rio__remote *r = malloc(sizeof *r);

    if (r == NULL)
        return;
    r->run = dump_there;
    if (rio__loop_remote(l, r) < 0)
        free(r); /* it is closing */
}

static struct timespec to_timespec(int64_t at)
{
    return (struct timespec){.tv_sec = at / RIO_SEC, .tv_nsec = at % RIO_SEC};
}

static void *watch_all(void *unused)
{
    (void)unused;
    for (;;) {
        int64_t now = rio__io_now(), tick = TICK_MAX;
        bool ask = atomic_exchange(&quit_asked, false);
        struct timespec until;

        (void)pthread_mutex_lock(&lock);
        if (stopping) {
            (void)pthread_mutex_unlock(&lock);
            return NULL;
        }
        RQ_LIST_EACH(link, &watches)
        {
            struct rio__watch *w = RQ_LIST_ENTRY(link, struct rio__watch, link);
            int64_t half = look_at(w, now, ask) / 2;

            tick = half < tick ? half : tick;
            if (ask)
                ask_for_dump(w->loop);
        }
        (void)pthread_mutex_unlock(&lock);
        until = to_timespec(now + (tick < TICK_MIN ? TICK_MIN : tick));
        (void)sem_clockwait(&wake_up, CLOCK_MONOTONIC, &until);
    }
}

/* ---- its life ---- */

static void on_quit(int signo)
{
    int err = errno;

    (void)signo;
    atomic_store(&quit_asked, true);
    (void)sem_post(&wake_up);
    errno = err;
}

/* Exchanges the disposition of SIGQUIT, unless the program has set one of its own. */
static void set_quit(void (*old_handler)(int), void (*new_handler)(int))
{
    struct sigaction old, sa = {.sa_handler = new_handler, .sa_flags = SA_RESTART};

    (void)sigemptyset(&sa.sa_mask);
    if (sigaction(SIGQUIT, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
        old.sa_handler == old_handler)
        (void)sigaction(SIGQUIT, &sa, NULL);
}

/* Without a thread the loop still reports what ends. */
static void start_thread(void)
{
    static bool initialised;
    sigset_t all, old;

    if (is_running || rio__threads_are_stopped_by_waiting())
        return;
    if (!initialised && sem_init(&wake_up, 0, 0) < 0)
        return;
    initialised = true;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    is_running = pthread_create(&thread, NULL, watch_all, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (is_running)
        set_quit(SIG_DFL, on_quit);
}

static void stop_thread(void)
{
    if (!is_running)
        return;
    set_quit(on_quit, SIG_DFL);
    (void)pthread_mutex_lock(&lock);
    stopping = true;
    (void)pthread_mutex_unlock(&lock);
    (void)sem_post(&wake_up);
    (void)pthread_join(thread, NULL);
    stopping = false; /* nobody else looks now */
    is_running = false;
}

void rio__watch_start(struct rio_loop *l)
{
    struct rio__watch *w;

    if (l->watch != NULL || l->closed)
        return;
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return;
    w->loop = l;
    w->limit = l->slow_limit;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_mutex_lock(&life);
    (void)pthread_mutex_lock(&lock);
    rq_list_push_back(&watches, &w->link);
    (void)pthread_mutex_unlock(&lock);
    watch_count++;
    start_thread();
    (void)pthread_mutex_unlock(&life);
    l->watch = w;
}

void rio__watch_stop(struct rio_loop *l)
{
    struct rio__watch *w = l->watch;

    if (w == NULL)
        return;
    l->watch = NULL;
    (void)pthread_mutex_lock(&life);
    (void)pthread_mutex_lock(&lock);
    rq_list_remove(&w->link);
    (void)pthread_mutex_unlock(&lock);
    if (--watch_count == 0)
        stop_thread();
    (void)pthread_mutex_unlock(&life);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- the loop's side ---- */

void rio__watch_begin(struct rio_loop *l, const char *name)
{
    struct rio__watch *w = l->watch;

    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->step++;
    w->busy = true;
    w->limit = l->slow_limit;
    (void)snprintf(w->name, sizeof w->name, "%s", name);
    (void)pthread_mutex_unlock(&w->lock);
}

void rio__watch_end(struct rio_loop *l)
{
    struct rio__watch *w = l->watch;

    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->busy = false;
    (void)pthread_mutex_unlock(&w->lock);
}
