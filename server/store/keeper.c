/* keeper - the small process between ringqd and its private redis-server.
 *
 * Nobody is left behind: the keeper asks for SIGTERM when ringqd dies, redis-server
 * asks for it when the keeper dies, and each checks that its parent was still there
 * when it asked.  Both leave the terminal's session, so that ^C reaches ringqd alone,
 * which then stops them after its last commit.
 * SPDX-License-Identifier: MIT */
#include "store/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIVES = 2,             /* of redis-server */
    STOP_LIMIT_MS = 30000, /* for an orderly end; then SIGKILL */
    TAIL = 1400,           /* bytes of Redis' log that are kept */
};

struct watch {
    const struct keeper *k;
    int signal_fd;
    pid_t redis; /* 0: not running */
    int log_fd;  /* -1: at its end */
    int status;  /* of the last death */
    char tail[TAIL];
    size_t tail_len;
};

/* ---- the child of the child ---- */

RQ_NORETURN static void become_redis(const struct keeper *k, int config_fd, int log_fd,
                                     pid_t parent)
{
    static char name[] = "redis-server", from_stdin[] = "-";
    char *const argv[] = {name, from_stdin, NULL};
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
        _exit(0);
    sigemptyset(&none);
    sigaction(SIGPIPE, &normal, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(config_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0 ||
        fcntl(k->lock_fd, F_SETFD, 0) < 0)
        _exit(126);
    execvp(argv[0], argv);
    atomic_store(&k->shared->exec_errno, errno);
    _exit(127);
}

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* whoever should read is gone, and its death will be seen */
        bytes += n;
        len -= (size_t)n;
    }
}

static void close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* Errors  -errno */
static int start_redis(struct watch *w)
{
    int config[2], log[2];
    pid_t self = getpid();

    if (pipe2(config, O_CLOEXEC) < 0)
        return -errno;
    if (pipe2(log, O_CLOEXEC) < 0) {
        int rc = -errno;
        close_pair(config);
        return rc;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_redis(w->k, config[0], log[1], self);
    int rc = pid < 0 ? -errno : 0;
    close(config[0]);
    close(log[1]);
    if (rc < 0) {
        close(config[1]);
        close(log[0]);
        return rc;
    }
    write_all(config[1], (const char *)w->k->config.ptr, w->k->config.len);
    close(config[1]);
    w->redis = pid;
    w->log_fd = log[0];
    atomic_store(&w->k->shared->redis_pid, pid);
    return 0;
}

/* ---- watching ---- */

static void keep_tail(struct watch *w, const char *text, size_t len)
{
    if (len > TAIL) {
        text += len - TAIL;
        len = TAIL;
    }
    if (w->tail_len + len > TAIL) {
        size_t drop = w->tail_len + len - TAIL;

        memmove(w->tail, w->tail + drop, w->tail_len - drop);
        w->tail_len -= drop;
    }
    memcpy(w->tail + w->tail_len, text, len);
    w->tail_len += len;
}

/* Reads what is there; closes at the end. */
static void read_log(struct watch *w)
{
    char text[1024];
    ssize_t n = read(w->log_fd, text, sizeof text);

    if (n > 0) {
        keep_tail(w, text, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(w->log_fd);
        w->log_fd = -1;
    }
}

/* Takes the death of Redis into account, if it has died. */
static void reap(struct watch *w)
{
    if (w->redis == 0 || waitpid(w->redis, &w->status, WNOHANG) != w->redis)
        return;
    w->redis = 0;
    atomic_store(&w->k->shared->redis_pid, 0);
}

/* Takes one signal; true when it says to stop. */
static bool take_signal(struct watch *w)
{
    struct signalfd_siginfo info;

    if (read(w->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    return info.ssi_signo == SIGTERM;
}

/* Waits until something happens, or `limit_ms` (-1: no limit).
 * Returns  true when the keeper shall stop */
static bool look(struct watch *w, int limit_ms)
{
    struct pollfd fds[] = {
        {.fd = w->k->control_fd, .events = POLLIN},
        {.fd = w->signal_fd, .events = POLLIN},
        {.fd = w->log_fd, .events = POLLIN}, /* -1 is ignored */
    };
    bool stop = false;

    if (poll(fds, 3, limit_ms) <= 0)
        return false;
    if (fds[2].revents != 0)
        read_log(w);
    if (fds[1].revents != 0)
        stop = take_signal(w);
    reap(w);
    return stop || fds[0].revents != 0;
}

/* What is still in the pipe when Redis has died. */
static void drain_log(struct watch *w)
{
    while (w->log_fd >= 0)
        read_log(w);
}

/* Orderly: Redis writes and syncs its AOF on SIGTERM. */
RQ_NORETURN static void stop_all(struct watch *w)
{
    struct pollfd signals = {.fd = w->signal_fd, .events = POLLIN};

    if (w->redis != 0)
        kill(w->redis, SIGTERM);
    for (int waited = 0; w->redis != 0 && waited < STOP_LIMIT_MS; waited += 100) {
        if (poll(&signals, 1, 100) > 0)
            (void)take_signal(w);
        while (w->log_fd >= 0 && poll(&(struct pollfd){w->log_fd, POLLIN, 0}, 1, 0) > 0)
            read_log(w);
        reap(w);
    }
    if (w->redis != 0) {
        kill(w->redis, SIGKILL);
        waitpid(w->redis, NULL, 0);
    }
    _exit(0);
}

static void say_last_words(struct watch *w)
{
    char words[KEEPER_WORDS];
    int error = atomic_load(&w->k->shared->exec_errno);
    int len;

    if (error != 0)
        len = snprintf(words, sizeof words, "redis-server cannot be started: %s",
                       strerror(error));
    else if (WIFSIGNALED(w->status))
        len =
            snprintf(words, sizeof words,
                     "redis-server was killed by signal %d; the end of its log:\n%.*s",
                     WTERMSIG(w->status), (int)w->tail_len, w->tail);
    else
        len = snprintf(words, sizeof words,
                       "redis-server ended with status %d; the end of its log:\n%.*s",
                       WEXITSTATUS(w->status), (int)w->tail_len, w->tail);
    if (len > 0)
        write_all(w->k->words_fd, words,
                  (size_t)len < sizeof words ? (size_t)len : sizeof words - 1);
}

/* ---- life ---- */

static int compare_fds(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Sockets of ringqd must not outlive it in here. */
static void close_all_but(int a, int b, int c)
{
    int keep[] = {a, b, c};
    unsigned from = 3;

    qsort(keep, 3, sizeof keep[0], compare_fds);
    for (size_t i = 0; i < 3; i++) {
        if ((unsigned)keep[i] > from)
            close_range(from, (unsigned)keep[i] - 1, 0);
        from = (unsigned)keep[i] + 1;
    }
    close_range(from, ~0U, 0);
}

static void leave_the_parent(const struct keeper *k)
{
    int null;

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != k->parent)
        _exit(0);
    setsid();
    umask(077);
    prctl(PR_SET_NAME, "ringq-keeper");
    close_all_but(k->control_fd, k->words_fd, k->lock_fd);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0)
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
}

static int watch_signals(void)
{
    sigset_t all, ours;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGCHLD);
    return signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

void keeper_main(const struct keeper *k)
{
    static struct watch w; /* this process has one */

    leave_the_parent(k);
    w = (struct watch){.k = k, .log_fd = -1, .signal_fd = watch_signals()};
    if (w.signal_fd < 0)
        _exit(1);
    for (int life = 0; life < LIVES && atomic_load(&k->shared->exec_errno) == 0;
         life++) {
        if (start_redis(&w) < 0)
            break;
        while (w.redis != 0)
            if (look(&w, -1))
                stop_all(&w);
        drain_log(&w);
    }
    say_last_words(&w);
    while (!look(&w, -1))
        ;
    _exit(1);
}
