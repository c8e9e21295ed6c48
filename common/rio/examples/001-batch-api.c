/* 001-batch-api - a batch of requests over one connection; results in their order.
 *
 *     001-batch-api [http://HOST[:PORT]]
 *
 * asyncio: one ClientSession for many session.get(), response.json(), gather(). Without
 * an address it asks a server of its own; 000-web is one, too.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"
#include "rio/examples/tinyhttp.h"

static struct http_session session;

struct request {
    const char *path;
    char json[HTTP_BODY];
};

static long json(const char *path, char *out)
{
    return snprintf(out, HTTP_BODY, "{\"item\": \"%s\"}", strrchr(path, '/') + 1);
}

static const struct http_route routes[] = {{"GET", "/json/", json}, {NULL, NULL, NULL}};

static long fetch(void *arg)
{
    struct request *r = arg;

    return await(http_get(&session, r->path, r->json));
}

static long body(void *arg)
{
    struct request batch[] = {{"/json/1", ""}, {"/json/2", ""}, {"/json/3", ""}};
    char own[HTTP_URL];
    long rc;

    (void)arg;
    RIO_TRY(await(http_serve(routes, "0", own)));
    RIO_TRY(await(http_open(&session, demo_arg(0, own))));
    rc = RIO_GATHER_ARRAY(fetch, batch);
    rc = await(http_close(&session, rc));
    for (int i = 0; i < 3 && rc == 0; i++)
        say("%s", batch[i].json);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
