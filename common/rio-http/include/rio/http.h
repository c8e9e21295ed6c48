/* http.h - HTTP in tasks of librio: a client over libcurl, a server over libmicrohttpd,
 * both driven by the loop, without a thread of their own.
 *
 *   aiohttp                                  here
 *   ---------------------------------------  ---------------------------------------
 *   async with ClientSession() as s          rio_http_session_new ... _close
 *   async with s.get(url) as r               await(rio_http_get(s, url, &r))
 *   r.status, await r.read()                 r.status, r.body
 *   web.Application, app.add_routes(...)     an array of rio_http_route
 *   await TCPSite(...).start()               rio_http_server_start(...)
 *   return web.Response(text="x")            return rio_http_reply_text(x, 200, "x")
 *
 * The conventions are those of <rio/rio.h>.  What is opened here is closed in the run
 * of the loop that opened it.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_HTTP_H
#define RIO_HTTP_H

#include <rio/rio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- client ---- */

/* Requests that share connections: one is kept open after its response, and the next
 * request to that host takes it. */
typedef struct rio_http_session rio_http_session;

/* All-zero: the defaults.  Strings are copied. */
typedef struct rio_http_session_opts {
    const char *user_agent;   /* NULL: "rio-http" */
    const char *proxy;        /* a URL; NULL: none, whatever the environment says */
    unsigned max_connections; /* at a time; requests beyond wait.  0: 100 */
    size_t max_body;          /* bytes of a response.  0: 16 MiB */
    int64_t timeout;          /* of a whole request, ns.  0: 5 min; or RIO_FOREVER */
} rio_http_session_opts;

/* Errors  EPERM no running loop; EMFILE, ENFILE; ENOMEM
 * Owns    gives the session: rio_http_session_close() */
RIO_API rio_http_session *rio_http_session_new(const rio_http_session_opts *o);
/* Closes the connections and frees the session.  Requests under way fail with
 * -ESHUTDOWN, and are waited for; that takes a turn and cannot be cancelled.
 * Errors  -EPERM outside a task
 * Owns    consumes s; NULL is fine */
RIO_AWAITS RIO_API int rio_http_session_close(rio_http_session *s);

/* What is asked.  All-zero but for the url: a GET with the session's limits. */
typedef struct rio_http_req {
    const char *method;         /* NULL: GET, or POST when there is a body */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value" each, then NULL; or NULL */
    const void *body;           /* body_size bytes; NULL: none */
    size_t body_size;
    unsigned max_redirects; /* to follow.  0: the redirect is the response */
    size_t max_body;        /* bytes of the response.  0: the session's */
    int64_t timeout;        /* ns.  0: the session's */
} rio_http_req;

typedef struct rio_http_field {
    const char *name, *value;
} rio_http_field;

/* What came back. */
typedef struct rio_http_resp {
    int status;       /* 200, 404, ... */
    const char *body; /* body_size bytes, and a NUL behind them */
    size_t body_size;
    const rio_http_field *fields; /* the headers, in their order */
    size_t field_count;
    void *_priv[2];
} rio_http_resp;

/* Asks, and waits for the whole response.  Any status is a success.
 *
 * Returns  0
 * Errors   -ETIMEDOUT    the request's limit
 *          -EMSGSIZE     the body is longer than its limit
 *          -EINVAL       not a URL, or neither http nor https; a header with a line end
 *          -ENOENT       no such host
 *          -ECONNREFUSED and others of connect(2)
 *          -ECONNRESET   the connection broke before the end of the response
 *          -EPROTO       what came is not HTTP, or TLS failed
 *          -EKEYREJECTED the server's certificate is not trusted
 *          -ELOOP        more redirects than allowed
 *          -ESHUTDOWN    the session was closed
 *          Each keeps a message: rio_task_error()
 * Owns     borrows rq and all it points to; gives *out: rio_http_resp_free().  After an
 *          error *out is all-zero.
 * Suspends until the response is complete.  A cancel ends the transfer and closes its
 *          connection at once. */
RIO_AWAITS RIO_API long rio_http_request(rio_http_session *s, const rio_http_req *rq,
                                         rio_http_resp *out);
/* The same with nothing but a url. */
RIO_AWAITS RIO_API long rio_http_get(rio_http_session *s, const char *url,
                                     rio_http_resp *out);
/* All-zero, freed already and NULL are fine. */
RIO_API void rio_http_resp_free(rio_http_resp *r);
/* The first header of that name, in any case of letters; NULL: none.  Lent by r. */
RIO_API const char *rio_http_resp_header(const rio_http_resp *r, const char *name);

/* ---- server ---- */

typedef struct rio_http_server rio_http_server;
/* One request and its reply, the handler's until it returns. */
typedef struct rio_http_exchange rio_http_exchange;
/* Answers one request; a task of its own, which may suspend.  The request's body is
 * there already.  A client that has gone is not noticed before the reply.
 *
 * Returns  >= 0: the reply that was made is sent, or 204 if there was none
 *          < 0: 500 unless there was a reply; the exception handler gets the error.
 *          -ECANCELED, at a forced close: 503 */
typedef long rio_http_handler(rio_http_exchange *x, void *arg);

typedef struct rio_http_route {
    const char *method; /* "GET" answers HEAD, too */
    const char *path;   /* whole; or with '*' at its end: all that begins so */
    rio_http_handler *fn;
    void *arg;
} rio_http_route;

/* All-zero: the defaults. */
typedef struct rio_http_server_opts {
    const char *host;         /* an IPv4 or IPv6 address; NULL: 127.0.0.1 */
    unsigned port;            /* 0: one that is free */
    int listen_fd;            /* > 0: listens already; host and port are not used */
    unsigned max_connections; /* more wait to be accepted.  0: 1000 */
    size_t max_body;          /* bytes of a request.  0: 1 MiB */
    int64_t idle;             /* ns until a silent client is dropped.  0: 30 s */
} rio_http_server_opts;

/* Serves from now on, beside the caller.  The first route that fits answers; a path
 * without one gets 404, a path with other methods 405 and their list, a body over the
 * limit 413.
 *
 * Shape   routes: n
 * Errors  -EADDRINUSE, -EACCES and others of bind(2); -EINVAL host, port, or a route
 *         that lacks something; -EPERM no running loop
 * Owns    keeps routes until the server is closed; consumes listen_fd; gives *out:
 *         rio_http_server_close() */
RIO_API int rio_http_server_start(const rio_http_route *routes, size_t n,
                                  const rio_http_server_opts *o, rio_http_server **out);
/* Where it listens: the port; 0 on a unix socket. */
RIO_API unsigned rio_http_server_port(const rio_http_server *s);
/* Takes no new clients, waits until what is being answered is answered, drops the
 * connections and frees the server.  Cancelled - set a limit around it - it cancels
 * the handlers, and waits for those alone.  Not from within a handler.
 *
 * Errors  -ECANCELED: closed, but not every reply was sent
 *         -EPERM outside a task: nothing happened
 * Owns    consumes s; NULL is fine */
RIO_AWAITS RIO_API int rio_http_server_close(rio_http_server *s);

/* Of the request.  Lent by x. */
RIO_API const char *rio_http_method(const rio_http_exchange *x);
RIO_API const char *rio_http_path(const rio_http_exchange *x); /* decoded */
/* The first of that name, decoded; NULL: none, "" without a value. */
RIO_API const char *rio_http_query(const rio_http_exchange *x, const char *name);
RIO_API const char *rio_http_header(const rio_http_exchange *x, const char *name);
/* Returns  the body: *size bytes, and a NUL behind them; "" without one */
RIO_API const char *rio_http_body(const rio_http_exchange *x, size_t *size);

/* Makes the reply; it is sent when the handler returns.
 *
 * Shape   body: size bytes, copied; type: of the body, e.g. "application/json", or NULL
 * Errors  -EINVAL there is a reply already; status is not 200 to 599; type has a line
 *         end */
RIO_API int rio_http_reply(rio_http_exchange *x, int status, const char *type,
                           const void *body, size_t size);
/* A reply of plain text in UTF-8. */
RIO_API int rio_http_reply_text(rio_http_exchange *x, int status, const char *text);
/* Adds a header to the reply.  Errors  -EINVAL no reply yet; a line end in it */
RIO_API int rio_http_reply_header(rio_http_exchange *x, const char *name,
                                  const char *value);

#ifdef __cplusplus
}
#endif
#endif
