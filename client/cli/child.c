/* child - runs a program: bytes in, bytes out, a time limit, and no trace left behind.
 *
 * fork() rather than posix_spawn(), for the sake of PR_SET_PDEATHSIG: a runner that is
 * killed gives its leases back at once, and its programs must not go on beside the next
 * attempt.
 *
 * The process is reaped last: as a zombie it keeps its number, so that a signal to its
 * group cannot meet strangers.
 * SPDX-License-Identifier: MIT */
#include "cli/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/clock.h"

enum {
    STATUS_NOT_RUN = 126,
    STATUS_NOT_FOUND = 127,
    CHUNK = 1024,
    CHUNKS = 64, /* read at a time, so that an endless writer cannot hold us */
    OUTPUT_FIRST = 4096,
};

/* A line that is not complete yet. */
struct line {
    char text[CHILD_LINE_MAX];
    size_t len;
};

struct child {
    const struct child_spec *spec;
    struct child_end *end;
    pid_t pid;
    int pidfd; /* -1 where the kernel has none: then we only look again and again */
    int in, out, err;                       /* our ends; -1: closed */
    size_t written;                         /* bytes of the input */
    size_t capacity;                        /* of end->output */
    struct line lines[2];                   /* of stdout, stderr */
    int64_t timeout_us, kill_us, linger_us; /* when; INT64_MAX: never */
    bool leaving, exited;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- start ---- */

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int child_find(const char *program)
{
    const char *path = getenv("PATH");
    bool found = false;

    if (strchr(program, '/') != NULL)
        return is_program(program) ? 0 : access(program, F_OK) == 0 ? -EACCES : -ENOENT;
    for (const char *at = path != NULL ? path : "/usr/bin:/bin";
         at != NULL && !found;) {
        const char *colon = strchr(at, ':');
        size_t len = colon != NULL ? (size_t)(colon - at) : strlen(at);
        /* An empty part is the working directory. */
        char *name;
        if (asprintf(&name, "%.*s/%s", len > 0 ? (int)len : 1, len > 0 ? at : ".",
                     program) < 0)
            return -ENOMEM;
        found = is_program(name);
        free(name);
        at = colon != NULL ? colon + 1 : NULL;
    }
    return found ? 0 : -ENOENT;
}

/* What runs between fork() and exec: nothing but system calls, since other threads may
 * have held any lock. */
static void become(const struct child_spec *spec, const int fds[3], int report,
                   pid_t parent)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_NOT_FOUND);
    (void)sigaction(SIGPIPE, &usual, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int fd = 0; fd < 3; fd++)
        (void)dup2(fds[fd], fd);
    (void)execvpe(spec->argv[0], spec->argv, spec->envp);
    int error = errno;
    _exit(write(report, &error, sizeof error) < 0 ? STATUS_NOT_RUN : STATUS_NOT_FOUND);
}

/* Errors  -errno of fork() or exec */
static int fork_child(struct child *c, const int fds[3])
{
    int report[2], error = 0;
    pid_t parent = getpid();

    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    c->pid = fork();
    if (c->pid == 0)
        become(c->spec, fds, report[1], parent);
    int rc = c->pid < 0 ? -errno : 0;
    (void)close(report[1]);
    if (rc == 0) {
        (void)setpgid(c->pid, c->pid); /* whoever comes first */
        ssize_t n;
        do
            n = read(report[0], &error, sizeof error); /* ends at exec */
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t)sizeof error) {
            (void)waitpid(c->pid, NULL, 0);
            rc = -error;
        }
    }
    (void)close(report[0]);
    return rc;
}

static int start(struct child *c)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    int rc = 0;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
        pipe2(err, O_CLOEXEC) < 0)
        rc = -errno;
    c->in = in[1];
    c->out = out[0];
    c->err = err[0];
    /* Ours only: programs do not expect pipes that say EAGAIN. */
    if (rc == 0 && (fcntl(c->in, F_SETFL, O_NONBLOCK) < 0 ||
                    fcntl(c->out, F_SETFL, O_NONBLOCK) < 0 ||
                    fcntl(c->err, F_SETFL, O_NONBLOCK) < 0))
        rc = -errno;
    if (rc == 0)
        rc = fork_child(c, (const int[]){in[0], out[1], err[1]});
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    if (rc == 0)
        c->pidfd = pidfd_open(c->pid, 0);
    return rc;
}

/* ---- bytes ---- */

static void write_input(struct child *c)
{
    size_t left = c->spec->input_len - c->written;
    ssize_t n = 0;

    if (left > 0)
        n = write(c->in, (const char *)c->spec->input + c->written, left);
    if (n > 0)
        c->written += (size_t)n;
    bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
    /* EPIPE: a program need not read its input. */
    if (c->written == c->spec->input_len || (n < 0 && !again))
        close_fd(&c->in);
}

static void keep_output(struct child *c, const char *bytes, size_t len)
{
    struct child_end *end = c->end;
    size_t room = c->spec->output_max - end->output_len;

    if (len > room) {
        end->truncated = true;
        len = room;
    }
    if (len > c->capacity - end->output_len) {
        size_t capacity = c->capacity == 0 ? OUTPUT_FIRST : c->capacity;
        while (capacity < end->output_len + len)
            capacity *= 2;
        char *output = realloc(end->output, capacity);
        if (output == NULL) {
            end->truncated = true;
            return;
        }
        end->output = output;
        c->capacity = capacity;
    }
    if (len > 0)
        memcpy(end->output + end->output_len, bytes, len);
    end->output_len += len;
}

static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->len; i++) {
        if (!isspace((unsigned char)line->text[i]))
            return false;
    }
    return true;
}

static void end_line(struct child *c, bool is_error)
{
    struct line *line = &c->lines[is_error];

    if (is_error && !is_blank(line)) {
        memcpy(c->end->last_error, line->text, line->len);
        c->end->last_error[line->len] = '\0';
    }
    if (c->spec->on_line != NULL)
        c->spec->on_line(c->spec->arg, is_error, line->text, line->len);
    line->len = 0;
}

static void split_lines(struct child *c, bool is_error, const char *bytes, size_t len)
{
    struct line *line = &c->lines[is_error];

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(c, is_error);
            continue;
        }
        if (line->len == CHILD_LINE_MAX)
            end_line(c, is_error);
        line->text[line->len++] = bytes[i];
    }
}

/* Reads what is there, but not more than a full pipe holds. */
static void read_pipe(struct child *c, bool is_error)
{
    int *fd = is_error ? &c->err : &c->out;
    char chunk[CHUNK];

    for (int i = 0; i < CHUNKS && *fd >= 0; i++) {
        ssize_t n = read(*fd, chunk, sizeof chunk);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            close_fd(fd);
            return;
        }
        if (!is_error)
            keep_output(c, chunk, (size_t)n);
        if (is_error || c->spec->on_line != NULL)
            split_lines(c, is_error, chunk, (size_t)n);
    }
}

/* ---- life ---- */

static void tell_group(const struct child *c, int number)
{
    (void)kill(-c->pid, number);
}

static void ask_to_leave(struct child *c, int64_t now)
{
    c->leaving = true;
    c->timeout_us = INT64_MAX;
    c->kill_us = now + c->spec->grace_ms * 1000;
    tell_group(c, SIGTERM);
    tell_group(c, SIGCONT); /* a stopped program would not hear of it */
}

static void check_limits(struct child *c, int64_t now)
{
    if (c->exited)
        return;
    if (!c->leaving && now >= c->timeout_us) {
        c->end->timed_out = true;
        ask_to_leave(c, now);
    }
    if (!c->leaving && c->spec->should_leave != NULL &&
        c->spec->should_leave(c->spec->arg)) {
        c->end->left = true;
        ask_to_leave(c, now);
    }
    if (now >= c->kill_us) {
        tell_group(c, SIGKILL);
        c->kill_us = INT64_MAX;
    }
}

static void check_exit(struct child *c)
{
    siginfo_t info = {0};

    if (c->exited ||
        waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return;
    if (info.si_pid == 0)
        return;
    c->exited = true;
    c->timeout_us = c->kill_us = INT64_MAX;
    c->linger_us = clock_us() + CHILD_LINGER_MS * 1000;
    close_fd(&c->in);
}

static void wait_for_events(struct child *c, int64_t now)
{
    /* poll() passes over descriptors that are -1. */
    struct pollfd fds[] = {
        {.fd = c->in, .events = POLLOUT},
        {.fd = c->out, .events = POLLIN},
        {.fd = c->err, .events = POLLIN},
        {.fd = c->exited ? -1 : c->pidfd, .events = POLLIN},
    };
    int64_t until = min_of(c->timeout_us, min_of(c->kill_us, c->linger_us));
    int64_t ms = until > now ? min_of((until - now) / 1000 + 1, CHILD_ASK_MS) : 0;

    if (poll(fds, 4, (int)ms) <= 0)
        return;
    if (fds[0].revents != 0)
        write_input(c);
    if (fds[1].revents != 0)
        read_pipe(c, false);
    if (fds[2].revents != 0)
        read_pipe(c, true);
}

static void live(struct child *c)
{
    for (;;) {
        int64_t now = clock_us();
        bool silent = c->out < 0 && c->err < 0;
        if (c->exited && (silent || now >= c->linger_us))
            return;
        check_limits(c, now);
        wait_for_events(c, now);
        check_exit(c);
    }
}

static void finish(struct child *c)
{
    tell_group(c, SIGKILL);
    while (waitpid(c->pid, &c->end->status, 0) < 0 && errno == EINTR)
        continue;
    read_pipe(c, false);
    read_pipe(c, true);
    for (int i = 0; i < 2; i++) {
        if (c->lines[i].len > 0)
            end_line(c, i == 1);
    }
}

int child_run(const struct child_spec *spec, struct child_end *out)
{
    struct child *c = calloc(1, sizeof *c);

    *out = (struct child_end){0};
    if (c == NULL)
        return -ENOMEM;
    c->spec = spec;
    c->end = out;
    c->pidfd = -1;
    c->timeout_us = c->kill_us = c->linger_us = INT64_MAX;
    if (spec->timeout_ms > 0)
        c->timeout_us = clock_us() + spec->timeout_ms * 1000;
    int rc = start(c);
    if (rc == 0) {
        live(c);
        finish(c);
    }
    close_fd(&c->in);
    close_fd(&c->out);
    close_fd(&c->err);
    close_fd(&c->pidfd);
    free(c);
    return rc;
}
