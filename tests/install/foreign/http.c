/* http.c - a stranger's program on librio_http: serves a page to itself.
 * SPDX-License-Identifier: MIT */
#include <rio/http.h>
#include <stdio.h>

static long hello(rio_http_exchange *x, void *arg)
{
    (void)arg;
    return rio_http_reply_text(x, 200, "hello\n");
}

RIO_AWAITS static long fetch(void *arg)
{
    char url[64];
    rio_http_session *session = rio_http_session_new(NULL);
    rio_http_resp resp;
    long rc;

    if (session == NULL)
        return -1;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", *(unsigned *)arg);
    rc = await(rio_http_get(session, url, &resp));
    (void)printf("%d %s", resp.status, rc == 0 ? resp.body : "\n");
    rio_http_resp_free(&resp);
    RIO_TRY(await(rio_http_session_close(session)));
    return rc;
}

static long serve(void *arg)
{
    static const rio_http_route routes[] = {{"GET", "/", hello, NULL}};
    rio_http_server *server;
    unsigned port;
    long rc;

    (void)arg;
    RIO_TRY(rio_http_server_start(routes, 1, NULL, &server));
    port = rio_http_server_port(server);
    rc = await(fetch(&port));
    RIO_TRY(await(rio_http_server_close(server)));
    return rc;
}

int main(void)
{
    return rio_run(serve, NULL) < 0;
}
