/* ten-apis - ten calls that take 100 ms, 200 ms ... a second: together one second.
 *
 *     ten-apis [http://HOST[:PORT]]
 *
 * asyncio: why at all.  One after the other they would take 5.5 s.  Without an address
 * it asks a server of its own.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"
#include "rio/examples/tinyhttp.h"

enum { CALLS = 10 };

struct call {
    char url[HTTP_URL + 16], body[HTTP_BODY];
};

/* "/api/300" takes 300 ms. */
static long api(const char *path, char *out)
{
    int ms = 0;

    if (sscanf(path, "/api/%d", &ms) == 1)
        RIO_TRY(await(rio_sleep(seconds(ms / 1000.0))));
    return snprintf(out, HTTP_BODY, "%d ms", ms);
}

static const struct http_route routes[] = {{"GET", "/api/", api}, {NULL, NULL, NULL}};

static long fetch(void *arg)
{
    struct call *c = arg;

    RIO_TRY(await(http_fetch(c->url, c->body)));
    say("%s", c->body);
    return 0;
}

static long body(void *arg)
{
    char own[HTTP_URL];
    static struct call calls[CALLS];

    (void)arg;
    RIO_TRY(await(http_serve(routes, "0", own)));
    for (int i = 0; i < CALLS; i++)
        (void)snprintf(calls[i].url, sizeof calls[i].url, "%s/api/%d", demo_arg(0, own),
                       100 * (i + 1));
    return RIO_GATHER_ARRAY(fetch, calls);
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
