/* nomem_test - the n-th allocation fails while a server is asked and answers.
 * SPDX-License-Identifier: MIT */
#include "unit/rio/nomem.h"

#include <string.h>

#include <rio/http.h>

/* Of a request that nobody can answer for want of memory. */
#define PATIENCE (200 * RIO_MS)

static long echo(rio_http_exchange *x, void *arg)
{
    size_t size;
    const char *body = rio_http_body(x, &size);

    (void)arg;
    RIO_TRY(await(rio_yield()));
    RIO_TRY(rio_http_reply(x, 200, "text/plain", body, size));
    return rio_http_reply_header(x, "X-Echo", "yes");
}

/* A reply that says that there is no memory is as good as an error. */
RIO_AWAITS static long ask(rio_http_session *s, unsigned port, const char *method,
                           const char *path)
{
    static const char body[1000];
    const char *const headers[] = {"X-Test: yes", NULL};
    rio_http_req rq = {.method = method,
                       .headers = headers,
                       .body = body,
                       .body_size = sizeof body,
                       .timeout = PATIENCE};
    rio_http_resp r;
    char url[64];
    long rc;

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    rq.url = url;
    rc = await(rio_http_request(s, &rq, &r));
    if (rc == 0 && r.status >= 500)
        rc = -ENOMEM;
    else if (rc == 0 && r.status == 200 && r.body_size != sizeof body)
        rc = -EBADMSG;
    rio_http_resp_free(&r);
    return rc;
}

RIO_AWAITS static long ask_all(rio_http_session *s, unsigned port)
{
    long rc = await(ask(s, port, "POST", "/echo"));

    rc = first_error(rc, await(ask(s, port, "PUT", "/echo")));
    return first_error(rc, await(ask(s, port, "POST", "/nope")));
}

NOMEM_TEST(requests_are_answered_or_fail, -ECONNRESET, -ETIMEDOUT, -EPIPE, 0)
{
    static const rio_http_route routes[] = {{"POST", "/echo", echo, NULL}};
    rio_http_session *session = rio_http_session_new(NULL);
    rio_http_server *server = NULL;
    long rc = made(session);

    if (rc == 0)
        rc = rio_http_server_start(routes, 1, NULL, &server);
    if (rc == 0)
        rc = await(ask_all(session, rio_http_server_port(server)));
    rc = first_error(rc, await(rio_http_session_close(session)));
    return first_error(rc, await(rio_http_server_close(server)));
}

TEST_MAIN(cmocka_unit_test(requests_are_answered_or_fail))
