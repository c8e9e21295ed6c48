/* session.c - libcurl's multi interface, driven by the loop.
 *
 * curl names the sockets it waits for; they go into an epoll descriptor, and the pump
 * turns when one of them is ready or curl's alarm is due.  All of curl's callbacks run
 * in a turn, or in the task that adds or removes a transfer; none of them suspends.
 * SPDX-License-Identifier: MIT */
#include "rio-http/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_A_TURN = 64,
    MAX_CONNECTIONS = 100, /* aiohttp's */
    MAX_BODY = 16 << 20,   /* bytes */
    TIMEOUT_S = 300,       /* aiohttp's */
};

/* ---- curl's wishes ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watched)
{
    rio_http_session *s = arg;
    struct epoll_event ev = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL); /* it may be closed */
        return 0;
    }
    if (what & CURL_POLL_IN)
        ev.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        ev.events |= EPOLLOUT;
    if (epoll_ctl(s->epoll, watched == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev) <
        0)
        return -1;
    (void)curl_multi_assign(s->multi, fd, s);
    return 0;
}

static int on_alarm(CURLM *multi, long ms, void *arg)
{
    rio_http_session *s = arg;

    (void)multi;
    rio__pump_alarm(&s->pump, ms < 0 ? -1 : ms * RIO_MS);
    return 0;
}

/* ---- a turn ---- */

static void collect(rio_http_session *s)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
        char *transfer = NULL;

        if (m->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &transfer);
        rio__transfer_end((struct rio__transfer *)(void *)transfer, m->data.result);
    }
}

static void session_turn(struct rio__pump *p)
{
    rio_http_session *s = RQ_CONTAINER_OF(p, rio_http_session, pump);
    struct epoll_event events[EVENTS_A_TURN];
    int running, n = epoll_wait(s->epoll, events, EVENTS_A_TURN, 0);

    for (int i = 0; i < n; i++) {
        int what = 0;

        if (events[i].events & EPOLLIN)
            what |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            what |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP))
            what |= CURL_CSELECT_ERR;
        (void)curl_multi_socket_action(s->multi, events[i].data.fd, what, &running);
    }
    /* Nothing that is due yet, unless the alarm brought us here. */
    (void)curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(s);
}

/* ---- life ---- */

static int copy_string(char **out, const char *text, const char *otherwise)
{
    *out = strdup(text == NULL ? otherwise : text);
    return *out == NULL ? -ENOMEM : 0;
}

static int multi_open(rio_http_session *s, unsigned max_connections)
{
    long most = max_connections == 0 ? MAX_CONNECTIONS : (long)max_connections;

    s->multi = curl_multi_init();
    if (s->multi == NULL)
        return -ENOMEM;
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
    (void)curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_alarm);
    (void)curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
    (void)curl_multi_setopt(s->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
    (void)curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, most); /* kept open */
    return 0;
}

static int session_init(rio_http_session *s, const rio_http_session_opts *o)
{
    int rc;

    rq_list_init(&s->transfers);
    rio_event_set(&s->empty);
    s->max_body = o->max_body == 0 ? MAX_BODY : o->max_body;
    s->timeout = o->timeout <= 0 ? TIMEOUT_S * RIO_SEC : o->timeout;
    rc = copy_string(&s->user_agent, o->user_agent, "rio-http");
    if (rc == 0)
        rc = copy_string(&s->proxy, o->proxy, "");
    if (rc == 0)
        rc = multi_open(s, o->max_connections);
    if (rc < 0)
        return rc;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0)
        return -errno;
    return rio__pump_start(&s->pump, s->epoll, session_turn);
}

static void session_free(rio_http_session *s)
{
    (void)curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, NULL); /* no more turns */
    (void)curl_multi_cleanup(s->multi); /* calls on_socket; NULL is fine */
    if (s->epoll >= 0)
        (void)close(s->epoll);
    free(s->user_agent);
    free(s->proxy);
    free(s);
    curl_global_cleanup();
}

rio_http_session *rio_http_session_new(const rio_http_session_opts *o)
{
    static const rio_http_session_opts defaults;
    rio_http_session *s;
    int rc;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        errno = ENOMEM;
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        curl_global_cleanup();
        errno = ENOMEM;
        return NULL;
    }
    s->epoll = -1;
    rc = session_init(s, o == NULL ? &defaults : o);
    if (rc == 0)
        return s;
    session_free(s);
    errno = -rc;
    return NULL;
}

int rio_http_session_close(rio_http_session *s)
{
    int mask;

    if (s == NULL)
        return 0;
    mask = rio_cancel_mask(1);
    if (mask < 0)
        return mask;
    s->closing = true;
    RQ_LIST_EACH(it, &s->transfers)
    {
        struct rio__transfer *t = RQ_LIST_ENTRY(it, struct rio__transfer, link);

        t->rc = -ESHUTDOWN;
        rio_event_set(&t->done);
    }
    RIO_IGNORE(await(rio_event_wait(&s->empty))); /* masked: it does not fail */
    RIO_IGNORE(await(rio__pump_stop(&s->pump)));
    session_free(s);
    (void)rio_cancel_mask(mask);
    return 0;
}

/* ---- a request ---- */

/* Waits until curl is done with the transfer, and takes it out. */
RIO_AWAITS static long perform(rio_http_session *s, struct rio__transfer *t)
{
    long rc;

    if (curl_multi_add_handle(s->multi, t->easy) != CURLM_OK)
        return -ENOMEM;
    rq_list_push_back(&s->transfers, &t->link);
    rio_event_clear(&s->empty);

    rc = await(rio_event_wait(&t->done));
    if (rc == 0)
        rc = t->rc;

    (void)curl_multi_remove_handle(s->multi, t->easy);
    rq_list_remove(&t->link);
    if (rq_list_empty(&s->transfers))
        rio_event_set(&s->empty);
    return rc;
}

RIO_AWAITS static long perform_in_time(rio_http_session *s, struct rio__transfer *t,
                                       int64_t timeout)
{
    rio_timeout limit = {0};
    long rc = rio_timeout_enter(&limit, timeout);

    if (rc < 0)
        return rc;
    rc = await(perform(s, t));
    return rio_timeout_exit(&limit, rc);
}

static long keep_message(const rio_http_req *rq, const struct rio__transfer *t, long rc)
{
    if (rc == -ECANCELED)
        return rc;
    return rio_error(rc, "%s: %s", rq->url,
                     t->message[0] == '\0' ? strerror((int)-rc) : t->message);
}

long rio_http_request(rio_http_session *s, const rio_http_req *rq, rio_http_resp *out)
{
    struct rio__transfer t;
    long rc;

    *out = (rio_http_resp){0};
    if (rio_current_task() == NULL)
        return -EPERM;
    if (s == NULL || rq->url == NULL || (rq->body == NULL && rq->body_size > 0))
        return -EINVAL;
    if (s->closing)
        return -ESHUTDOWN;
    rc = rio__transfer_open(&t, s, rq);
    if (rc == 0)
        rc = await(perform_in_time(s, &t, rq->timeout > 0 ? rq->timeout : s->timeout));
    if (rc == 0)
        rc = rio__transfer_take(&t, out);
    if (rc < 0)
        rc = keep_message(rq, &t, rc);
    rio__transfer_close(&t);
    return rc;
}

long rio_http_get(rio_http_session *s, const char *url, rio_http_resp *out)
{
    return await(rio_http_request(s, &(rio_http_req){.url = url}, out));
}
