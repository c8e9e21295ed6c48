/* link_test - the codec and the link, against a server that says what the test wants.
 * SPDX-License-Identifier: MIT */
#include "store/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/redis_process.h"
#include "support/test.h"

#define EXPECT(x)                                                   \
    do {                                                            \
        if (!(x)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
            return __LINE__;                                        \
        }                                                           \
    } while (0)

/* Says `text` to its client, `step` bytes a turn, then hangs up or stays. */
struct fake {
    char dir[64], url[96];
    struct rq_slice text;
    size_t step; /* 0: all at once */
    bool hangs_up;
    rio_server *server;
    struct link *link;
    struct rq_buf heard; /* what the client said */
};

static long fake_client(rio_stream *s, void *arg)
{
    struct fake *f = arg;
    size_t step = f->step > 0 ? f->step : f->text.len;
    const void *bytes;

    for (size_t at = 0; at < f->text.len; at += step) {
        size_t left = f->text.len - at;

        RIO_TRY(rio_stream_write(s, f->text.ptr + at, left < step ? left : step));
        if (f->step > 0)
            RIO_TRY(await(rio_yield()));
        else
            RIO_TRY(await(rio_stream_drain(s)));
    }
    while (!f->hangs_up) {
        size_t len = rio_stream_peek(s, &bytes);

        if (rq_buf_append(&f->heard, bytes, len) < 0)
            break;
        rio_stream_consume(s, len);
        ssize_t n = await(rio_stream_fill(s));
        if (n <= 0)
            break;
    }
    return 0;
}

typedef long link_scenario(struct fake *f);

struct run {
    struct fake *fake;
    link_scenario *scenario;
    int64_t timeout_ns;
};

static long run_scenario(void *arg)
{
    struct run *run = arg;
    struct fake *f = run->fake;
    struct url url;
    char why[URL_WHY];
    long line = -1;

    RIO_TRY(await(rio_start_server(fake_client, f, f->url, "", &f->server)));
    RIO_TRY(url_parse(f->url, &url, why));
    int rc = await(link_open(&url, run->timeout_ns, run->timeout_ns, &f->link));
    if (rc == 0)
        line = run->scenario(f);
    RIO_IGNORE(await(link_close(f->link)));
    rio_server_close(f->server);
    rio_server_abort_clients(f->server);
    RIO_IGNORE(await(rio_server_wait_closed(f->server)));
    return line;
}

static void run_with(struct fake *f, link_scenario *scenario)
{
    struct run run = {f, scenario, 100 * RIO_MS};

    snprintf(f->dir, sizeof f->dir, "/tmp/ringq-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "unix:%s/s", f->dir);
    rq_buf_init(&f->heard, 1 << 20);
    long line = rio_run(run_scenario, &run);
    rq_buf_fini(&f->heard);
    remove_tree(f->dir);
    if (line != 0)
        fail_msg("the scenario failed at line %ld", line);
}

static void run_on(struct rq_slice text, link_scenario *scenario)
{
    struct fake f = {.text = text};

    run_with(&f, scenario);
}

/* ---- taking ---- */

/* +OK, :-7, nil, $5 hello, *3 [a, [], :1] */
#define FIVE "+OK\r\n:-7\r\n$-1\r\n$5\r\nhello\r\n*3\r\n$1\r\na\r\n*0\r\n:1\r\n"

static long take_five(struct fake *f)
{
    struct link *l = f->link;
    struct rq_slice bytes;
    int64_t number;
    size_t count;

    EXPECT(await(link_reply(l)) == 0);
    EXPECT(link_take_array(l, &count) == -EBADMSG && link_take_nil(l) == -EBADMSG);
    EXPECT(link_take_integer(l, &number) == -EBADMSG);
    EXPECT(link_take_bytes(l, &bytes) == 0 && rq_slice_eq(bytes, RQ_LIT("OK")));
    EXPECT(link_take_bytes(l, &bytes) == -EBADMSG); /* nothing is left */
    EXPECT(await(link_reply(l)) == 0);
    EXPECT(link_take_bytes(l, &bytes) == -EBADMSG);
    EXPECT(link_take_integer(l, &number) == 0 && number == -7);
    EXPECT(await(link_reply(l)) == 0);
    EXPECT(link_take_bytes(l, &bytes) == -EBADMSG && link_take_nil(l) == 0);
    EXPECT(await(link_reply(l)) == 0);
    EXPECT(link_refusal(l, NULL) == 0);
    EXPECT(link_take_bytes(l, &bytes) == 0 && rq_slice_eq(bytes, RQ_LIT("hello")));
    EXPECT(await(link_reply(l)) == 0);
    EXPECT(link_tokens(l) == 4);
    EXPECT(link_take_array(l, &count) == 0 && count == 3);
    EXPECT(link_peek_bytes(l, 0, &bytes) == 0 &&
           link_peek_bytes(l, 1, &bytes) == -EBADMSG);
    EXPECT(link_peek_bytes(l, 3, &bytes) == -EBADMSG);
    EXPECT(link_take_bytes(l, &bytes) == 0 && rq_slice_eq(bytes, RQ_LIT("a")));
    EXPECT(link_take_array(l, &count) == 0 && count == 0);
    EXPECT(link_take_integer(l, &number) == 0 && number == 1);
    return 0;
}

static void each_type_is_taken_as_itself_only(void **state)
{
    (void)state;
    run_on(RQ_LIT(FIVE), take_five);
}

static void replies_may_come_byte_by_byte(void **state)
{
    struct fake f = {.text = RQ_LIT(FIVE), .step = 1};

    (void)state;
    run_with(&f, take_five);
}

static long skip_over(struct fake *f)
{
    struct rq_slice bytes;
    size_t count;

    EXPECT(await(link_reply(f->link)) == 0);
    EXPECT(link_take_array(f->link, &count) == 0 && count == 2);
    EXPECT(link_skip(f->link) == 0);
    EXPECT(link_take_bytes(f->link, &bytes) == 0 && rq_slice_eq(bytes, RQ_LIT("z")));
    EXPECT(link_skip(f->link) == -EBADMSG);
    return 0;
}

static void what_is_skipped_goes_with_all_its_elements(void **state)
{
    (void)state;
    run_on(RQ_LIT("*2\r\n*3\r\n:1\r\n*1\r\n*0\r\n$1\r\nx\r\n$1\r\nz\r\n"), skip_over);
}

static long refusal(struct fake *f)
{
    char why[LINK_WHY];

    EXPECT(await(link_reply(f->link)) == 0);
    EXPECT(link_refusal(f->link, why) == -ENOSPC);
    EXPECT(strcmp(why, "Redis says: OOM no ?[31mmore") == 0);
    EXPECT(await(link_expect(f->link, "OK", why)) == -EAGAIN);
    EXPECT(strlen(why) == LINK_WHY - 1); /* a long text is cut */
    EXPECT(await(link_expect(f->link, "OK", why)) == -EBADMSG);
    EXPECT(await(link_expect(f->link, "OK", why)) == 0);
    return 0;
}

static void errors_are_classified_and_quoted_without_control_characters(void **state)
{
    char text[400];

    (void)state;
    snprintf(text, sizeof text, "-OOM no \033[31mmore\r\n-ERR %0300d\r\n+NO\r\n+OK\r\n",
             7);
    run_on(rq_slice_str(text), refusal);
}

/* ---- limits and trouble ---- */

static struct rq_buf array_of(size_t count)
{
    struct rq_buf text;

    rq_buf_init(&text, 16 << 20);
    assert_int_equal(rq_buf_printf(&text, "*%zu\r\n", count), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rq_buf_append(&text, ":1\r\n", 4), 0);
    return text;
}

static long take_largest(struct fake *f)
{
    size_t count;
    int rc;

    while ((rc = await(link_receive(f->link, RIO_SEC))) == 0)
        ;
    EXPECT(rc == 1);
    EXPECT(link_take_array(f->link, &count) == 0 && count == LINK_ELEMENTS_MAX);
    EXPECT(link_tokens(f->link) == LINK_ELEMENTS_MAX);
    return 0;
}

static long refuse_larger(struct fake *f)
{
    int rc;

    while ((rc = await(link_receive(f->link, RIO_SEC))) == 0)
        ;
    EXPECT(rc == -EPROTO);
    return 0;
}

static void an_array_may_have_a_million_elements_and_no_more(void **state)
{
    struct rq_buf text = array_of(LINK_ELEMENTS_MAX);

    (void)state;
    run_on(rq_buf_slice(&text), take_largest);
    rq_buf_fini(&text);
    run_on(RQ_LIT("*1048577\r\n"), refuse_larger);
    run_on(RQ_LIT("*2147483648\r\n"), refuse_larger);
    run_on(RQ_LIT("*-2\r\n"), refuse_larger);
}

static void what_is_not_resp_ends_the_link(void **state)
{
    static const char *const bad[] = {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n",
                                      "*1\r\n!\r\n", "\r\n"};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        run_on(rq_slice_str(bad[i]), refuse_larger);
}

static long hang_up(struct fake *f)
{
    EXPECT(await(link_reply(f->link)) == 0);
    EXPECT(await(link_reply(f->link)) == -ECONNRESET);
    return 0;
}

static void a_reply_cut_short_is_a_broken_link(void **state)
{
    struct fake f = {.text = RQ_LIT("+OK\r\n$100\r\nhal"), .hangs_up = true};

    (void)state;
    run_with(&f, hang_up);
}

static long silence(struct fake *f)
{
    struct rq_slice bytes;

    EXPECT(await(link_reply(f->link)) == 0);
    EXPECT(await(link_receive(f->link, 5 * RIO_MS)) == -EAGAIN);
    EXPECT(await(link_receive(f->link, 5 * RIO_MS)) == -EAGAIN); /* still good */
    EXPECT(await(link_reply(f->link)) == -ETIMEDOUT);
    EXPECT(link_take_bytes(f->link, &bytes) == -EBADMSG);
    return 0;
}

/* The wait is over before the answer comes, and nobody waits when it does. */
static long receive_late(struct fake *f)
{
    int rc = await(link_receive(f->link, 1));

    EXPECT(rc == -EAGAIN);
    EXPECT(await(rio_sleep(20 * RIO_MS)) == 0);
    rc = await(link_receive(f->link, 20 * RIO_MS));
    EXPECT(rc == 1);
    return 0;
}

static void an_answer_that_came_between_two_waits_is_read(void **state)
{
    (void)state;
    run_on(RQ_LIT("+OK\r\n"), receive_late);
}

static void silence_is_told_apart_from_an_end(void **state)
{
    (void)state;
    run_on(RQ_LIT("+OK\r\n"), silence);
}

/* A large reply is taken while it arrives. */
static long in_parts(struct fake *f)
{
    size_t count, taken = 0;
    int64_t number;
    bool in_part = false;
    int rc;

    do {
        rc = await(link_receive(f->link, RIO_SEC));
        EXPECT(rc >= 0);
        if (taken == 0)
            EXPECT(link_take_array(f->link, &count) == 0);
        while (link_take_integer(f->link, &number) == 0)
            taken++;
        in_part = in_part || rc == 0;
    } while (rc == 0);
    EXPECT(in_part && taken == count);
    return 0;
}

static void a_large_reply_can_be_taken_in_parts(void **state)
{
    struct rq_buf text = array_of(900000);

    (void)state;
    run_on(rq_buf_slice(&text), in_parts);
    rq_buf_fini(&text);
}

/* ---- writing ---- */

static long speak(struct fake *f)
{
    struct link *l = f->link;
    uint8_t *room;

    EXPECT(link_send(l, (const char *[]){"GET", "k", NULL}) == 0);
    link_begin(l, 3);
    link_arg_str(l, "SET");
    link_arg(l, rq_slice("a\0b", 3));
    room = link_arg_room(l, 4);
    EXPECT(room != NULL);
    memcpy(room, "1\r\n2", 4);
    EXPECT(link_end(l) == 0);
    EXPECT(await(link_receive(l, 5 * RIO_MS)) == -EAGAIN);
    static const char want[] = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
                               "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$4\r\n1\r\n2\r\n";
    EXPECT(rq_slice_eq(rq_buf_slice(&f->heard), RQ_LIT(want)));
    return 0;
}

static void commands_are_written_as_resp(void **state)
{
    (void)state;
    run_on(RQ_LIT(""), speak);
}

static long greet(struct fake *f)
{
    struct url url;
    char why[URL_WHY];

    EXPECT(url_parse("redis://jane:s3cret@h:1/5", &url, why) == 0);
    EXPECT(await(link_greet(f->link, &url, why)) == 0);
    static const char want[] =
        "*3\r\n$4\r\nAUTH\r\n$4\r\njane\r\n$6\r\ns3cret\r\n"
        "*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n"
        "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nringqd\r\n";
    EXPECT(await(link_receive(f->link, 5 * RIO_MS)) == -EAGAIN);
    EXPECT(rq_slice_eq(rq_buf_slice(&f->heard), RQ_LIT(want)));
    return 0;
}

static void the_greeting_says_what_the_url_says(void **state)
{
    (void)state;
    run_on(RQ_LIT("+OK\r\n+OK\r\n+OK\r\n"), greet);
    run_on(RQ_LIT("+OK\r\n+OK\r\n-NOPERM no CLIENT for you\r\n"), greet);
}

static long greet_in_vain(struct fake *f)
{
    struct url url;
    char why[URL_WHY];

    EXPECT(url_parse("redis://:s3cret@h:1", &url, why) == 0);
    EXPECT(await(link_greet(f->link, &url, why)) == -EACCES);
    EXPECT(strstr(why, "WRONGPASS") != NULL && strstr(why, "s3cret") == NULL);
    return 0;
}

static void a_refused_greeting_says_why(void **state)
{
    (void)state;
    run_on(RQ_LIT("-WRONGPASS invalid username-password pair\r\n"), greet_in_vain);
}

TEST_MAIN(cmocka_unit_test(each_type_is_taken_as_itself_only),
          cmocka_unit_test(replies_may_come_byte_by_byte),
          cmocka_unit_test(what_is_skipped_goes_with_all_its_elements),
          cmocka_unit_test(errors_are_classified_and_quoted_without_control_characters),
          cmocka_unit_test(an_array_may_have_a_million_elements_and_no_more),
          cmocka_unit_test(what_is_not_resp_ends_the_link),
          cmocka_unit_test(a_reply_cut_short_is_a_broken_link),
          cmocka_unit_test(silence_is_told_apart_from_an_end),
          cmocka_unit_test(an_answer_that_came_between_two_waits_is_read),
          cmocka_unit_test(a_large_reply_can_be_taken_in_parts),
          cmocka_unit_test(commands_are_written_as_resp),
          cmocka_unit_test(the_greeting_says_what_the_url_says),
          cmocka_unit_test(a_refused_greeting_says_why))
