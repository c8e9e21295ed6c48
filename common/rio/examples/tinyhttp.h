/* tinyhttp.h - as much HTTP as the demos need, over rio streams: GET, and bodies with a
 * length.  No more than that: rio-http is the library.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_EXAMPLES_TINYHTTP_H
#define RIO_EXAMPLES_TINYHTTP_H

#include "rio/rio.h"

enum { HTTP_URL = 128, HTTP_BODY = 512 };

/* Answers one request; may suspend.
 * Shape    out: HTTP_BODY bytes, for the body as a string
 * Returns  0, or an error, which the client sees as 500 */
typedef long http_fn(const char *path, char *out);

/* A path "/a/" with its slash stands for all that begins so, except "/" itself. */
struct http_route {
    const char *method, *path;
    http_fn *fn;
};

/* Serves on 127.0.0.1 as long as the loop runs.
 * Shape    routes: ends with one whose method is NULL;  url: HTTP_URL bytes
 * Returns  0, and the server's "http://127.0.0.1:PORT" in url
 * Errors   as rio_start_server
 * Owns     keeps routes */
RIO_AWAITS long http_serve(const struct http_route *routes, const char *port,
                           char *url);

/* A connection that serves one request after the other: an enter and an exit.
 * http_close  Returns  rc */
struct http_session {
    rio_stream *stream;
    rio_lock turn; /* whose request is under way */
};
RIO_AWAITS long http_open(struct http_session *s, const char *url);
RIO_AWAITS long http_close(struct http_session *s, long rc);

/* Shape    body: HTTP_BODY bytes, gets a NUL
 * Returns  the status
 * Errors   -EPROTO not an answer;  -EMSGSIZE too long;  those of the stream */
RIO_AWAITS long http_get(struct http_session *s, const char *path, char *body);
/* The same over a connection of its own, for a whole URL. */
RIO_AWAITS long http_fetch(const char *url, char *body);

#endif
