/* file_test - whole-file reads and private, atomic writes.
 * SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

/* Every test runs in a directory of its own, which is also the working directory. */
static int enter_new_dir(void **state)
{
    char path[] = "/tmp/ringq-file-XXXXXX";

    if (mkdtemp(path) == NULL || chdir(path) < 0)
        return -1;
    *state = strdup(path);
    return *state == NULL ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int flag,
                        struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static int leave_dir(void **state)
{
    int rc = chdir("/") < 0 ? -1 : nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

    free(*state);
    return rc;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2; /* . and .. */
}

static void assert_content(const char *path, const char *text)
{
    struct rq_buf b;

    rq_buf_init(&b, 1 << 20);
    assert_int_equal(rq_file_read(path, &b), 0);
    assert_int_equal(b.len, strlen(text));
    if (b.len > 0)
        assert_memory_equal(rq_buf_slice(&b).ptr, text, b.len);
    rq_buf_fini(&b);
}

static void a_file_is_read_whole_and_appended(void **state)
{
    struct rq_buf b;

    (void)state;
    write_file("f", "world", 0600);
    rq_buf_init(&b, 100);
    assert_int_equal(rq_buf_append(&b, "hello ", 6), 0);
    assert_int_equal(rq_file_read("f", &b), 0);
    assert_int_equal(b.len, 11);
    assert_memory_equal(rq_buf_slice(&b).ptr, "hello world", 11);
    rq_buf_fini(&b);
}

static void a_file_may_fill_the_buffer_but_not_exceed_it(void **state)
{
    struct rq_buf b;

    (void)state;
    write_file("f", "12345", 0600);
    rq_buf_init(&b, 5);
    assert_int_equal(rq_file_read("f", &b), 0);
    assert_int_equal(b.len, 5);
    rq_buf_fini(&b);

    rq_buf_init(&b, 5);
    assert_int_equal(rq_buf_append(&b, "x", 1), 0);
    assert_int_equal(rq_file_read("f", &b), -ENOBUFS);
    assert_int_equal(b.len, 1);
    rq_buf_fini(&b);
}

static void a_large_file_comes_back_byte_for_byte(void **state)
{
    enum { SIZE = 100001 };
    char *text = malloc(SIZE + 1);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i % 23);
    text[SIZE] = '\0';
    assert_int_equal(rq_file_write_atomic("f", rq_slice_str(text)), 0);
    assert_content("f", text);
    free(text);
}

static void what_cannot_be_read_says_why(void **state)
{
    struct rq_buf b;

    (void)state;
    rq_buf_init(&b, 100);
    assert_int_equal(rq_file_read("absent", &b), -ENOENT);
    assert_int_equal(rq_file_read(".", &b), -EISDIR);
    assert_int_equal(b.len, 0);
    rq_buf_fini(&b);
}

static void a_write_replaces_the_file_and_is_private(void **state)
{
    (void)state;
    write_file("f", "old and longer", 0644);
    assert_int_equal(rq_file_write_atomic("f", RQ_LIT("new")), 0);
    assert_content("f", "new");
    assert_int_equal(mode_of("f"), 0600);
    assert_int_equal(count_entries("."), 1);
}

static void an_empty_file_can_be_written(void **state)
{
    (void)state;
    assert_int_equal(rq_file_write_atomic("f", rq_slice(NULL, 0)), 0);
    assert_content("f", "");
}

static void a_write_may_name_a_directory(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(rq_file_write_atomic("d/f", RQ_LIT("x")), 0);
    assert_content("d/f", "x");
}

static void a_failed_write_leaves_no_trace(void **state)
{
    (void)state;
    assert_int_equal(rq_file_write_atomic("absent/f", RQ_LIT("x")), -ENOENT);
    /* The rename is what fails here: a directory stands in its place. */
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(rq_file_write_atomic("d", RQ_LIT("x")), -EISDIR);
    assert_int_equal(count_entries("."), 1);
}

static void a_private_directory_is_made_with_its_parents(void **state)
{
    (void)state;
    assert_int_equal(rq_file_make_private_dir("a/b/c/"), 0);
    assert_int_equal(mode_of("a/b/c"), 0700);
    assert_int_equal(rq_file_make_private_dir("a/b/c"), 0);
    assert_int_equal(rq_file_make_private_dir("a/b/d//"), 0);
    assert_int_equal(mode_of("a/b/d"), 0700);
}

static void an_absolute_path_works_too(void **state)
{
    char path[64];

    rq_ignore(snprintf(path, sizeof path, "%s/x/y", (char *)*state) < 0);
    assert_int_equal(rq_file_make_private_dir(path), 0);
    assert_int_equal(mode_of("x/y"), 0700);
}

static void a_directory_that_others_can_enter_is_refused(void **state)
{
    static const mode_t modes[] = {0701, 0710, 0720, 0704, 0777};

    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod("d", modes[i]), 0);
        assert_int_equal(rq_file_make_private_dir("d"), -EPERM);
    }
    assert_int_equal(chmod("d", 0500), 0);
    assert_int_equal(rq_file_make_private_dir("d"), 0);
}

static void what_is_no_directory_is_refused(void **state)
{
    (void)state;
    write_file("f", "", 0600);
    assert_int_equal(rq_file_make_private_dir("f"), -ENOTDIR);
    assert_int_equal(rq_file_make_private_dir("f/d"), -ENOTDIR);
    assert_int_equal(rq_file_make_private_dir(""), -ENOENT);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter_new_dir, leave_dir)

TEST_MAIN(IN_DIR(a_file_is_read_whole_and_appended),
          IN_DIR(a_file_may_fill_the_buffer_but_not_exceed_it),
          IN_DIR(a_large_file_comes_back_byte_for_byte),
          IN_DIR(what_cannot_be_read_says_why),
          IN_DIR(a_write_replaces_the_file_and_is_private),
          IN_DIR(an_empty_file_can_be_written), IN_DIR(a_write_may_name_a_directory),
          IN_DIR(a_failed_write_leaves_no_trace),
          IN_DIR(a_private_directory_is_made_with_its_parents),
          IN_DIR(an_absolute_path_works_too),
          IN_DIR(a_directory_that_others_can_enter_is_refused),
          IN_DIR(what_is_no_directory_is_refused))
