/* crawler - follows links from page to page, ten requests at a time.
 *
 *     crawler [URL]      without one it crawls a site of its own: 200 pages, each of
 *                        which takes 50 ms
 *
 * Shows: a task per page in one group, a semaphore that lets ten of them ask at a time,
 * and a session that they share.  A page is asked for once, however many links lead to
 * it; links to other hosts are not followed.  At the end it says how long it took, and
 * how long it would have taken if all ten had been busy all the time.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <rio/http.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 200, AT_A_TIME = 10, LINKS = 10, URL_MAX = 512, PAGE_MAX = 1024 };
#define DELAY (50 * RIO_MS)

struct crawl {
    rio_http_session *session;
    rio_group group; /* a member per page */
    rio_sem places;
    char site[URL_MAX]; /* http://host:port */
    void *seen;         /* tsearch(3): struct page, by path */
    size_t pages, in_flight, most;
    int64_t busy; /* ns, of all requests together */
};

struct plan {
    const char *url;
    int64_t each; /* ns that a page takes; 0: it is measured */
};

struct page {
    struct crawl *crawl;
    char path[URL_MAX];
};

/* ---- the crawler ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->path, ((const struct page *)b)->path);
}

static long crawl_page(void *arg);

/* A task for a path that was not seen before. */
static long visit(struct crawl *c, const char *path, size_t len)
{
    struct page *page, **at;

    if (c->pages == PAGES || len >= URL_MAX)
        return 0;
    page = calloc(1, sizeof *page);
    if (page == NULL)
        return -ENOMEM;
    page->crawl = c;
    memcpy(page->path, path, len);
    at = tsearch(page, &c->seen, by_path);
    if (at == NULL || *at != page) {
        free(page);
        return at == NULL ? -ENOMEM : 0;
    }
    c->pages++;
    return rio_group_spawn(&c->group, crawl_page, page) == NULL ? -errno : 0;
}

static long follow_links(struct crawl *c, const char *html)
{
    static const char mark[] = "href=\"";

    for (const char *p = html; (p = strstr(p, mark)) != NULL;) {
        size_t len;

        p += sizeof mark - 1;
        len = strcspn(p, "\"#");
        if (len > 0 && p[0] == '/' && p[1] != '/')
            RIO_TRY(visit(c, p, len));
    }
    return 0;
}

RIO_AWAITS static long ask(struct page *page, rio_http_resp *resp)
{
    struct crawl *c = page->crawl;
    char url[2 * URL_MAX];
    int64_t start = rio_now();
    long rc;

    (void)snprintf(url, sizeof url, "%s%s", c->site, page->path);
    c->in_flight++;
    if (c->in_flight > c->most)
        c->most = c->in_flight;
    rc = await(rio_http_get(c->session, url, resp));
    c->in_flight--;
    c->busy += rio_now() - start;
    return rc;
}

static long crawl_page(void *arg)
{
    struct page *page = arg;
    rio_http_resp resp = {0};
    long rc;

    RIO_WITH_SEM(&page->crawl->places, &rc)
    {
        rc = await(ask(page, &resp));
    }
    if (rc < 0)
        return rc;
    rc = follow_links(page->crawl, resp.body);
    rio_http_resp_free(&resp);
    return rc;
}

static void tell(const struct crawl *c, int64_t each, int64_t took)
{
    int64_t work = each > 0 ? (int64_t)c->pages * each : c->busy;
    double ideal = (double)work / AT_A_TIME / RIO_SEC, time = (double)took / RIO_SEC;

    (void)printf("%zu pages, at most %zu at a time\n", c->pages, c->most);
    (void)printf("time %.3f s, ideal %.3f s, ratio %.2f\n", time, ideal, time / ideal);
}

RIO_AWAITS static long crawl_from(struct crawl *c, const char *path)
{
    long rc = rio_group_enter(&c->group);

    if (rc < 0)
        return rc;
    rc = visit(c, path, strlen(path));
    rc = await(rio_group_exit(&c->group, rc));
    rio_group_destroy(&c->group);
    tdestroy(c->seen, free);
    return rc;
}

RIO_AWAITS static long crawl(void *arg)
{
    const struct plan *plan = arg;
    const char *host = strstr(plan->url, "://"), *path;
    struct crawl c = {0};
    int64_t start = rio_now();
    long rc;

    if (host == NULL)
        return rio_error(-EINVAL, "%s: not a URL", plan->url);
    path = host + 3 + strcspn(host + 3, "/");
    (void)snprintf(c.site, sizeof c.site, "%.*s", (int)(path - plan->url), plan->url);
    RIO_TRY(rio_sem_init(&c.places, AT_A_TIME));
    c.session = rio_http_session_new(NULL);
    if (c.session == NULL)
        return -errno;
    rc = await(crawl_from(&c, *path == '\0' ? "/" : path));
    if (rc == 0)
        tell(&c, plan->each, rio_now() - start);
    RIO_IGNORE(await(rio_http_session_close(c.session)));
    return rc;
}

/* ---- a site of its own ---- */

/* Page K links to pages 10 K + 1 to 10 K + 10, and home. */
static long serve_page(rio_http_exchange *x, void *arg)
{
    const char *number = strrchr(rio_http_path(x), '/') + 1;
    char html[PAGE_MAX];
    size_t n, k = 0;

    (void)arg;
    for (; *number >= '0' && *number <= '9' && k < PAGES; number++)
        k = k * 10 + (size_t)(*number - '0');
    n = (size_t)snprintf(html, sizeof html, "<a href=\"/page/0\">home</a>\n");
    for (size_t i = 1; i <= LINKS; i++)
        n += (size_t)snprintf(html + n, sizeof html - n,
                              "<a href=\"/page/%zu\">on</a>\n", k * LINKS + i);
    RIO_TRY(await(rio_sleep(DELAY)));
    return rio_http_reply(x, 200, "text/html", html, n);
}

static long crawl_own_site(void *arg)
{
    static const rio_http_route routes[] = {{"GET", "/page/*", serve_page, NULL}};
    rio_http_server *server;
    char url[64];
    long rc;

    (void)arg;
    RIO_TRY(rio_http_server_start(routes, 1, NULL, &server));
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/page/0",
                   rio_http_server_port(server));
    rc = await(crawl(&(struct plan){url, DELAY}));
    RIO_IGNORE(await(rio_http_server_close(server)));
    return rc;
}

int main(int argc, char **argv)
{
    struct plan plan = {.url = argv[1]};
    long rc;

    if (argc > 2) {
        (void)fprintf(stderr, "usage: crawler [URL]\n");
        return 2;
    }
    rc = argc == 2 ? rio_run(crawl, &plan) : rio_run(crawl_own_site, NULL);
    if (rc < 0) {
        const char *why = rio_task_error(NULL);

        (void)fprintf(stderr, "crawler: %s\n", why == NULL ? strerror((int)-rc) : why);
        return 1;
    }
    return 0;
}
