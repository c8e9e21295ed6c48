/* redis_process - a redis-server of a test's own.
 * SPDX-License-Identifier: MIT */
#include "support/redis_process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

enum { OPTIONS_MAX = 40, PATIENCE_MS = 10000 };

static void become_redis(const struct redis_process *r)
{
    const char *argv[OPTIONS_MAX + 12] = {
        "redis-server", "--port", "0", "--unixsocket", r->socket,  "--dir",
        r->dir,         "--save", "",  "--logfile",    "/dev/null"};
    size_t n = 11;

    for (size_t i = 0; r->options[i] != NULL && n < OPTIONS_MAX + 11; i++)
        argv[n++] = r->options[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void disconnect(struct redis_process *r)
{
    if (r->connection != NULL)
        redisFree(r->connection);
    r->connection = NULL;
}

/* Connected, and answering PING with PONG rather than LOADING. */
static int answers(void *arg)
{
    struct redis_process *r = arg;
    redisContext *c = redisConnectUnix(r->socket);
    redisReply *reply = c != NULL && c->err == 0 ? redisCommand(c, "PING") : NULL;
    int ready = reply != NULL && reply->type == REDIS_REPLY_STATUS;

    if (reply != NULL)
        freeReplyObject(reply);
    if (!ready && c != NULL)
        redisFree(c);
    if (ready)
        r->connection = c;
    return ready;
}

void redis_again(struct redis_process *r)
{
    ASSERT(r->pid == 0);
    r->pid = fork();
    ASSERT(r->pid >= 0);
    if (r->pid == 0)
        become_redis(r);
    int ready = eventually(answers, r);
    ASSERT(ready);
}

void redis_start(struct redis_process *r, const char *const *options)
{
    *r = (struct redis_process){.options = options};
    snprintf(r->dir, sizeof r->dir, "/tmp/ringq-test-XXXXXX");
    char *made = mkdtemp(r->dir);
    ASSERT(made != NULL);
    snprintf(r->socket, sizeof r->socket, "%s/s", r->dir);
    snprintf(r->url, sizeof r->url, "unix:%s", r->socket);
    redis_again(r);
}

void redis_kill(struct redis_process *r)
{
    ASSERT(r->pid > 0);
    disconnect(r);
    kill(r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    r->pid = 0;
}

void redis_stop(struct redis_process *r)
{
    if (r->pid > 0)
        redis_kill(r);
    remove_tree(r->dir);
}

/* A port that was free a moment ago. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(fd, (struct sockaddr *)&address, len);
    ASSERT(rc == 0);
    rc = getsockname(fd, (struct sockaddr *)&address, &len);
    ASSERT(rc == 0);
    close(fd);
    return ntohs(address.sin_port);
}

int redis_listen(struct redis_process *r)
{
    for (;;) { /* somebody may have taken it since */
        int port = free_port();
        redisReply *reply = redisCommand(r->connection, "CONFIG SET port %d", port);

        ASSERT(reply != NULL);
        bool listens = reply->type == REDIS_REPLY_STATUS;
        freeReplyObject(reply);
        if (listens)
            return port;
    }
}

__attribute__((format(printf, 2, 0))) static redisReply *
ask(struct redis_process *r, const char *format, va_list args)
{
    char command[512];
    const char *argv[32];
    size_t argc = 0;
    char *rest;

    ASSERT(r->connection != NULL);
    vsnprintf(command, sizeof command, format, args);
    for (char *word = strtok_r(command, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    redisReply *reply = redisCommandArgv(r->connection, (int)argc, argv, NULL);
    ASSERT(reply != NULL);
    if (reply->type == REDIS_REPLY_ERROR)
        fprintf(stderr, "redis: %s\n", reply->str);
    ASSERT(reply->type != REDIS_REPLY_ERROR);
    return reply;
}

int64_t redis_do(struct redis_process *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    redisReply *reply = ask(r, format, args);
    va_end(args);
    int64_t value = reply->type == REDIS_REPLY_INTEGER ? reply->integer
                    : reply->type == REDIS_REPLY_ARRAY ? (int64_t)reply->elements
                                                       : 0;
    freeReplyObject(reply);
    return value;
}

int64_t redis_text(struct redis_process *r, char *out, size_t size, const char *format,
                   ...)
{
    va_list args;
    int64_t len = -1;

    va_start(args, format);
    redisReply *reply = ask(r, format, args);
    va_end(args);
    out[0] = '\0';
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) {
        len = (int64_t)reply->len;
        snprintf(out, size, "%s", reply->str);
    }
    freeReplyObject(reply);
    return len;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int eventually(int (*holds)(void *arg), void *arg)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
        if (holds(arg))
            return 1;
        poll(NULL, 0, 5);
    }
    return holds(arg);
}
