/* nomem_test - whichever allocation fails, the readers say so and leak nothing; the
 * server's goes on where it was.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "support/alloc.h"
#include "support/test.h"
#include "wire/reply.h"
#include "wire/resp.h"

enum { ELEMENTS = 100 };

static int allow_all(void **state)
{
    (void)state;
    alloc_fail_after(-1);
    return 0;
}

static void a_command_is_read_once_there_is_memory(void **state)
{
    struct rq_buf stream;
    bool failed = true;

    (void)state;
    rq_buf_init(&stream, 10000);
    assert_int_equal(rq_buf_printf(&stream, "*%d\r\n", ELEMENTS), 0);
    for (int i = 0; i < ELEMENTS; i++)
        assert_int_equal(rq_buf_printf(&stream, "$2\r\n%02d\r\n", i), 0);

    for (long n = 0; failed; n++) {
        struct rq_resp_reader r;
        struct rq_cmd cmd;

        rq_resp_reader_init(&r, 100, 10000);
        alloc_fail_after(n);
        long rc = rq_resp_read(&r, rq_buf_slice(&stream), &cmd);
        failed = alloc_has_failed();
        alloc_fail_after(-1);
        if (failed) {
            assert_int_equal(rc, -ENOMEM);
            rc = rq_resp_read(&r, rq_buf_slice(&stream), &cmd);
        }
        assert_int_equal(rc, stream.len);
        assert_int_equal(cmd.argc, ELEMENTS);
        assert_memory_equal(cmd.argv[ELEMENTS - 1].ptr, "99", 2);
        rq_resp_reader_fini(&r);
    }
    rq_buf_fini(&stream);
}

static void a_line_is_read_once_there_is_memory(void **state)
{
    struct rq_slice line = RQ_LIT("PUT q 1 2 3 4 5 6 7 8 9 10 11 12\n");
    bool failed = true;

    (void)state;
    for (long n = 0; failed; n++) {
        struct rq_resp_reader r;
        struct rq_cmd cmd;

        rq_resp_reader_init(&r, 100, 10000);
        alloc_fail_after(n);
        long rc = rq_resp_read(&r, line, &cmd);
        failed = alloc_has_failed();
        alloc_fail_after(-1);
        if (failed) {
            assert_int_equal(rc, -ENOMEM);
            rc = rq_resp_read(&r, line, &cmd);
        }
        assert_int_equal(rc, line.len);
        assert_int_equal(cmd.argc, 14);
        rq_resp_reader_fini(&r);
    }
}

/* Returns  0, or -ENOMEM of the first call that failed */
static long read_reply(struct rq_slice first, struct rq_slice second)
{
    struct rq_reply_reader *r = rq_reply_reader_new(100);
    struct rq_reply *reply = NULL;
    long rc;

    if (r == NULL)
        return -ENOMEM;
    rc = rq_reply_read(r, first, &reply);
    if (rc >= 0) {
        assert_null(reply);
        rc = rq_reply_read(r, second, &reply);
    }
    assert_int_equal(reply != NULL, rc >= 0);
    rq_reply_free(reply);
    rq_reply_reader_free(r);
    return rc < 0 ? rc : 0;
}

static void a_reply_without_memory_is_an_error(void **state)
{
    bool failed = true;

    (void)state;
    for (long n = 0; failed; n++) {
        alloc_fail_after(n);
        long rc = read_reply(
            RQ_LIT("*10\r\n+a\r\n$2\r\nbc\r\n%1\r\n-e\r\n:1\r\n*2\r\n:1\r\n+cut"),
            RQ_LIT(" here\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n$1\r\nx\r\n"));
        failed = alloc_has_failed();
        assert_int_equal(rc, failed ? -ENOMEM : 0);
    }
}

#define TEST(test) cmocka_unit_test_teardown(test, allow_all)

TEST_MAIN(TEST(a_command_is_read_once_there_is_memory),
          TEST(a_line_is_read_once_there_is_memory),
          TEST(a_reply_without_memory_is_an_error))
