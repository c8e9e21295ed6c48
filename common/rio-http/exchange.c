/* exchange.c - one request and its reply: what libmicrohttpd calls, and the handler's
 * task.
 *
 * libmicrohttpd calls step() when the headers are there, for each piece of the body, at
 * the end of the request, and once more after the handler's end.  Between the last two
 * the connection is suspended: libmicrohttpd does not look at it, so nothing can free
 * the exchange under its handler.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "rio-http/server.h"

/* How much of a body over the limit is read and dropped, so that the client, which is
 * still sending, gets to see why; beyond that the connection is closed. */
enum { DROP_MAX = 1 << 20, METHODS_MAX = 1024, NAME_MAX_BYTES = 32 };

/* ---- replies ---- */

int rio_http_reply(rio_http_exchange *x, int status, const char *type, const void *body,
                   size_t size)
{
    struct MHD_Response *reply;
    void *bytes = (void *)(uintptr_t)body; /* read only: it is copied */

    if (x->reply != NULL || status < 200 || status > 599 || (body == NULL && size > 0))
        return -EINVAL;
    reply = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_COPY);
    if (reply == NULL)
        return -ENOMEM;
    if (type != NULL &&
        MHD_add_response_header(reply, "Content-Type", type) != MHD_YES) {
        MHD_destroy_response(reply);
        return -EINVAL;
    }
    x->reply = reply;
    x->status = (unsigned)status;
    return 0;
}

int rio_http_reply_text(rio_http_exchange *x, int status, const char *text)
{
    return rio_http_reply(x, status, "text/plain; charset=utf-8", text, strlen(text));
}

int rio_http_reply_header(rio_http_exchange *x, const char *name, const char *value)
{
    if (x->reply == NULL || MHD_add_response_header(x->reply, name, value) != MHD_YES)
        return -EINVAL;
    return 0;
}

static enum MHD_Result send_reply(rio_http_exchange *x)
{
    if (x->reply == NULL)
        return MHD_NO; /* no memory for it: the connection is closed */
    if (x->server->closing)
        (void)MHD_add_response_header(x->reply, "Connection", "close");
    return MHD_queue_response(x->conn, x->status, x->reply);
}

static int refuse(rio_http_exchange *x, int status)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%d %s\n", status,
                   MHD_get_reason_phrase_for((unsigned)status));
    return rio_http_reply_text(x, status, text);
}

static enum MHD_Result refuse_now(rio_http_exchange *x, int status)
{
    if (refuse(x, status) < 0)
        return MHD_NO;
    return send_reply(x);
}

/* 405 has to say which methods there are. */
static enum MHD_Result refuse_method(rio_http_exchange *x)
{
    const rio_http_server *s = x->server;
    struct rq_buf methods;
    int rc;

    rq_buf_init(&methods, METHODS_MAX);
    rc = rio__route_methods(s->routes, s->route_count, x->path, &methods);
    if (rc == 0)
        rc = rq_buf_append_byte(&methods, '\0');
    if (rc == 0)
        rc = refuse(x, MHD_HTTP_METHOD_NOT_ALLOWED);
    if (rc == 0)
        rc = rio_http_reply_header(x, "Allow", (const char *)methods.ptr);
    rq_buf_fini(&methods);
    return rc == 0 ? send_reply(x) : MHD_NO;
}

/* ---- the handler ---- */

static void handler_ended(rio_http_exchange *x)
{
    rio_http_server *s = x->server;

    rio_unref(x->task); /* it runs on, and ends */
    x->task = NULL;
    rq_list_remove(&x->link);
    if (rq_list_empty(&s->running))
        rio_event_set(&s->stopped);
    MHD_resume_connection(x->conn);
    rio__pump_kick(&s->pump);
}

static long handler_main(void *arg)
{
    rio_http_exchange *x = arg;
    long rc = await(x->route->fn(x, x->route->arg));
    int made = 0;

    if (x->reply == NULL && rc == -ECANCELED)
        made = refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE);
    else if (x->reply == NULL && rc < 0)
        made = refuse(x, MHD_HTTP_INTERNAL_SERVER_ERROR);
    else if (x->reply == NULL)
        made = rio_http_reply(x, MHD_HTTP_NO_CONTENT, NULL, NULL, 0);
    handler_ended(x);
    return rc < 0 ? rc : made;
}

static enum MHD_Result start_handler(rio_http_exchange *x)
{
    rio_http_server *s = x->server;
    char name[NAME_MAX_BYTES];
    const rio_task_opts opts = {.name = name};

    if (x->body.ptr != NULL)
        *rq_buf_tail(&x->body) = '\0';
    (void)snprintf(name, sizeof name, "%s %s", x->method, x->path); /* cut */
    x->task = rio_create_task_ex(handler_main, x, 0, &opts);
    if (x->task == NULL)
        return refuse_now(x, MHD_HTTP_SERVICE_UNAVAILABLE);
    x->started = true;
    s->busy++;
    rq_list_push_back(&s->running, &x->link);
    rio_event_clear(&s->idle);
    rio_event_clear(&s->stopped);
    MHD_suspend_connection(x->conn);
    return MHD_YES;
}

/* ---- libmicrohttpd's calls ---- */

static const char *request_header(const rio_http_exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, name);
}

static bool is_far_too_long(const rio_http_exchange *x)
{
    const char *length = request_header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n, max = (uint64_t)x->server->max_body + DROP_MAX;

    return length != NULL && rq_num_u64(rq_slice_str(length), 0, max, &n) == -ERANGE;
}

/* The headers are there. */
static enum MHD_Result admit(rio_http_exchange *x)
{
    const rio_http_server *s = x->server;
    bool known;

    if (s->closing)
        return refuse_now(x, MHD_HTTP_SERVICE_UNAVAILABLE);
    x->route = rio__route_find(s->routes, s->route_count, x->method, x->path, &known);
    if (x->route == NULL)
        return known ? refuse_method(x) : refuse_now(x, MHD_HTTP_NOT_FOUND);
    if (is_far_too_long(x))
        return refuse_now(x, MHD_HTTP_CONTENT_TOO_LARGE);
    return MHD_YES;
}

static enum MHD_Result take_body(rio_http_exchange *x, const char *bytes, size_t n)
{
    if (x->dropped == 0 && n <= x->body.max - x->body.len)
        return rq_buf_append(&x->body, bytes, n) < 0 ? MHD_NO : MHD_YES;
    rq_buf_fini(&x->body);
    x->dropped += n;
    return x->dropped > DROP_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result request_ended(rio_http_exchange *x)
{
    if (x->started)
        return send_reply(x);
    if (x->dropped > 0)
        return refuse_now(x, MHD_HTTP_CONTENT_TOO_LARGE);
    if (x->server->closing)
        return refuse_now(x, MHD_HTTP_SERVICE_UNAVAILABLE);
    return start_handler(x);
}

enum MHD_Result rio__exchange_step(void *cls, struct MHD_Connection *conn,
                                   const char *url, const char *method,
                                   const char *version, const char *bytes, size_t *n,
                                   void **exchange)
{
    rio_http_exchange *x = *exchange;

    (void)version;
    if (x == NULL) {
        x = calloc(1, sizeof *x);
        if (x == NULL)
            return MHD_NO;
        x->server = cls;
        x->conn = conn;
        x->method = method;
        x->path = url;
        rq_list_init(&x->link);
        rq_buf_init(&x->body, x->server->max_body);
        *exchange = x;
        return admit(x);
    }
    if (*n > 0) {
        size_t piece = *n;

        *n = 0;
        return take_body(x, bytes, piece);
    }
    return request_ended(x);
}

void rio__exchange_sent(void *cls, struct MHD_Connection *conn, void **exchange,
                        enum MHD_RequestTerminationCode how)
{
    rio_http_server *s = cls;
    rio_http_exchange *x = *exchange;

    (void)conn, (void)how;
    if (x == NULL)
        return;
    *exchange = NULL;
    if (x->started && --s->busy == 0)
        rio_event_set(&s->idle);
    if (x->reply != NULL)
        MHD_destroy_response(x->reply);
    rq_buf_fini(&x->body);
    free(x);
}

/* ---- what a handler asks ---- */

const char *rio_http_method(const rio_http_exchange *x)
{
    return x->method;
}

const char *rio_http_path(const rio_http_exchange *x)
{
    return x->path;
}

const char *rio_http_header(const rio_http_exchange *x, const char *name)
{
    return request_header(x, name);
}

const char *rio_http_query(const rio_http_exchange *x, const char *name)
{
    const char *value = NULL;

    if (MHD_lookup_connection_value_n(x->conn, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &value, NULL) != MHD_YES)
        return NULL;
    return value == NULL ? "" : value;
}

const char *rio_http_body(const rio_http_exchange *x, size_t *size)
{
    const struct rq_buf *body = &x->body;

    *size = body->len;
    return body->ptr == NULL ? "" : (const char *)body->ptr;
}
