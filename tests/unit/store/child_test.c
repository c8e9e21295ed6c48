/* child_test - the private redis-server: started, locked, restarted, explained,
 * stopped.
 * SPDX-License-Identifier: MIT */
#include "store/child.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/redis_process.h"
#include "support/test.h"

struct fixture {
    char dir[64];
    char why[2048];
    int lock;
    struct child *child;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/ringq-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->lock = -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    child_stop(f->child);
    if (f->lock >= 0)
        close(f->lock);
    remove_tree(f->dir);
    free(f);
    return 0;
}

static int start_in(struct fixture *f, const char *dir, enum store_level level)
{
    int pid;

    f->lock = child_lock(dir, &pid);
    if (f->lock < 0)
        return f->lock;
    const struct child_config config = {
        .data_dir = dir, .lock_fd = f->lock, .level = level};
    return child_start(&config, f->why, &f->child);
}

static void start(struct fixture *f, enum store_level level)
{
    int rc = start_in(f, f->dir, level);

    if (rc < 0)
        fail_msg("%d: %s", rc, f->why);
}

/* One command on a connection of its own; the reply as text. */
static void ask(const struct child *child, char *out, size_t size, const char *command)
{
    redisContext *c = redisConnectUnix(child_url(child) + 5);
    redisReply *r = c != NULL && c->err == 0 ? redisCommand(c, command) : NULL;

    out[0] = '\0';
    if (r != NULL && r->type == REDIS_REPLY_ARRAY && r->elements == 2)
        snprintf(out, size, "%s", r->element[1]->str);
    else if (r != NULL && r->str != NULL)
        snprintf(out, size, "%s", r->str);
    if (r != NULL)
        freeReplyObject(r);
    if (c != NULL)
        redisFree(c);
}

static void expect(const struct child *child, const char *command, const char *answer)
{
    char got[256];

    ask(child, got, sizeof got, command);
    assert_string_equal(got, answer);
}

static int is_gone(void *arg)
{
    return kill(*(int *)arg, 0) < 0 && errno == ESRCH;
}

static void it_answers_on_a_private_socket(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    start(f, STORE_FSYNC);
    expect(f->child, "PING", "PONG");
    expect(f->child, "CONFIG GET appendonly", "yes");
    expect(f->child, "CONFIG GET appendfsync", "always");
    expect(f->child, "CONFIG GET maxmemory-policy", "noeviction");
    expect(f->child, "CONFIG GET port", "0");
    expect(f->child, "CONFIG GET save", "");
    expect(f->child, "CONFIG GET no-appendfsync-on-rewrite", "no");
    expect(f->child, "CONFIG GET rdbcompression", "no");
    assert_int_equal(stat(child_url(f->child) + 5, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(child_redis_pid(f->child) > 0);
}

static void restart_at(struct fixture *f, enum store_level level)
{
    child_stop(f->child);
    close(f->lock);
    f->child = NULL;
    start(f, level);
}

static void the_level_decides_when_the_aof_is_synced(void **state)
{
    struct fixture *f = *state;

    start(f, STORE_REDIS);
    expect(f->child, "CONFIG GET appendonly", "yes");
    expect(f->child, "CONFIG GET appendfsync", "no");
    restart_at(f, STORE_EVERYSEC);
    expect(f->child, "CONFIG GET appendfsync", "everysec");
    restart_at(f, STORE_MEMORY);
    expect(f->child, "CONFIG GET appendfsync", "no");
}

static void a_clean_stop_keeps_the_data_at_every_level_and_across_them(void **state)
{
    struct fixture *f = *state;

    start(f, STORE_MEMORY);
    expect(f->child, "SET k kept", "OK");
    restart_at(f, STORE_REDIS);
    expect(f->child, "GET k", "kept");
    restart_at(f, STORE_FSYNC);
    expect(f->child, "GET k", "kept");
}

static void a_second_server_learns_who_holds_the_lock(void **state)
{
    struct fixture *f = *state;
    int pid = 0;

    start(f, STORE_EVERYSEC);
    assert_int_equal(child_lock(f->dir, &pid), -EWOULDBLOCK);
    assert_int_equal(pid, getpid());
}

static void a_lock_in_no_directory_is_an_error(void **state)
{
    int pid = 7;

    (void)state;
    assert_int_equal(child_lock("/nonexistent", &pid), -ENOENT);
    assert_int_equal(pid, 0);
}

static void it_stops_in_an_orderly_way(void **state)
{
    struct fixture *f = *state;

    start(f, STORE_EVERYSEC);
    int pid = child_redis_pid(f->child);
    expect(f->child, "SET k v", "OK");
    child_stop(f->child);
    f->child = NULL;
    assert_true(is_gone(&pid));
    close(f->lock);
    start(f, STORE_EVERYSEC);
    expect(f->child, "GET k", "v");
}

struct restart {
    const struct child *child;
    int old;
};

static int has_restarted(void *arg)
{
    struct restart *r = arg;
    char got[16];

    if (child_redis_pid(r->child) == r->old)
        return 0;
    ask(r->child, got, sizeof got, "PING");
    return strcmp(got, "PONG") == 0;
}

static int is_readable(void *arg)
{
    return poll(&(struct pollfd){*(int *)arg, POLLIN, 0}, 1, 0) > 0;
}

static void killed_once_it_comes_back_with_its_data(void **state)
{
    struct fixture *f = *state;

    start(f, STORE_FSYNC);
    expect(f->child, "SET k v", "OK");
    struct restart r = {f->child, child_redis_pid(f->child)};
    kill(r.old, SIGKILL);
    assert_true(eventually(has_restarted, &r));
    expect(f->child, "GET k", "v");
    int fd = child_fd(f->child);
    assert_false(is_readable(&fd));
}

static void killed_twice_it_has_last_words(void **state)
{
    struct fixture *f = *state;

    start(f, STORE_FSYNC);
    struct restart r = {f->child, child_redis_pid(f->child)};
    kill(r.old, SIGKILL);
    assert_true(eventually(has_restarted, &r));
    int fd = child_fd(f->child), second = child_redis_pid(f->child);
    kill(second, SIGKILL);
    assert_true(eventually(is_readable, &fd));
    const char *words = child_last_words(f->child);
    assert_non_null(strstr(words, "killed by signal 9"));
    assert_non_null(strstr(words, "ready to accept connections"));
    assert_int_equal(child_redis_pid(f->child), 0);
}

static void a_keeper_that_vanishes_takes_redis_with_it(void **state)
{
    struct fixture *f = *state;
    int pair[2];
    int redis;

    /* The role of ringqd is played by a process that can be killed. */
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    pid_t server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        if (start_in(f, f->dir, STORE_EVERYSEC) < 0)
            _exit(1);
        redis = child_redis_pid(f->child);
        if (write(pair[1], &redis, sizeof redis) != sizeof redis)
            _exit(1);
        pause();
    }
    close(pair[1]);
    assert_int_equal(read(pair[0], &redis, sizeof redis), sizeof redis);
    close(pair[0]);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);

    /* The next one waits for the lock that Redis still holds, and gets it. */
    start(f, STORE_EVERYSEC);
    assert_true(is_gone(&redis));
    expect(f->child, "PING", "PONG");
}

static void unusual_bytes_in_the_path_do_no_harm(void **state)
{
    struct fixture *f = *state;
    char dir[128];

    snprintf(dir, sizeof dir, "%s/a \"b\"\nport 6379\\", f->dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    int rc = start_in(f, dir, STORE_EVERYSEC);
    if (rc < 0)
        fail_msg("%d: %s", rc, f->why);
    expect(f->child, "CONFIG GET port", "0");
}

/* Makes a private directory whose path has exactly `len` bytes. */
static void make_deep(struct fixture *f, size_t len, char *out)
{
    size_t n = (size_t)snprintf(out, len, "%s/", f->dir);

    memset(out + n, 'x', len - n);
    out[len] = '\0';
    assert_int_equal(mkdir(out, 0700), 0);
}

static void a_path_that_fits_a_socket_is_used(void **state)
{
    struct fixture *f = *state;
    char dir[256];

    make_deep(f, 107 - strlen("/redis.sock"), dir);
    assert_int_equal(start_in(f, dir, STORE_REDIS), 0);
    assert_int_equal(strlen(child_url(f->child)), strlen("unix:") + 107);
}

static void a_longer_one_goes_to_the_runtime_directory(void **state)
{
    struct fixture *f = *state;
    static char runtime[128];
    char dir[256];

    snprintf(runtime, sizeof runtime, "XDG_RUNTIME_DIR=%s", f->dir);
    assert_int_equal(putenv(runtime), 0);
    make_deep(f, 108 - strlen("/redis.sock"), dir);
    assert_int_equal(start_in(f, dir, STORE_REDIS), 0);
    assert_memory_equal(child_url(f->child) + 5, f->dir, strlen(f->dir));
    expect(f->child, "PING", "PONG");
}

static void without_a_runtime_directory_it_says_what_to_do(void **state)
{
    struct fixture *f = *state;
    static char none[] = "XDG_RUNTIME_DIR=";
    char dir[256];

    assert_int_equal(putenv(none), 0);
    make_deep(f, 108 - strlen("/redis.sock"), dir);
    assert_int_equal(start_in(f, dir, STORE_REDIS), -ENAMETOOLONG);
    assert_non_null(strstr(f->why, "shorter --data-dir"));
}

static void without_redis_it_says_what_to_install(void **state)
{
    struct fixture *f = *state;
    static char path[] = "PATH=/nonexistent";
    int status;

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        putenv(path);
        int rc = start_in(f, f->dir, STORE_REDIS);
        _exit(rc == -ENOENT && strstr(f->why, "apt-get install redis-server") != NULL
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Redis ends at once: twice, and then its log says why. */
static void a_redis_that_cannot_start_explains_itself(void **state)
{
    struct fixture *f = *state;
    char aof[128];

    snprintf(aof, sizeof aof, "%s/redis", f->dir);
    assert_int_equal(mkdir(aof, 0700), 0);
    snprintf(aof, sizeof aof, "%s/redis/appendonlydir", f->dir);
    int fd =
        open(aof, O_CREAT | O_WRONLY | O_CLOEXEC, 0600); /* should be a directory */
    assert_true(fd >= 0);
    close(fd);
    assert_true(start_in(f, f->dir, STORE_FSYNC) < 0);
    assert_non_null(strstr(f->why, "the end of its log"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_MAIN(TEST(it_answers_on_a_private_socket),
          TEST(the_level_decides_when_the_aof_is_synced),
          TEST(a_clean_stop_keeps_the_data_at_every_level_and_across_them),
          TEST(a_second_server_learns_who_holds_the_lock),
          TEST(a_lock_in_no_directory_is_an_error), TEST(it_stops_in_an_orderly_way),
          TEST(killed_once_it_comes_back_with_its_data),
          TEST(killed_twice_it_has_last_words),
          TEST(a_keeper_that_vanishes_takes_redis_with_it),
          TEST(unusual_bytes_in_the_path_do_no_harm),
          TEST(a_path_that_fits_a_socket_is_used),
          TEST(a_longer_one_goes_to_the_runtime_directory),
          TEST(without_a_runtime_directory_it_says_what_to_do),
          TEST(without_redis_it_says_what_to_install),
          TEST(a_redis_that_cannot_start_explains_itself))
