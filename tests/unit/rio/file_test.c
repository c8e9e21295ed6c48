/* file_test - files, as operations of the kernel and as calls in threads.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rio/loop.h"
#include "support/rio_test.h"
#include "support/test.h"

/* An empty directory of this process; gone after close_dir(). */
static char dir_path[64];

static int open_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir_path, sizeof dir_path, "%.40s/rio-file-XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(dir_path) == NULL)
        return -errno;
    return open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static long close_dir(int dir)
{
    close(dir);
    return rmdir(dir_path) < 0 ? -errno : 0;
}

/* What every backend must be able to do. */
RIO_AWAITS static long life_of_a_file(void)
{
    struct statx st;
    char buf[16] = "";
    int dir = open_dir(), fd;

    EXPECT(dir >= 0);
    fd = await(rio_openat(dir, "a", O_RDWR | O_CREAT | O_EXCL, 0640));
    EXPECT(fd >= 0);
    EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(await(rio_openat(dir, "a", O_RDWR | O_CREAT | O_EXCL, 0640)), -EEXIST);
    EXPECT_EQ(await(rio_pwrite(fd, "world", 5, 6)), 5);
    EXPECT_EQ(await(rio_pwrite(fd, "hello ", 6, 0)), 6);
    EXPECT_EQ(await(rio_fsync(fd)), 0);
    EXPECT_EQ(await(rio_pread(fd, buf, sizeof buf, 0)), 11);
    EXPECT(memcmp(buf, "hello world", 11) == 0);
    EXPECT_EQ(await(rio_pread(fd, buf, 3, 8)), 3);
    EXPECT(memcmp(buf, "rld", 3) == 0);
    EXPECT_EQ(await(rio_pread(fd, buf, sizeof buf, 11)), 0);
    EXPECT_EQ(await(rio_close(fd)), 0);

    EXPECT_EQ(await(rio_mkdirat(dir, "sub", 0750)), 0);
    EXPECT_EQ(await(rio_mkdirat(dir, "sub", 0750)), -EEXIST);
    EXPECT_EQ(await(rio_renameat(dir, "a", dir, "sub/b", 0)), 0);
    EXPECT_EQ(await(rio_statx(dir, "a", 0, STATX_SIZE, &st)), -ENOENT);
    EXPECT_EQ(await(rio_statx(dir, "sub/b", 0, STATX_SIZE | STATX_MODE, &st)), 0);
    EXPECT_EQ(st.stx_size, 11);
    EXPECT_EQ(st.stx_mode & 0777, 0640);
    EXPECT_EQ(await(rio_unlinkat(dir, "sub", AT_REMOVEDIR)), -ENOTEMPTY);
    EXPECT_EQ(await(rio_unlinkat(dir, "sub/b", 0)), 0);
    EXPECT_EQ(await(rio_unlinkat(dir, "sub/b", 0)), -ENOENT);
    EXPECT_EQ(await(rio_unlinkat(dir, "sub", AT_REMOVEDIR)), 0);
    return close_dir(dir);
}

LOOP_TEST(a_file_is_made_written_read_renamed_and_removed)
{
    return await(life_of_a_file());
}

/* ---- a backend without files ---- */

static void (*submit_any)(struct rio_backend *, struct rio_op *);
static unsigned refusals;

static long refuse(void *arg)
{
    rio__op_complete(rio__loop, arg, -EOPNOTSUPP, 0);
    return 0;
}

static void submit_no_files(struct rio_backend *b, struct rio_op *op)
{
    if (op->kind < RIO_OP_OPENAT) {
        submit_any(b, op);
        return;
    }
    refusals++;
    (void)rio_call_soon(refuse, op);
}

LOOP_TEST(what_the_backend_refuses_runs_in_a_thread)
{
    long rc;

    refusals = 0;
    submit_any = rio__loop->io->submit;
    rio__loop->io->submit = submit_no_files;
    rc = await(life_of_a_file());
    rio__loop->io->submit = submit_any;
    EXPECT(refusals > 10);
    return rc;
}

RIO_AWAITS static long read_byte(int fd)
{
    char c;
    ssize_t rc = await(rio_pread(fd, &c, 1, 0));

    return rc == 1 ? c : rc;
}

LOOP_TEST(a_pipe_is_read_whoever_reads_it)
{
    int fd[2];
    long rc;

    EXPECT_EQ(pipe2(fd, O_CLOEXEC), 0);
    EXPECT_EQ(write(fd[1], "ab", 2), 2);
    EXPECT_EQ(await(read_byte(fd[0])), 'a');
    submit_any = rio__loop->io->submit;
    rio__loop->io->submit = submit_no_files;
    rc = await(read_byte(fd[0]));
    rio__loop->io->submit = submit_any;
    EXPECT_EQ(rc, 'b');
    close(fd[0]);
    close(fd[1]);
    return 0;
}

/* ---- errors and cancels ---- */

LOOP_TEST(errors_are_those_of_the_calls)
{
    struct statx st = {.stx_size = 77};
    char buf[4], **names = NULL;

    EXPECT_EQ(await(rio_openat(AT_FDCWD, "/no/such/file", O_RDONLY, 0)), -ENOENT);
    EXPECT_EQ(await(rio_pread(-1, buf, sizeof buf, 0)), -EBADF);
    EXPECT_EQ(await(rio_pwrite(-1, buf, sizeof buf, 0)), -EBADF);
    EXPECT_EQ(await(rio_pread(0, buf, sizeof buf, -1)), -EINVAL);
    EXPECT_EQ(await(rio_pwrite(0, buf, sizeof buf, -1)), -EINVAL);
    EXPECT_EQ(await(rio_fsync(-1)), -EBADF);
    EXPECT_EQ(await(rio_statx(AT_FDCWD, "/no/such", 0, STATX_SIZE, &st)), -ENOENT);
    EXPECT_EQ(st.stx_size, 77); /* untouched */
    EXPECT_EQ(await(rio_listdir(AT_FDCWD, "/no/such", &names)), -ENOENT);
    EXPECT(names == NULL);
    return 0;
}

static void files_need_a_task(void **state)
{
    char buf[1], **names;

    (void)state;
    assert_int_equal(await(rio_openat(AT_FDCWD, "/", O_RDONLY, 0)), -EPERM);
    assert_int_equal(await(rio_pread(0, buf, 1, 0)), -EPERM);
    assert_int_equal(await(rio_listdir(AT_FDCWD, "/", &names)), -EPERM);
}

static long read_one(void *arg)
{
    return await(read_byte(*(int *)arg));
}

LOOP_TEST(a_read_that_waits_can_be_cancelled)
{
    int fd[2];

    EXPECT_EQ(pipe2(fd, O_CLOEXEC), 0);
    EXPECT_EQ(await(rio_wait_for_call(read_one, &fd[0], 2 * RIO_MS)), -ETIMEDOUT);
    EXPECT_EQ(write(fd[1], "x", 1), 1);
    EXPECT_EQ(await(read_byte(fd[0])), 'x'); /* the cancelled one took nothing */
    close(fd[0]);
    close(fd[1]);
    return 0;
}

/* The result of a task that was cancelled is lost, so the descriptor goes elsewhere. */
static long open_root(void *arg)
{
    int fd = await(rio_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0));

    *(int *)arg = fd;
    return fd < 0 ? fd : 0;
}

LOOP_TEST(a_cancelled_open_loses_no_descriptor)
{
    for (int i = 0; i < 50; i++) {
        int fd = -ECANCELED;
        rio_task *t = rio_create_task(open_root, &fd);

        for (int turns = 0; turns < i % 4; turns++)
            EXPECT_EQ(await(rio_yield()), 0);
        rio_task_cancel(t);
        RIO_IGNORE(await(rio_join_unref(t)));
        EXPECT(fd == -ECANCELED || fd >= 0);
        if (fd >= 0)
            EXPECT_EQ(await(rio_close(fd)), 0);
    }
    return 0;
}

/* ---- directories ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

LOOP_TEST(a_directory_is_listed_by_name)
{
    enum { FILES = 300 };
    int dir = open_dir();
    char **names = NULL, name[16];

    EXPECT(dir >= 0);
    EXPECT_EQ(await(rio_listdir(dir, ".", &names)), 0);
    EXPECT(names[0] == NULL);
    free(names);
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof name, "%03d", i);
        EXPECT_EQ(mkdirat(dir, name, 0700), 0);
    }
    EXPECT_EQ(await(rio_listdir(AT_FDCWD, dir_path, &names)), FILES);
    EXPECT(names[FILES] == NULL);
    qsort(names, FILES, sizeof *names, compare);
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof name, "%03d", i);
        EXPECT(strcmp(names[i], name) == 0);
        EXPECT_EQ(unlinkat(dir, name, AT_REMOVEDIR), 0);
    }
    free(names);
    return close_dir(dir);
}

TEST_MAIN(cmocka_unit_test(a_file_is_made_written_read_renamed_and_removed),
          cmocka_unit_test(what_the_backend_refuses_runs_in_a_thread),
          cmocka_unit_test(a_pipe_is_read_whoever_reads_it),
          cmocka_unit_test(errors_are_those_of_the_calls),
          cmocka_unit_test(files_need_a_task),
          cmocka_unit_test(a_read_that_waits_can_be_cancelled),
          cmocka_unit_test(a_cancelled_open_loses_no_descriptor),
          cmocka_unit_test(a_directory_is_listed_by_name))
