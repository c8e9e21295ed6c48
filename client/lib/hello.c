/* hello - opens a connection: the socket, then HELLO, whose reply tells a ringq server
 * from anything else that may listen there.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

#include "lib/conn.h"
#include "lib/error.h"

enum { NS_PER_MS = 1000000 };

struct hello {
    const struct rq_conn *conn;
    bool answered; /* by the server; not by the end of the connection */
    int error;
    char text[160];
    struct rq_reply *reply;
};

static void hello_done(void *arg, int error, const char *text, struct rq_reply *reply)
{
    struct hello *h = arg;

    h->answered = rq_conn_is_open(h->conn);
    h->error = error;
    h->reply = reply;
    if (error != 0)
        (void)snprintf(h->text, sizeof h->text, "%s", text);
}

/* What a person does about a socket that cannot be had. */
static const char *advice(int rc, bool is_unix)
{
    switch (rc) {
    case -ECONNREFUSED:
        return "; is ringqd running there?";
    case -ENOENT:
        return is_unix ? "; is ringqd running, and is this its socket?" : "";
    case -EACCES:
    case -EPERM:
        return "; may this user use it?";
    case -ETIMEDOUT:
        return "; is the host up, and does a firewall let this port pass?";
    default:
        return "";
    }
}

static int fail(struct rq_conn *c, int error, const char *what, const char *advice_text)
{
    (void)snprintf(c->why, sizeof c->why, "cannot reach ringqd at %.120s: %.120s%s",
                   c->set->address.text, what, advice_text);
    if (error == RINGQ_TIMEOUT) /* that one speaks of commands */
        error = RINGQ_DISCONNECTED;
    rq_conn_close(c, error, NULL);
    c->lost = error;
    return error;
}

/* The connection's memory; what there is already is kept. */
static int open_socket(struct rq_conn *c)
{
    const struct rq_settings *set = c->set;
    ringq_address to = rq_address_view(&set->address);
    void *socket = NULL;
    char why[160] = "";
    int rc;

    if (c->in == NULL)
        c->in = malloc(RQ_CONN_IN_BYTES);
    c->reader = rq_reply_reader_new(set->reply_max);
    if (c->in == NULL || c->reader == NULL) {
        rq_reply_reader_free(c->reader);
        c->reader = NULL;
        return fail(c, RINGQ_NOMEM, rq_err_text(-ENOMEM), "");
    }
    rc = set->transport->open(set->ctx, &to, set->connect_timeout_ms, &socket, why,
                              sizeof why);
    if (rc < 0) {
        rq_reply_reader_free(c->reader);
        c->reader = NULL;
        return fail(c, rq_error_from_code(rc), why[0] != '\0' ? why : rq_err_text(rc),
                    advice(rc, to.path != NULL));
    }
    c->socket = socket;
    c->queued = c->sent = 0;
    rq_buf_clear(&c->out);
    return 0;
}

static int wait_for_hello(struct rq_conn *c, const struct hello *h, int64_t deadline_ns)
{
    const ringq_transport *t = c->set->transport;

    while (!h->answered) {
        int rc = rq_conn_pump(c);
        int64_t left_ms;

        if (rc < 0 && !h->answered)
            return rc;
        if (rc != 0)
            continue;
        left_ms = rq_clock_until(deadline_ns, t->now_ns(c->set->ctx)) / NS_PER_MS;
        if (left_ms == 0)
            return RINGQ_TIMEOUT;
        rc = t->wait(c->socket, rq_conn_want(c),
                     left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (rc < 0)
            return rq_error_from_code(rc);
    }
    return 0;
}

static bool is_ringq(const struct rq_reply *reply)
{
    const struct rq_reply *server = rq_reply_field(reply, "server");

    return server != NULL && rq_slice_eq(server->str, RQ_LIT("ringq"));
}

/* Judges the answer to HELLO. */
static int judge(struct rq_conn *c, struct hello *h)
{
    if (h->error == RINGQ_ERR)
        return fail(c, RINGQ_PROTOCOL, h->text, "; is this the port of ringqd?");
    if (h->error != 0)
        return fail(c, h->error, h->text, "");
    if (!is_ringq(h->reply))
        return fail(c, RINGQ_PROTOCOL, "something else than ringqd answers there",
                    "; is the port right?");
    if (!rq_conn_is_open(c))
        return fail(c, c->lost, "it closed the connection after HELLO", "");
    rq_reply_free(c->hello);
    c->hello = h->reply;
    h->reply = NULL;
    c->lost = 0;
    c->why[0] = '\0';
    return 0;
}

static int say_hello(struct rq_conn *c, struct hello *h, int64_t deadline_ns)
{
    struct rq_slice argv[5] = {RQ_LIT("HELLO"), RQ_LIT("3"), RQ_LIT("NAME")};
    size_t argc = 2;
    int rc;

    if (c->set->name != NULL) {
        argv[3] = rq_slice_str(c->set->name);
        argc = 4;
    }
    if (c->set->keep_leases)
        argv[argc++] = RQ_LIT("KEEPLEASES");
    rc = rq_conn_submit(c, argc, argv, 0, hello_done, h);
    return rc < 0 ? rc : wait_for_hello(c, h, deadline_ns);
}

/* What went wrong when there was no answer. */
static int unanswered(struct rq_conn *c, int error)
{
    char what[160];

    if (rq_conn_is_open(c))
        (void)snprintf(what, sizeof what, "%s",
                       error == RINGQ_TIMEOUT ? "it took the connection but is silent"
                                              : ringq_error_name(error));
    else
        (void)snprintf(what, sizeof what, "%.150s", c->why);
    return fail(c, error, what, "");
}

int rq_conn_open(struct rq_conn *c)
{
    const struct rq_settings *set = c->set;
    struct hello h = {.conn = c};
    int64_t deadline = rq_clock_after(set->transport->now_ns(set->ctx),
                                      (int64_t)set->connect_timeout_ms * NS_PER_MS);
    int rc = open_socket(c);

    if (rc < 0)
        return rc;
    rc = say_hello(c, &h, deadline);
    rc = rc < 0 ? unanswered(c, rc) : judge(c, &h);
    rq_reply_free(h.reply);
    return rc;
}
