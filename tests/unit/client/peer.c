/* peer - a small server in a thread, for tests of the worker.
 *
 * One mutex around everything; the thread gives it up in poll(2) only.  An eventfd
 * tells the thread that a test has changed something. SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/command.h"

#include "support/test.h"

enum { CONNS = 16, JOBS = 4096, ANSWERS = 8, LOG = 65536, NS_PER_MS = 1000000 };

struct conn {
    int fd; /* -1: free */
    struct rq_resp_reader reader;
    struct rq_buf in;
    struct rq_buf out; /* replies; those behind a waiting GET are in `held` */
    struct rq_buf held;
    bool waiting;   /* a GET is */
    unsigned count; /* its COUNT */
    int64_t until_ns;
    bool has_taken; /* has ever sent a GET */
    bool keeps;     /* KEEPLEASES */
};

struct job {
    char body[32];
    unsigned ttr_ms, leases;
    int holder; /* index of a connection; -1: ready; -2: done */
};

struct peer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char dir[64], url[128];
    int listen_fd, event_fd;
    bool ending, refuse, hold;
    struct conn conns[CONNS];
    struct job jobs[JOBS];
    unsigned job_count, done, connections;
    struct {
        char words[64], reply[128]; /* "": never answered */
    } answers[ANSWERS];
    char *log[LOG];
    unsigned log_count;
};

/* ---- replies ---- */

static struct rq_buf *out_of(struct conn *c)
{
    return c->waiting ? &c->held : &c->out;
}

static void say(struct rq_buf *b, const char *bytes)
{
    rq_ignore(rq_buf_append(b, bytes, strlen(bytes)));
}

static void say_job(struct rq_buf *b, const struct job *j, size_t n)
{
    char id[32], lease[32];

    (void)snprintf(id, sizeof id, "1-%zu", n + 1);
    (void)snprintf(lease, sizeof lease, "1-%zu:%u", n + 1, j->leases);
    rq_ignore(
        rq_buf_printf(b,
                      "%%6\r\n$2\r\nid\r\n$%zu\r\n%s\r\n$5\r\nlease\r\n$%zu\r\n%s\r\n"
                      "$5\r\nqueue\r\n$1\r\nq\r\n$4\r\nbody\r\n$%zu\r\n%s\r\n"
                      "$7\r\nattempt\r\n:%u\r\n$3\r\nttr\r\n:%u\r\n",
                      strlen(id), id, strlen(lease), lease, strlen(j->body), j->body,
                      j->leases, j->ttr_ms));
}

/* ---- the queue ---- */

static unsigned ready_count(const struct peer *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->job_count; i++)
        n += p->jobs[i].holder == -1;
    return n;
}

/* Serves the GET of `c` if it can be, or if its time is over. */
static void serve(struct peer *p, struct conn *c)
{
    unsigned n = ready_count(p);
    struct rq_buf *out = &c->out;

    if (!c->waiting || p->hold || (n == 0 && rq_clock_boottime_ns() < c->until_ns))
        return;
    if (n > c->count)
        n = c->count;
    if (n == 0)
        say(out, "_\r\n");
    else
        rq_ignore(rq_buf_printf(out, "*%u\r\n", n));
    for (unsigned i = 0; n > 0; i++) {
        struct job *j = &p->jobs[i];

        if (j->holder != -1)
            continue;
        j->holder = (int)(c - p->conns);
        j->leases++;
        say_job(out, j, i);
        n--;
    }
    c->waiting = false;
    rq_ignore(rq_buf_append_slice(out, rq_buf_slice(&c->held)));
    rq_buf_clear(&c->held);
}

static struct job *job_of(struct peer *p, struct rq_slice word)
{
    struct rq_lease lease;

    if (rq_lease_parse(word, &lease) < 0 || lease.number > p->job_count)
        return NULL;
    struct job *j = &p->jobs[lease.number - 1];
    return j->holder >= 0 && j->leases == lease.n ? j : NULL;
}

/* ---- commands ---- */

static void get(struct conn *c, const struct rq_cmd *cmd)
{
    struct rq_get get;
    struct rq_complaint why;

    if (rq_get_parse(cmd, &get, &why) < 0) {
        say(out_of(c), "-BADARG of GET\r\n");
        return;
    }
    c->has_taken = true;
    c->waiting = true;
    c->count = get.count;
    c->until_ns = rq_clock_boottime_ns() + get.block_ms * NS_PER_MS;
}

static void settle(struct peer *p, struct conn *c, const struct rq_cmd *cmd)
{
    struct job *j = job_of(p, cmd->argv[1]);
    bool is_touch = rq_slice_eq(cmd->argv[0], RQ_LIT("TOUCH"));
    bool is_done = rq_slice_eq(cmd->argv[0], RQ_LIT("DONE"));

    if (j == NULL) {
        say(out_of(c), "-STALE it is no longer yours\r\n");
    } else if (is_touch) {
        rq_ignore(rq_buf_printf(out_of(c), "*1\r\n*2\r\n$%zu\r\n%.*s\r\n:1\r\n",
                                cmd->argv[1].len, (int)cmd->argv[1].len,
                                (const char *)cmd->argv[1].ptr));
    } else {
        bool is_fail = rq_slice_eq(cmd->argv[0], RQ_LIT("FAIL"));

        j->holder = is_done || is_fail ? -2 : -1;
        p->done += is_done;
        say(out_of(c), is_done   ? ":1\r\n"
                       : is_fail ? "*2\r\n$4\r\ndead\r\n:0\r\n"
                                 : "+OK\r\n");
    }
}

static const char *answer_for(const struct peer *p, const char *words)
{
    for (size_t i = 0; i < ANSWERS; i++)
        if (p->answers[i].words[0] != '\0' &&
            strncmp(words, p->answers[i].words, strlen(p->answers[i].words)) == 0)
            return p->answers[i].reply;
    return NULL;
}

static const char *note(struct peer *p, const struct rq_cmd *cmd)
{
    char words[256];
    size_t len = 0;

    for (size_t i = 0; i < cmd->argc && len < sizeof words; i++)
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%.*s",
                                i > 0 ? " " : "", (int)cmd->argv[i].len,
                                (const char *)cmd->argv[i].ptr);
    if (p->log_count == LOG)
        abort();
    p->log[p->log_count] = strdup(words);
    return p->log[p->log_count++];
}

static void obey(struct peer *p, struct conn *c, const struct rq_cmd *cmd)
{
    const char *words = note(p, cmd);
    const char *answer = answer_for(p, words);

    if (answer != NULL)
        say(out_of(c), answer);
    else if (strncmp(words, "HELLO", 5) == 0) {
        c->keeps = strstr(words, "KEEPLEASES") != NULL;
        say(out_of(c), "%1\r\n$6\r\nserver\r\n$5\r\nringq\r\n");
    } else if (strncmp(words, "GET", 3) == 0)
        get(c, cmd);
    else
        settle(p, c, cmd);
}

/* ---- connections ---- */

static void hang_up(struct peer *p, struct conn *c)
{
    if (c->fd < 0)
        return;
    (void)close(c->fd);
    c->fd = -1;
    rq_buf_fini(&c->in);
    rq_buf_fini(&c->out);
    rq_buf_fini(&c->held);
    rq_resp_reader_fini(&c->reader);
    for (unsigned i = 0; i < p->job_count; i++)
        if (p->jobs[i].holder == (int)(c - p->conns) && !c->keeps)
            p->jobs[i].holder = -1;
}

static void answer_call(struct peer *p)
{
    int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct conn *c = p->conns;

    if (fd < 0)
        return;
    p->connections++;
    while (c < p->conns + CONNS && c->fd >= 0)
        c++;
    if (p->refuse || c == p->conns + CONNS) {
        (void)close(fd);
        return;
    }
    *c = (struct conn){.fd = fd};
    rq_buf_init(&c->in, 1 << 20);
    rq_buf_init(&c->out, 1 << 20);
    rq_buf_init(&c->held, 1 << 20);
    rq_resp_reader_init(&c->reader, 1 << 16, 1 << 20);
}

static void listen_to(struct peer *p, struct conn *c)
{
    struct rq_cmd cmd;
    ssize_t n;
    long used;

    rq_ignore(rq_buf_reserve(&c->in, 4096));
    n = recv(c->fd, rq_buf_tail(&c->in), rq_buf_room(&c->in), 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            hang_up(p, c);
        return;
    }
    rq_buf_commit(&c->in, (size_t)n);
    while ((used = rq_resp_read(&c->reader, rq_buf_slice(&c->in), &cmd)) > 0) {
        obey(p, c, &cmd);
        rq_buf_consume(&c->in, (size_t)used);
    }
    if (used < 0)
        hang_up(p, c);
}

static void speak(struct peer *p, struct conn *c)
{
    struct rq_slice s;
    ssize_t n;

    if (c->fd < 0)
        return;
    serve(p, c);
    s = rq_buf_slice(&c->out);
    if (s.len == 0)
        return;
    n = send(c->fd, s.ptr, s.len, MSG_NOSIGNAL);
    if (n > 0)
        rq_buf_consume(&c->out, (size_t)n);
}

/* ---- the thread ---- */

static void turn(struct peer *p)
{
    struct pollfd fds[CONNS + 2];
    uint64_t count;

    for (size_t i = 0; i < CONNS; i++)
        fds[i] = (struct pollfd){.fd = p->conns[i].fd, .events = POLLIN};
    fds[CONNS] = (struct pollfd){.fd = p->listen_fd, .events = POLLIN};
    fds[CONNS + 1] = (struct pollfd){.fd = p->event_fd, .events = POLLIN};
    pthread_mutex_unlock(&p->mutex);
    rq_ignore(poll(fds, CONNS + 2, 5) < 0); /* short: a GET may run out */
    pthread_mutex_lock(&p->mutex);
    if (fds[CONNS + 1].revents != 0)
        rq_ignore(read(p->event_fd, &count, sizeof count) < 0);
    for (size_t i = 0; i < CONNS; i++)
        if (fds[i].revents != 0 && p->conns[i].fd == fds[i].fd)
            listen_to(p, &p->conns[i]);
    if (fds[CONNS].revents != 0)
        answer_call(p);
    for (size_t i = 0; i < CONNS; i++)
        speak(p, &p->conns[i]);
    pthread_cond_broadcast(&p->changed);
}

static void *run(void *arg)
{
    struct peer *p = arg;

    pthread_mutex_lock(&p->mutex);
    while (!p->ending)
        turn(p);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

struct peer *peer_begin(void)
{
    struct peer *p = calloc(1, sizeof *p);
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    assert_non_null(p);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/ringq-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->url, sizeof p->url, "unix:%s/s", p->dir);
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/s", p->dir);
    p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_return_code(bind(p->listen_fd, (struct sockaddr *)&to, sizeof to), errno);
    assert_return_code(listen(p->listen_fd, 16), errno);
    p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_return_code(p->event_fd, errno);
    for (size_t i = 0; i < CONNS; i++)
        p->conns[i].fd = -1;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

static void lock(struct peer *p)
{
    pthread_mutex_lock(&p->mutex);
}

static void unlock(struct peer *p)
{
    uint64_t one = 1;

    rq_ignore(write(p->event_fd, &one, sizeof one) < 0);
    pthread_mutex_unlock(&p->mutex);
}

void peer_end(struct peer *p)
{
    lock(p);
    p->ending = true;
    unlock(p);
    pthread_join(p->thread, NULL);
    for (size_t i = 0; i < CONNS; i++)
        hang_up(p, &p->conns[i]);
    (void)close(p->listen_fd);
    (void)close(p->event_fd);
    (void)unlink(p->url + strlen("unix:"));
    (void)rmdir(p->dir);
    for (unsigned i = 0; i < p->log_count; i++)
        free(p->log[i]);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

const char *peer_url(const struct peer *p)
{
    return p->url;
}

void peer_put(struct peer *p, const char *body, unsigned ttr_ms)
{
    struct job *j;

    lock(p);
    if (p->job_count == JOBS)
        abort();
    j = &p->jobs[p->job_count++];
    *j = (struct job){.ttr_ms = ttr_ms, .holder = -1};
    (void)snprintf(j->body, sizeof j->body, "%s", body);
    unlock(p);
}

void peer_answer(struct peer *p, const char *words, const char *reply)
{
    size_t i = 0;

    lock(p);
    while (p->answers[i].words[0] != '\0' && strcmp(p->answers[i].words, words) != 0)
        if (++i == ANSWERS)
            abort();
    (void)snprintf(p->answers[i].words, sizeof p->answers[i].words, "%s",
                   reply != NULL ? words : "");
    (void)snprintf(p->answers[i].reply, sizeof p->answers[i].reply, "%s",
                   reply != NULL ? reply : "");
    unlock(p);
}

void peer_drop(struct peer *p, enum peer_which which)
{
    lock(p);
    for (size_t i = 0; i < CONNS; i++)
        if (which == PEER_ALL || p->conns[i].has_taken == (which == PEER_TAKERS))
            hang_up(p, &p->conns[i]);
    unlock(p);
}

void peer_hold(struct peer *p, bool hold)
{
    lock(p);
    p->hold = hold;
    unlock(p);
}

void peer_refuse(struct peer *p, bool refuse)
{
    lock(p);
    p->refuse = refuse;
    unlock(p);
}

static unsigned seen(const struct peer *p, const char *words)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->log_count; i++)
        n += strncmp(p->log[i], words, strlen(words)) == 0;
    return n;
}

unsigned peer_seen(struct peer *p, const char *words)
{
    unsigned n;

    lock(p);
    n = seen(p, words);
    unlock(p);
    return n;
}

unsigned peer_connections(struct peer *p)
{
    unsigned n;

    lock(p);
    n = p->connections;
    unlock(p);
    return n;
}

unsigned peer_done(struct peer *p)
{
    unsigned n;

    lock(p);
    n = p->done;
    unlock(p);
    return n;
}

unsigned peer_ready(struct peer *p)
{
    unsigned n;

    lock(p);
    n = ready_count(p);
    unlock(p);
    return n;
}

void peer_await(struct peer *p, const char *words, unsigned count)
{
    int64_t end = rq_clock_boottime_ns() + INT64_C(20000000000);

    lock(p);
    while (seen(p, words) < count && rq_clock_boottime_ns() < end)
        pthread_cond_wait(&p->changed, &p->mutex);
    count = seen(p, words) >= count;
    unlock(p);
    assert_true(count);
}
