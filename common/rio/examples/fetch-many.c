/* fetch-many - many pages at once; the results in the order of the addresses.
 *
 *     fetch-many [HOW MANY [http://HOST[:PORT]]]
 *
 * asyncio: gather(*[fetch(session, url) for url in urls]).  Without an address it asks
 * a server of its own, which takes 200 ms for each page. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "rio/examples/demo.h"
#include "rio/examples/tinyhttp.h"

struct request {
    char url[HTTP_URL + 16], body[HTTP_BODY];
};

static long page(const char *path, char *out)
{
    RIO_TRY(await(rio_sleep(seconds(0.2))));
    return snprintf(out, HTTP_BODY, "body of %s", path);
}

static const struct http_route routes[] = {{"GET", "/page/", page}, {NULL, NULL, NULL}};

static long fetch(void *arg)
{
    struct request *r = arg;

    return await(http_fetch(r->url, r->body));
}

static long body(void *arg)
{
    char own[HTTP_URL];
    size_t n = (size_t)demo_number(0, 50);
    struct request *all = calloc(n, sizeof *all);
    long rc = await(http_serve(routes, "0", own));

    (void)arg;
    for (size_t i = 0; i < n && all != NULL; i++)
        (void)snprintf(all[i].url, sizeof all[i].url, "%s/page/%zu", demo_arg(1, own),
                       i);
    if (rc == 0)
        rc = await(rio_gather_map(fetch, all, n, sizeof *all, NULL, 0));
    for (size_t i = 0; i < n && rc == 0; i++)
        say("%s", all[i].body);
    free(all);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
