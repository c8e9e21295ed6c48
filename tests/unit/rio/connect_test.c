/* connect_test - names with several addresses, raced or in turn, and a slow resolver.
 *
 * getaddrinfo() is ours (--wrap) for all that is no number: it gives what the test has
 * put down, as many addresses as that.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

#define NAME "host.invalid"

/* ---- the resolver ---- */

enum { ADDRESSES_MAX = 4, OURS = 0x7777 };

static union address {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_un un;
} addresses[ADDRESSES_MAX];
static size_t address_count;
static atomic_bool slow;
static atomic_int asked, answered, freed;

int __real_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **res);
void __real_freeaddrinfo(struct addrinfo *list);
int __wrap_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **res);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **res)
{
    struct addrinfo *list;

    if (node == NULL || strcmp(node, NAME) != 0 || (hints->ai_flags & AI_NUMERICHOST))
        return __real_getaddrinfo(node, service, hints, res);
    atomic_fetch_add(&asked, 1);
    while (atomic_load(&slow))
        (void)nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    list = calloc(ADDRESSES_MAX, sizeof *list);
    if (list == NULL)
        return EAI_MEMORY;
    for (size_t i = 0; i < address_count; i++) {
        union address *a = &addresses[i];

        list[i] = (struct addrinfo){
            .ai_flags = OURS,
            .ai_family = a->any.sa_family,
            .ai_addr = &a->any,
            .ai_addrlen = a->any.sa_family == AF_INET ? sizeof a->inet : sizeof a->un,
            .ai_next = i + 1 < address_count ? &list[i + 1] : NULL,
        };
    }
    *res = list;
    atomic_fetch_add(&answered, 1);
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    if (list->ai_flags != OURS) {
        __real_freeaddrinfo(list);
        return;
    }
    atomic_fetch_add(&freed, 1);
    free(list);
}

/* ---- addresses ---- */

static int forget_all(void **state)
{
    (void)state;
    address_count = 0;
    atomic_store(&slow, false);
    atomic_store(&asked, 0);
    atomic_store(&answered, 0);
    atomic_store(&freed, 0);
    return 0;
}

/* One more address, on a free port.  Returns  its socket, which does not listen */
static int add_bound(void)
{
    union address *a = &addresses[address_count++];
    socklen_t len = sizeof a->inet;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a->inet = (struct sockaddr_in){.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, &a->any, sizeof a->inet) < 0 || getsockname(fd, &a->any, &len) < 0)
        return -1;
    return fd;
}

static int add_listening(void)
{
    int fd = add_bound();

    return listen(fd, 8) < 0 ? -1 : fd;
}

/* Its queue is full: who connects waits.  *filler is in there. */
static int add_hanging(int *filler)
{
    int fd = add_bound();

    *filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listen(fd, 0) < 0 || connect(*filler, &addresses[address_count - 1].any,
                                     sizeof(struct sockaddr_in)) < 0)
        return -1;
    return fd;
}

/* One of another family, that is not there: -ENOENT. */
static void add_missing_path(void)
{
    addresses[address_count++].un =
        (struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "/nonexistent/s"};
}

static const rio_connect_opts patient = {.attempt_delay = 1000 * RIO_SEC};
static const rio_connect_opts hasty = {.attempt_delay = 2 * RIO_MS};

/* Connects to all of them.  Returns  which one it is */
RIO_AWAITS static long reached(const rio_connect_opts *o)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    rio_stream *s;
    long which = -EPROTO;

    RIO_TRY(await(rio_open_connection_ex(NAME, "1", o, &s)));
    if (getpeername(rio_stream_fd(s), (struct sockaddr *)&peer, &len) < 0)
        which = -errno;
    for (size_t i = 0; i < address_count; i++)
        if (addresses[i].inet.sin_port == peer.sin_port)
            which = (long)i;
    RIO_TRY(rio_stream_close(s));
    RIO_TRY(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return which;
}

static long reached_hastily(void *unused)
{
    (void)unused;
    return await(reached(&hasty));
}

/* ---- tests ---- */

LOOP_TEST(each_address_is_tried)
{
    int refuses = add_bound(), listens = add_listening();

    EXPECT_EQ(await(reached(NULL)), 1);
    close(listens);
    EXPECT_EQ(await(reached(NULL)), -ECONNREFUSED);
    EXPECT_EQ(atomic_load(&freed), 2);
    close(refuses);
    return 0;
}

LOOP_TEST(the_error_is_that_of_the_last_address)
{
    int refuses = add_bound();

    add_missing_path();
    EXPECT_EQ(await(reached(NULL)), -ENOENT);
    EXPECT_EQ(await(reached(&patient)), -ENOENT);
    close(refuses);
    return 0;
}

LOOP_TEST(a_race_alternates_between_families)
{
    int first = add_bound(), second = add_bound();

    add_missing_path(); /* raced as the second one */
    EXPECT_EQ(await(reached(NULL)), -ENOENT);
    EXPECT_EQ(await(reached(&patient)), -ECONNREFUSED);
    close(first);
    close(second);
    return 0;
}

LOOP_TEST(a_failure_starts_the_next_attempt_at_once)
{
    int refuses = add_bound(), listens = add_listening();

    EXPECT_EQ(await(reached(&patient)), 1);
    close(refuses);
    close(listens);
    return 0;
}

LOOP_TEST(the_first_that_connects_is_the_only_one)
{
    int listens = add_listening(), not_tried = add_listening();
    struct pollfd came = {.fd = not_tried, .events = POLLIN};

    EXPECT_EQ(await(reached(&patient)), 0);
    EXPECT_EQ(poll(&came, 1, 0), 0);
    close(listens);
    close(not_tried);
    return 0;
}

LOOP_TEST(an_address_that_does_not_answer_is_overtaken)
{
    int filler, hangs = add_hanging(&filler), listens = add_listening();

    EXPECT(hangs >= 0);
    EXPECT_EQ(await(reached(&hasty)), 1);
    close(filler);
    close(hangs);
    close(listens);
    return 0;
}

LOOP_TEST(a_cancelled_race_leaves_nothing)
{
    int filler[2], hangs[2] = {add_hanging(&filler[0]), add_hanging(&filler[1])};

    EXPECT_EQ(await(rio_wait_for_call(reached_hastily, NULL, 20 * RIO_MS)), -ETIMEDOUT);
    for (int i = 0; i < 2; i++) {
        close(filler[i]);
        close(hangs[i]);
    }
    return 0;
}

LOOP_TEST(a_negative_delay_is_refused)
{
    const rio_connect_opts bad = {.attempt_delay = -1};
    rio_stream *s;

    EXPECT_EQ(await(rio_open_connection_ex(NAME, "1", &bad, &s)), -EINVAL);
    return 0;
}

LOOP_TEST(nobody_waits_for_a_lookup_that_is_not_wanted)
{
    rio_task *t;

    atomic_store(&slow, true);
    close(add_bound());
    t = rio_create_task(reached_hastily, NULL);
    while (atomic_load(&asked) == 0) /* before that nobody would look it up */
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(await(rio_wait_for(t, 5 * RIO_MS)), -ETIMEDOUT);
    rio_unref(t);
    EXPECT_EQ(atomic_load(&answered), 0);
    atomic_store(&slow, false);
    while (atomic_load(&freed) == 0) /* when the thread is done with it */
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    return 0;
}

static long leave_a_lookup(void *unused)
{
    rio_task *t = rio_create_task(reached_hastily, unused);

    while (atomic_load(&asked) == 0)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    rio_unref(t);
    atomic_store(&slow, false);
    return 0;
}

static void the_end_of_a_run_waits_for_lookups(void **state)
{
    (void)state;
    atomic_store(&slow, true);
    (void)close(add_bound());
    assert_int_equal(loop_test_run_leaky(leave_a_lookup, NULL), 0);
    assert_int_equal(atomic_load(&freed), 1);
}

#define CASE(f) cmocka_unit_test_setup(f, forget_all)

TEST_MAIN(CASE(each_address_is_tried), CASE(the_error_is_that_of_the_last_address),
          CASE(a_race_alternates_between_families),
          CASE(a_failure_starts_the_next_attempt_at_once),
          CASE(the_first_that_connects_is_the_only_one),
          CASE(an_address_that_does_not_answer_is_overtaken),
          CASE(a_cancelled_race_leaves_nothing), CASE(a_negative_delay_is_refused),
          CASE(nobody_waits_for_a_lookup_that_is_not_wanted),
          CASE(the_end_of_a_run_waits_for_lookups))
