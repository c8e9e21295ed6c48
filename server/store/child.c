/* child - the private redis-server, seen from ringqd.
 *
 * In the data directory: `lock`, held by us and by Redis as long as either lives;
 * `redis/` with the append-only file; `redis.sock`, unless its path is too long for a
 * socket.  Redis is configured through its standard input: no file, no secret in
 * arguments.
 * SPDX-License-Identifier: MIT */
#include "store/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "store/keeper.h"

enum {
    CHILD_WHY = 2048,
    CONFIG_MAX = 32 << 10,
    SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
    URL_MAX = 5 + SOCKET_PATH_MAX + 1, /* unix:/path and a NUL */
    LOCK_WAIT_MS = 5000,               /* for the Redis of a ringqd that was killed */
    START_WAIT_MS = 30000,             /* without any answer */
    POLL_MS = 5,
};

struct child {
    char url[URL_MAX];
    struct keeper_shared *shared;
    pid_t keeper;
    int control_fd, words_fd;
    char words[KEEPER_WORDS];
    size_t words_len;
};

/* ---- the lock ---- */

/* Blocks: nothing here runs inside a loop. */
static void pause_ms(int ms)
{
    rq_ignore(poll(NULL, 0, ms));
}

/* The pid that the holder wrote into the lock, or 0. */
static int read_holder(int fd)
{
    char text[RQ_NUM_DIGITS + 1];
    uint64_t pid;
    ssize_t n = pread(fd, text, sizeof text, 0);

    if (n <= 0 || rq_num_u64(rq_slice(text, (size_t)n), 1, INT32_MAX, &pid) < 0)
        return 0;
    return (int)pid;
}

static bool is_alive(int pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A holder that is dead has left its Redis, which ends by itself: wait for that. */
static int take_lock(int fd, int *out_pid)
{
    for (int waited = 0;; waited += POLL_MS) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        *out_pid = read_holder(fd);
        if (is_alive(*out_pid) || waited >= LOCK_WAIT_MS)
            return -EWOULDBLOCK;
        pause_ms(POLL_MS);
    }
}

static int write_holder(int fd)
{
    char text[RQ_NUM_DIGITS];
    size_t len = rq_num_format((uint64_t)getpid(), text);

    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, len, 0) != (ssize_t)len)
        return -EIO;
    return 0;
}

static int open_lock(const char *data_dir)
{
    int dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return -errno;
    int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd < 0 ? -errno : fd;
    close(dir);
    return rc;
}

int child_lock(const char *data_dir, int *out_pid)
{
    int fd = open_lock(data_dir);

    *out_pid = 0;
    if (fd < 0)
        return fd;
    int rc = take_lock(fd, out_pid);
    if (rc == 0)
        rc = write_holder(fd);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

/* ---- the configuration ---- */

/* In quotes, everything unusual as \xHH: a path cannot become a second directive. */
static int append_quoted(struct rq_buf *out, const char *text)
{
    int rc = rq_buf_append_byte(out, '"');

    for (; rc == 0 && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool usual = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || strchr("/._-+,:@=", c) != NULL;

        rc = usual ? rq_buf_append_byte(out, c) : rq_buf_printf(out, "\\x%02x", c);
    }
    return rc < 0 ? rc : rq_buf_append_slice(out, RQ_LIT("\"\n"));
}

/* There is always an AOF, so that a clean stop keeps the jobs at every level, and a
 * change of the level finds them; below everysec nobody waits for the disk. */
static int append_persistence(struct rq_buf *out, enum store_level level)
{
    const char *when = level == STORE_FSYNC      ? "always"
                       : level == STORE_EVERYSEC ? "everysec"
                                                 : "no";

    return rq_buf_printf(out, "appendonly yes\nappendfsync %s\n", when);
}

/* What is sealed does not get smaller: to try that was a tenth of Redis' processor
 * time. Nobody asks this Redis how long its commands take.  And a log that is trimmed
 * all the time is rewritten from next to nothing, which need not be every 64 MB. */
#define THRIFT                     \
    "rdbcompression no\n"          \
    "latency-tracking no\n"        \
    "slowlog-log-slower-than -1\n" \
    "auto-aof-rewrite-min-size 256mb\n"

static int write_config(struct rq_buf *out, const char *socket_path,
                        const char *redis_dir, enum store_level level)
{
    int rc =
        rq_buf_append_slice(out, RQ_LIT("port 0\nunixsocketperm 700\nunixsocket "));

    if (rc == 0)
        rc = append_quoted(out, socket_path);
    if (rc == 0)
        rc = rq_buf_append_slice(out, RQ_LIT("dir "));
    if (rc == 0)
        rc = append_quoted(out, redis_dir);
    if (rc == 0)
        rc = append_persistence(out, level);
    if (rc == 0)
        rc = rq_buf_append_slice(
            out, RQ_LIT("save \"\"\nno-appendfsync-on-rewrite no\n"
                        "maxmemory-policy noeviction\n" THRIFT
                        "daemonize no\nlogfile \"\"\nloglevel notice\n"));
    return rc;
}

/* ---- places ---- */

static int fail(char *why, int rc, const char *what, const char *place)
{
    snprintf(why, CHILD_WHY, "%s %s: %s", what, place, rq_err_text(rc));
    return rc;
}

/* Writes unix:/path if it fits a socket. */
static bool take_path(char *url, const char *dir, const char *name)
{
    int len = snprintf(url, URL_MAX, "unix:%s/%s", dir, name);

    return len > 0 && len < URL_MAX;
}

static int use_runtime_dir(char *url, const char *runtime, char *why)
{
    char name[64], *dir;

    if (asprintf(&dir, "%s/ringq", runtime) < 0)
        return -ENOMEM;
    int rc = rq_file_make_private_dir(dir);
    if (rc < 0)
        rq_ignore(fail(why, rc, "cannot use the runtime directory", dir));
    snprintf(name, sizeof name, "redis-%ld.sock", (long)getpid());
    if (rc == 0 && !take_path(url, dir, name))
        rc = -ENAMETOOLONG;
    free(dir);
    return rc;
}

/* In the data directory, or in the runtime directory when that path is too long. */
static int choose_socket(const char *data_dir, char *url, char *why)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    int rc = -ENAMETOOLONG;

    if (take_path(url, data_dir, "redis.sock"))
        return 0;
    if (runtime != NULL && runtime[0] == '/')
        rc = use_runtime_dir(url, runtime, why);
    if (rc == -ENAMETOOLONG)
        snprintf(why, CHILD_WHY,
                 "the path of the data directory is too long for a socket (%zu bytes, "
                 "%d are "
                 "possible); choose a shorter --data-dir, or set XDG_RUNTIME_DIR",
                 strlen(data_dir), (int)(SOCKET_PATH_MAX - sizeof "/redis.sock" + 1));
    return rc;
}

/* Resolves the data directory and makes the place for the AOF. */
static int choose_places(const char *data_dir, char *url, char **out_redis_dir,
                         char *why)
{
    char *whole = realpath(data_dir, NULL), *redis_dir = NULL;
    int rc;

    if (whole == NULL)
        return fail(why, -errno, "cannot use the data directory", data_dir);
    rc = asprintf(&redis_dir, "%s/redis", whole) < 0 ? -ENOMEM : 0;
    if (rc == 0) {
        rc = rq_file_make_private_dir(redis_dir);
        if (rc < 0)
            rq_ignore(fail(why, rc, "cannot use", redis_dir));
    }
    if (rc == 0)
        rc = choose_socket(whole, url, why);
    free(whole);
    if (rc < 0) {
        free(redis_dir);
        return rc;
    }
    *out_redis_dir = redis_dir;
    return 0;
}

/* ---- waiting for the first PONG ---- */

/* Asks once.  Returns  1: it answers;  0: it loads;  -errno: nothing yet */
static int ask(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[16] = "";
    int rc = -EAGAIN;

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
        poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000) > 0 &&
        recv(fd, answer, sizeof answer - 1, 0) > 0) {
        if (strncmp(answer, "+PONG", 5) == 0)
            rc = 1;
        else if (strncmp(answer, "-LOADING", 8) == 0)
            rc = 0;
    }
    close(fd);
    return rc;
}

static bool has_given_up(const struct child *child)
{
    return poll(&(struct pollfd){child->words_fd, POLLIN, 0}, 1, 0) > 0;
}

static int explain_death(struct child *child, char *why)
{
    int error = atomic_load(&child->shared->exec_errno);

    if (error == ENOENT) {
        snprintf(why, CHILD_WHY,
                 "redis-server is not installed; install it (apt-get install "
                 "redis-server), or name a running Redis with --redis URL");
        return -ENOENT;
    }
    snprintf(why, CHILD_WHY, "%s", child_last_words(child));
    return error != 0 ? -error : -EIO;
}

static int wait_until_ready(struct child *child, char *why)
{
    int64_t start = rq_clock_boottime_ns(), reported = start, answered = start;

    for (;;) {
        int rc = ask(child->url + 5);
        int64_t now = rq_clock_boottime_ns();

        if (rc == 1)
            return 0;
        if (rc == 0)
            answered = now;
        if (rc == 0 && now - reported >= 1000000000) {
            LOG_INFO("event=redis_loading seconds=%lld",
                     (long long)((now - start) / 1000000000));
            reported = now;
        }
        if (has_given_up(child))
            return explain_death(child, why);
        if (now - answered > (int64_t)START_WAIT_MS * 1000000) {
            snprintf(why, CHILD_WHY,
                     "redis-server was started but does not answer at %s", child->url);
            return -ETIMEDOUT;
        }
        pause_ms(POLL_MS);
    }
}

/* ---- life ---- */

static void free_child(struct child *child)
{
    if (child->shared != NULL)
        munmap(child->shared, sizeof *child->shared);
    if (child->control_fd >= 0)
        close(child->control_fd);
    if (child->words_fd >= 0)
        close(child->words_fd);
    free(child);
}

static struct child *new_child(void)
{
    struct child *child = calloc(1, sizeof *child);

    if (child == NULL)
        return NULL;
    child->control_fd = child->words_fd = -1;
    void *shared = mmap(NULL, sizeof *child->shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        free_child(child);
        return NULL;
    }
    child->shared = shared;
    return child;
}

/* Errors  -errno */
static int fork_keeper(struct child *child, int lock_fd, struct rq_slice config)
{
    int control[2], words[2];
    pid_t self = getpid();

    if (pipe2(control, O_CLOEXEC) < 0)
        return -errno;
    child->control_fd = control[1];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0) {
        int rc = -errno;
        close(control[0]);
        return rc;
    }
    child->words_fd = words[0];
    child->keeper = fork();
    if (child->keeper == 0) {
        const struct keeper k = {.parent = self,
                                 .control_fd = control[0],
                                 .words_fd = words[1],
                                 .lock_fd = lock_fd,
                                 .config = config,
                                 .shared = child->shared};
        keeper_main(&k);
    }
    int rc = child->keeper < 0 ? -errno : 0;
    close(control[0]);
    close(words[1]);
    return rc;
}

static int start(struct child *child, const struct child_config *config, char *why)
{
    struct rq_buf text;
    char *redis_dir = NULL;

    rq_buf_init(&text, CONFIG_MAX);
    int rc = choose_places(config->data_dir, child->url, &redis_dir, why);
    if (rc == 0)
        rc = write_config(&text, child->url + 5, redis_dir, config->level);
    if (rc == 0)
        rc = fork_keeper(child, config->lock_fd, rq_buf_slice(&text));
    if (rc < 0 && why[0] == '\0')
        snprintf(why, CHILD_WHY, "cannot start the keeper of Redis: %s",
                 rq_err_text(rc));
    free(redis_dir);
    rq_buf_fini(&text);
    return rc;
}

int child_start(const struct child_config *config, char *why, struct child **out)
{
    struct child *child = new_child();
    int rc;

    why[0] = '\0';
    if (child == NULL) {
        snprintf(why, CHILD_WHY, "no memory for the keeper of Redis");
        return -ENOMEM;
    }
    rc = start(child, config, why);
    if (rc < 0) {
        free_child(child);
        return rc;
    }
    rc = wait_until_ready(child, why);
    if (rc < 0) {
        child_stop(child);
        return rc;
    }
    *out = child;
    return 0;
}

const char *child_url(const struct child *child)
{
    return child->url;
}

int child_redis_pid(const struct child *child)
{
    return atomic_load(&child->shared->redis_pid);
}

int child_fd(const struct child *child)
{
    return child->words_fd;
}

const char *child_last_words(struct child *child)
{
    ssize_t n;

    while (child->words_len < sizeof child->words - 1 &&
           (n = read(child->words_fd, child->words + child->words_len,
                     sizeof child->words - 1 - child->words_len)) > 0)
        child->words_len += (size_t)n;
    child->words[child->words_len] = '\0';
    if (child->words_len == 0)
        return "the keeper of redis-server has vanished";
    return child->words;
}

void child_stop(struct child *child)
{
    if (child == NULL)
        return;
    close(child->control_fd); /* tells the keeper */
    child->control_fd = -1;
    while (waitpid(child->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    unlink(child->url + 5);
    free_child(child);
}
