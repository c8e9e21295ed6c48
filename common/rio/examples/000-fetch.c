/* 000-fetch - one page over HTTP; the scope gives the connection back.
 *
 *     000-fetch [http://HOST[:PORT]/PATH]
 *
 * asyncio: async with aiohttp.ClientSession() as session, session.get(url).  Without an
 * address it asks a server of its own.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "rio/examples/demo.h"
#include "rio/examples/tinyhttp.h"

static long page(const char *path, char *out)
{
    return snprintf(out, HTTP_BODY, "this is %s", path);
}

static const struct http_route routes[] = {{"GET", "/a", page}, {NULL, NULL, NULL}};

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL)
        return -errno;
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n;
}

/* Our own server closes its end when it has seen ours closed. */
RIO_AWAITS static bool back_to(int before)
{
    for (int i = 0; i < 1000 && descriptors() != before; i++)
        RIO_IGNORE(await(rio_sleep(RIO_MS)));
    return descriptors() == before;
}

static long body(void *arg)
{
    char url[HTTP_URL], text[HTTP_BODY];
    int before;

    (void)arg;
    RIO_TRY(await(http_serve(routes, "0", url)));
    (void)snprintf(url + strlen(url), 3, "/a");
    before = descriptors();
    RIO_TRY(await(http_fetch(demo_arg(0, url), text)));
    say("%s", text);
    say("descriptors: %s before", await(back_to(before)) ? "as" : "not as");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
