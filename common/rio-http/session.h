/* session.h - the client's inside: a session and the transfers that use it.
 *
 *     rio_http_request: transfer on the task's stack -> curl_multi_add_handle
 *         -> the pump turns, curl calls back -> transfer.done -> the task goes on
 *         -> curl_multi_remove_handle
 *
 * A transfer is in session.transfers from add to remove, and its task is waiting then.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_HTTP_SESSION_H
#define RIO_HTTP_SESSION_H

#include <curl/curl.h>
#include <rio/http.h>

#include "base/buf.h"
#include "base/list.h"
#include "rio-http/pump.h"

struct rio_http_session {
    struct rio__pump pump;
    int epoll; /* curl's sockets */
    bool closing;
    CURLM *multi;
    struct rq_list transfers;
    rio_event empty; /* set: there are none */
    char *user_agent, *proxy;
    size_t max_body;
    int64_t timeout;
};

struct rio__transfer {
    struct rq_list link;
    CURL *easy;
    struct curl_slist *headers;
    struct rq_buf body;
    rio_event done;
    long rc; /* valid once done */
    char message[CURL_ERROR_SIZE];
};

/* Prepares the request.  Errors  -EINVAL, -ENOMEM.  t is to be closed in each case. */
int rio__transfer_open(struct rio__transfer *t, const rio_http_session *s,
                       const rio_http_req *rq);
/* Puts what came into *out.  Errors  -ENOMEM */
int rio__transfer_take(struct rio__transfer *t, rio_http_resp *out);
void rio__transfer_close(struct rio__transfer *t);

/* Ends the transfer: its task goes on in the next turn. */
void rio__transfer_end(struct rio__transfer *t, CURLcode code);
/* The error of a transfer in the words of errno. */
long rio__transfer_error(CURL *easy, CURLcode code);

#endif
