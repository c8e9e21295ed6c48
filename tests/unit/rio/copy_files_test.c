/* copy_files_test - the example copies 1,000 files byte for byte.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

enum { FILES = 1000, LENGTH_MAX = 3000 };

static char dir_path[64];
static unsigned char bytes[LENGTH_MAX], copied[LENGTH_MAX + 1];

/* File i has a length and content of its own; the first one is empty. */
static size_t fill(int i)
{
    size_t n = (size_t)i * 37 % LENGTH_MAX;

    for (size_t at = 0; at < n; at++)
        bytes[at] = (unsigned char)((size_t)i * 131 + at * 7 + at / 256);
    return n;
}

static const char *path_of(const char *side, int i)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s/file-%04d", dir_path, side, i);
    return path;
}

static const char *side_path(const char *side)
{
    static char path[2][96];
    char *at = path[side[0] == 'a'];

    (void)snprintf(at, sizeof path[0], "%s/%s", dir_path, side);
    return at;
}

static int run_example(void)
{
    char *argv[] = {(char *)(uintptr_t) "copy_files", (char *)(uintptr_t)side_path("a"),
                    (char *)(uintptr_t)side_path("b"), NULL};
    extern char **environ;
    int status = -1;
    pid_t pid;

    assert_int_equal(posix_spawn(&pid, COPY_FILES, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_files(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    (void)snprintf(dir_path, sizeof dir_path, "%.40s/rio-copy-XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(dir_path) == NULL || mkdir(side_path("a"), 0700) < 0 ||
        mkdir(side_path("b"), 0700) < 0)
        return -1;
    for (int i = 0; i < FILES; i++) {
        int fd = open(path_of("a", i), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        size_t n = fill(i);

        if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) < 0)
            return -1;
    }
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        (void)unlink(path_of("a", i));
        (void)unlink(path_of("b", i));
    }
    return rmdir(side_path("a")) | rmdir(side_path("b")) | rmdir(dir_path);
}

static void a_thousand_files_are_copied_byte_for_byte(void **state)
{
    (void)state;
    assert_int_equal(run_example(), 0);
    for (int i = 0; i < FILES; i++) {
        int fd = open(path_of("b", i), O_RDONLY | O_CLOEXEC);
        size_t n = fill(i);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, copied, sizeof copied), n);
        assert_int_equal(close(fd), 0);
        assert_memory_equal(copied, bytes, n);
    }
    assert_int_equal(run_example(), 1); /* what exists is not overwritten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_files_are_copied_byte_for_byte)};

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
