/* errors_test - what Redis' error replies mean.
 * SPDX-License-Identifier: MIT */
#include "store/errors.h"

#include <errno.h>

#include "support/test.h"

static int classify(const char *text)
{
    return errors_classify(rq_slice_str(text));
}

/* The texts are those of Redis 7.0.15. */
static void each_error_has_its_class(void **state)
{
    (void)state;
    assert_int_equal(
        classify("ERR The ID specified in XADD is equal or smaller than the target "
                 "stream top item"),
        -ESTALE);
    assert_int_equal(
        classify("OOM command not allowed when used memory > 'maxmemory'."), -ENOSPC);
    assert_int_equal(classify("NOAUTH Authentication required."), -EACCES);
    assert_int_equal(
        classify("WRONGPASS invalid username-password pair or user is disabled."),
        -EACCES);
    assert_int_equal(
        classify("ERR AUTH <password> called without any password configured for the "
                 "default user. Are you sure your configuration is correct?"),
        -EACCES);
    assert_int_equal(
        classify("NOPERM this user has no permissions to run the 'xadd' command"),
        -EPERM);
    assert_int_equal(
        classify("WRONGTYPE Operation against a key holding the wrong kind of value"),
        -EMEDIUMTYPE);
    assert_int_equal(classify("READONLY You can't write against a read only replica."),
                     -EROFS);
    assert_int_equal(classify("MOVED 3999 127.0.0.1:6381"), -EXDEV);
    assert_int_equal(classify("ERR DB index is out of range"), -EXDEV);
    assert_int_equal(classify("ERR no such key"), -ENOENT);
}

static void what_passes_is_tried_again(void **state)
{
    static const char *const passing[] = {
        "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script.",
        "MISCONF Redis is configured to save RDB snapshots",
        "NOREPLICAS Not enough good replicas to write.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "CLUSTERDOWN The cluster is down",
        "ERR max number of clients reached",
        "",
        "OOMPH",
    };

    (void)state;
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        assert_int_equal(classify(passing[i]), -EAGAIN);
}

static void what_an_operator_must_mend_comes_with_a_remedy(void **state)
{
    (void)state;
    assert_true(strlen(errors_remedy(-EACCES)) > 0);
    assert_true(strlen(errors_remedy(-EPERM)) > 0);
    assert_true(strlen(errors_remedy(-EXDEV)) > 0);
    assert_string_equal(errors_remedy(-EAGAIN), "");
}

TEST_MAIN(cmocka_unit_test(each_error_has_its_class),
          cmocka_unit_test(what_passes_is_tried_again),
          cmocka_unit_test(what_an_operator_must_mend_comes_with_a_remedy))
