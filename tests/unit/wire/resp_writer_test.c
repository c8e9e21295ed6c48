/* resp_writer_test - replies in both protocols, byte for byte.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "wire/resp.h"

struct fixture {
    struct rq_buf out;
    struct rq_resp_writer two, three; /* both write to `out` */
};

static int begin(void **state)
{
    static struct fixture f;

    rq_buf_init(&f.out, 10000);
    f.two = (struct rq_resp_writer){.out = &f.out, .protocol = 2};
    f.three = (struct rq_resp_writer){.out = &f.out, .protocol = 3};
    *state = &f;
    return 0;
}

static int end(void **state)
{
    rq_buf_fini(&((struct fixture *)*state)->out);
    return 0;
}

/* What was written since the last call. */
static void assert_written(struct fixture *f, struct rq_slice expected)
{
    assert_int_equal(f->two.rc, 0);
    assert_int_equal(f->three.rc, 0);
    assert_int_equal(f->out.len, expected.len);
    assert_memory_equal(rq_buf_slice(&f->out).ptr, expected.ptr, expected.len);
    rq_buf_clear(&f->out);
}

static void lines_carry_their_mark(void **state)
{
    struct fixture *f = *state;

    rq_resp_simple(&f->two, "OK");
    assert_written(f, RQ_LIT("+OK\r\n"));
    rq_resp_error(&f->two, "STALE", "7-1:1 is no longer yours");
    assert_written(f, RQ_LIT("-STALE 7-1:1 is no longer yours\r\n"));
    rq_resp_error(&f->two, "ERR", "");
    assert_written(f, RQ_LIT("-ERR \r\n"));
}

static void an_error_stays_one_line(void **state)
{
    struct fixture *f = *state;

    rq_resp_error(&f->two, "ERR", "a\r\n+OK\r\nb");
    assert_written(f, RQ_LIT("-ERR a  +OK  b\r\n"));
}

static void integers_reach_both_ends(void **state)
{
    struct fixture *f = *state;

    rq_resp_int(&f->two, 0);
    rq_resp_int(&f->two, -1);
    rq_resp_int(&f->two, INT64_MAX);
    rq_resp_int(&f->two, INT64_MIN);
    assert_written(
        f, RQ_LIT(":0\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n"));
    rq_resp_bulk_u64(&f->two, UINT64_MAX);
    assert_written(f, RQ_LIT("$20\r\n18446744073709551615\r\n"));
}

static void bulk_strings_are_any_bytes(void **state)
{
    struct fixture *f = *state;

    rq_resp_bulk(&f->two, RQ_LIT("a\0\r\n"));
    assert_written(f, RQ_LIT("$4\r\na\0\r\n\r\n"));
    rq_resp_bulk(&f->two, rq_slice(NULL, 0));
    assert_written(f, RQ_LIT("$0\r\n\r\n"));
    rq_resp_bulk_str(&f->three, "emails");
    assert_written(f, RQ_LIT("$6\r\nemails\r\n"));
}

static void nothing_is_null(void **state)
{
    struct fixture *f = *state;

    rq_resp_null(&f->two);
    rq_resp_null_array(&f->two);
    assert_written(f, RQ_LIT("$-1\r\n*-1\r\n"));
    rq_resp_null(&f->three);
    rq_resp_null_array(&f->three);
    assert_written(f, RQ_LIT("_\r\n_\r\n"));
}

static void a_map_is_a_flat_array_in_resp2(void **state)
{
    struct fixture *f = *state;

    rq_resp_map(&f->two, 3);
    rq_resp_array(&f->two, 3);
    assert_written(f, RQ_LIT("*6\r\n*3\r\n"));
    rq_resp_map(&f->three, 3);
    rq_resp_array(&f->three, 0);
    assert_written(f, RQ_LIT("%3\r\n*0\r\n"));
}

static void a_boolean_is_a_number_in_resp2(void **state)
{
    struct fixture *f = *state;

    rq_resp_bool(&f->two, true);
    rq_resp_bool(&f->two, false);
    assert_written(f, RQ_LIT(":1\r\n:0\r\n"));
    rq_resp_bool(&f->three, true);
    rq_resp_bool(&f->three, false);
    assert_written(f, RQ_LIT("#t\r\n#f\r\n"));
}

static void a_double_has_no_more_digits_than_it_needs(void **state)
{
    struct fixture *f = *state;

    rq_resp_double(&f->two, 0.1);
    assert_written(f, RQ_LIT("$3\r\n0.1\r\n"));
    rq_resp_double(&f->three, 0.1);
    rq_resp_double(&f->three, -2.0);
    rq_resp_double(&f->three, 1.0 / 3.0);
    assert_written(f, RQ_LIT(",0.1\r\n,-2\r\n,0.3333333333333333\r\n"));
    rq_resp_double(&f->three, 5e-324);
    rq_resp_double(&f->three, 1.7976931348623157e308);
    assert_written(f, RQ_LIT(",4.94065645841247e-324\r\n,1.7976931348623157e+308\r\n"));
    rq_resp_double(&f->three, INFINITY);
    rq_resp_double(&f->three, -INFINITY);
    rq_resp_double(&f->three, NAN);
    assert_written(f, RQ_LIT(",inf\r\n,-inf\r\n,nan\r\n"));
}

static void a_reply_that_does_not_fit_is_not_written_at_all(void **state)
{
    struct fixture *f = *state;

    f->out.max = 8;
    rq_resp_bulk(&f->two, RQ_LIT("abc"));
    assert_int_equal(f->two.rc, -ENOBUFS);
    assert_int_equal(f->out.len, 0);
    f->out.max = 9;
    f->two.rc = 0;
    rq_resp_bulk(&f->two, RQ_LIT("abc"));
    assert_written(f, RQ_LIT("$3\r\nabc\r\n"));
}

static void after_a_failure_nothing_more_is_written(void **state)
{
    struct fixture *f = *state;

    f->out.max = 4;
    rq_resp_simple(&f->two, "PONG");
    f->out.max = 10000;
    rq_resp_simple(&f->two, "OK");
    rq_resp_error(&f->two, "ERR", "x");
    rq_resp_int(&f->two, 1);
    rq_resp_bulk(&f->two, RQ_LIT("x"));
    rq_resp_null(&f->two);
    rq_resp_double(&f->two, 1);
    rq_resp_map(&f->two, 1);
    assert_int_equal(f->two.rc, -ENOBUFS);
    assert_int_equal(f->out.len, 0);
}

#define WRITER(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(WRITER(lines_carry_their_mark), WRITER(an_error_stays_one_line),
          WRITER(integers_reach_both_ends), WRITER(bulk_strings_are_any_bytes),
          WRITER(nothing_is_null), WRITER(a_map_is_a_flat_array_in_resp2),
          WRITER(a_boolean_is_a_number_in_resp2),
          WRITER(a_double_has_no_more_digits_than_it_needs),
          WRITER(a_reply_that_does_not_fit_is_not_written_at_all),
          WRITER(after_a_failure_nothing_more_is_written))
