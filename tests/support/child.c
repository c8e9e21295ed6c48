/* child.c - see child.h.
 * SPDX-License-Identifier: MIT */
#include "support/child.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

enum { PATIENCE_MS = 60000 };

/* cmocka has handlers of its own for what kills a process. */
static void reset_signals(void)
{
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction sa = {.sa_handler = SIG_DFL};

    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        (void)sigaction(fatal[i], &sa, NULL);
}

void child_start(struct child *c, long (*fn)(void))
{
    int out[2];

    child_forget(c);
    assert_int_equal(pipe(out), 0);
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0) {
        reset_signals();
        (void)close(out[0]);
        (void)dup2(out[1], STDERR_FILENO);
        _exit(fn() < 0 ? 1 : 0);
    }
    (void)close(out[1]);
    c->err = out[0];
}

static bool read_more(struct child *c)
{
    struct pollfd p = {.fd = c->err, .events = POLLIN};
    ssize_t n;

    if (c->used == sizeof c->text - 1 || poll(&p, 1, PATIENCE_MS) <= 0)
        return false;
    n = read(c->err, c->text + c->used, sizeof c->text - 1 - c->used);
    if (n <= 0)
        return false;
    c->used += (size_t)n;
    c->text[c->used] = '\0';
    return true;
}

bool child_says(struct child *c, const char *word)
{
    while (strstr(c->text, word) == NULL)
        if (!read_more(c))
            return false;
    return true;
}

void child_forget(struct child *c)
{
    c->used = 0;
    c->text[0] = '\0';
}

int child_end(struct child *c, int signo)
{
    int status = 0;

    if (signo != 0)
        (void)kill(c->pid, signo);
    while (read_more(c))
        continue;
    (void)waitpid(c->pid, &status, 0);
    (void)close(c->err);
    return status;
}
