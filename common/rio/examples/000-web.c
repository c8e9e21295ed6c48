/* 000-web - a web server: a table of routes, and a task for each client.
 *
 *     000-web [PORT]     until SIGTERM or Ctrl-C
 *
 * asyncio: aiohttp.web, app.add_routes([web.get('/', handle)]).  An unknown path is
 * answered with 404, a method that it does not have with 405.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "rio/examples/demo.h"
#include "rio/examples/tinyhttp.h"

/* Each takes 200 ms; a hundred at the same time take no longer. */
static long handle(const char *path, char *out)
{
    (void)path;
    RIO_TRY(await(rio_sleep(seconds(0.2))));
    return snprintf(out, HTTP_BODY, "Hello, Async World!\n");
}

static long json(const char *path, char *out)
{
    return snprintf(out, HTTP_BODY, "{\"item\": \"%s\"}", strrchr(path, '/') + 1);
}

static const struct http_route routes[] = {
    {"GET", "/", handle},
    {"GET", "/json/", json},
    {NULL, NULL, NULL},
};

static long body(void *arg)
{
    char url[HTTP_URL];

    (void)arg;
    RIO_TRY(await(http_serve(routes, demo_arg(0, "8080"), url)));
    say("%s", url);
    return await(rio_signal_wait(SIGTERM));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
