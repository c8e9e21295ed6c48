/* web_server - a greeting for everybody who asks.
 *
 *     web_server [PORT [DELAY_MS]]      port 8080 if none is named; 0: one that is free
 *
 * Shows: routes, and a handler that waits (DELAY_MS) without keeping anybody else
 * waiting; unknown paths and methods answer for themselves.  SIGTERM and Ctrl-C end it
 * gracefully: what is being answered is answered, for five seconds at most.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <rio/http.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOODBYE (5 * RIO_SEC)

static long greet(rio_http_exchange *x, void *arg)
{
    const int64_t *delay = arg;

    RIO_TRY(await(rio_sleep(*delay)));
    return rio_http_reply_text(x, 200, "Hello, Async World!");
}

static long close_server(void *arg)
{
    return await(rio_http_server_close(arg));
}

struct options {
    unsigned port;
    int64_t delay;
};

static long serve(void *arg)
{
    struct options *o = arg;
    const rio_http_route routes[] = {{"GET", "/", greet, &o->delay}};
    rio_http_server *server;
    long rc, closed;

    RIO_TRY(rio_http_server_start(routes, 1, &(rio_http_server_opts){.port = o->port},
                                  &server));
    (void)printf("http://127.0.0.1:%u/\n", rio_http_server_port(server));
    (void)fflush(stdout);

    rc = await(rio_signal_wait(SIGTERM)); /* Ctrl-C cancels it */
    closed = await(rio_wait_for_call(close_server, server, GOODBYE));
    (void)printf("%s\n", closed < 0 ? "somebody had to go without" : "goodbye");
    return rc;
}

/* Returns  -1: not a number of up to `max` */
static long number(const char *text, long max)
{
    long n = 0;

    for (; *text >= '0' && *text <= '9' && n <= max; text++)
        n = n * 10 + (*text - '0');
    return *text == '\0' && n <= max ? n : -1;
}

int main(int argc, char **argv)
{
    long port = argc > 1 ? number(argv[1], 65535) : 8080;
    long delay = argc > 2 ? number(argv[2], 60000) : 0;
    struct options o = {(unsigned)port, delay * RIO_MS};
    long rc;

    if (argc > 3 || port < 0 || delay < 0) {
        (void)fprintf(stderr, "usage: web_server [PORT [DELAY_MS]]\n");
        return 2;
    }
    rc = rio_run(serve, &o);
    if (rc < 0 && rc != -EINTR) {
        (void)fprintf(stderr, "web_server: %s\n", strerror((int)-rc));
        return 1;
    }
    return 0;
}
