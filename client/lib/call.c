/* call - one command, one reply, and what a lost connection means for it.
 *
 * A call goes behind what is in the pipeline, so when its reply comes the callbacks of
 * the pipeline have come before.
 *
 * Three outcomes, never two: obeyed, not obeyed, not known.  A command that was lost is
 * sent again
 *   - when the kernel had not taken it whole: it cannot have been obeyed;
 *   - when it only looks, or is undone with the connection (GET);
 *   - when it settles a lease: the server then says what has become of the lease.
 * Else, and when nobody answers any more, the outcome is not known: RINGQ_UNKNOWN.
 * LOADING is waited for: the command was not obeyed, and the server will be there soon.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#include "lib/args.h"
#include "lib/client.h"
#include "lib/nature.h"

enum { NS_PER_MS = 1000000 };

struct call {
    ringq *q;
    struct rq_nature nature;
    size_t argc;
    struct rq_slice *argv;
    int64_t block_until_ns; /* valid with nature.block_at */
    char block_digits[24];
    bool maybe_obeyed; /* an attempt was lost, and we cannot know */
    /* of the attempt */
    bool finished, answered;
    int error;
    char text[RQ_CONN_WHY_SIZE];
    struct rq_reply *reply;
};

static int64_t now_ns(const ringq *q)
{
    return q->set.transport->now_ns(q->set.ctx);
}

static void on_done(void *arg, int error, const char *text, struct rq_reply *reply)
{
    struct call *call = arg;

    call->finished = true;
    call->answered = rq_conn_is_open(&call->q->conn);
    call->error = error;
    call->reply = reply;
    if (error != 0)
        (void)snprintf(call->text, sizeof call->text, "%s", text);
}

/* Writes what is left of BLOCK into the command. */
static void renew_block(struct call *call)
{
    int64_t left;

    if (call->nature.block_at == 0)
        return;
    left = rq_clock_until(call->block_until_ns, now_ns(call->q));
    left = (left + NS_PER_MS - 1) / NS_PER_MS;
    call->nature.block_ms = left;
    (void)snprintf(call->block_digits, sizeof call->block_digits, "%" PRId64, left);
    call->argv[call->nature.block_at] = rq_slice_str(call->block_digits);
}

/* The caller was cancelled while it waited for the reply. */
static int cancel(struct call *call)
{
    ringq *q = call->q;

    if (rq_conn_abandon(&q->conn, call))
        return rq_client_fail(q, RINGQ_CANCELED, "cancelled before it was sent");
    /* Whatever the server hands over for a command that nobody waits for, it takes back
     * when the connection ends. */
    if (call->nature.block_ms != 0)
        rq_conn_close(&q->conn, RINGQ_CANCELED, "cancelled");
    return rq_client_fail(q, RINGQ_CANCELED,
                          "cancelled; the server may have obeyed or not");
}

/* Errors  set in q: RINGQ_NOMEM, RINGQ_CANCELED.  All else is in `call`. */
static int attempt(struct call *call)
{
    ringq *q = call->q;
    int rc;

    call->finished = call->answered = false;
    rc = rq_conn_submit(&q->conn, call->argc, call->argv, call->nature.block_ms,
                        on_done, call);
    if (rc < 0)
        return rq_client_fail(q, rc, "out of memory");
    while (!call->finished) {
        rc = rq_conn_step(&q->conn);
        if (rc == RINGQ_CANCELED && !call->finished)
            return cancel(call);
    }
    return 0;
}

static int fail_unknown(struct call *call, const char *why)
{
    return rq_client_fail(call->q, RINGQ_UNKNOWN,
                          "the connection to %s was lost before %.*s was answered: %s; "
                          "look whether it was obeyed before you repeat it",
                          call->q->set.address.text, (int)call->argv[0].len,
                          (const char *)call->argv[0].ptr, why);
}

/* The server answered.  Returns  1: ask again */
static int conclude_answered(struct call *call, struct rq_retry *retry)
{
    ringq *q = call->q;

    if (call->error == 0)
        return 0;
    if (call->error == RINGQ_LOADING) {
        int rc = rq_client_pause(q, retry);

        if (rc == 0)
            return 1;
        if (rc == RINGQ_CANCELED)
            return rq_client_fail(q, rc, "cancelled while the server is loading");
    }
    return rq_client_fail(q, call->error, "%s%s", call->text,
                          call->maybe_obeyed
                              ? "; or an attempt before it, whose answer was lost with "
                                "the connection, was obeyed"
                              : "");
}

/* The connection was lost.  Returns  1: try again */
static int conclude_lost(struct call *call, struct rq_retry *retry)
{
    ringq *q = call->q;
    bool sent = call->error == RINGQ_UNKNOWN;
    int reason = q->conn.lost;
    int rc = RINGQ_TIMEOUT;

    if (sent && call->nature.repeat != RQ_REPEAT_HARMLESS)
        call->maybe_obeyed = true;
    if (reason == RINGQ_DISCONNECTED &&
        (!sent || call->nature.repeat != RQ_REPEAT_NEVER))
        rc = rq_client_pause(q, retry);
    if (rc == 0)
        return 1;
    if (rc == RINGQ_CANCELED)
        return rq_client_fail(q, rc, "cancelled while connecting again");
    if (call->maybe_obeyed)
        return fail_unknown(call, call->text);
    return rq_client_fail(q, reason, "the connection to %s was lost: %s",
                          q->set.address.text, call->text);
}

/* Connects and tries until there is an outcome. */
static int run(struct call *call)
{
    struct rq_retry retry = {.failures = 0};
    int rc;

    do {
        rc = rq_client_connect(call->q, &retry);
        if (rc < 0 && rc != RINGQ_CANCELED && call->maybe_obeyed)
            return fail_unknown(call, call->q->conn.why);
        if (rc < 0)
            return rc;
        renew_block(call);
        rc = attempt(call);
        if (rc < 0)
            return rc;
        rc = call->answered ? conclude_answered(call, &retry)
                            : conclude_lost(call, &retry);
    } while (rc > 0);
    return rc;
}

int rq_client_call(ringq *q, size_t argc, struct rq_slice *argv, struct rq_reply **out)
{
    struct call call = {.q = q, .argc = argc, .argv = argv};
    int rc;

    call.nature = rq_nature_of(argc, argv);
    if (call.nature.block_ms > 0)
        call.block_until_ns =
            rq_clock_after(now_ns(q), call.nature.block_ms * NS_PER_MS);
    rc = run(&call);
    if (rc < 0)
        return rc;
    if (out != NULL)
        *out = call.reply;
    else
        rq_reply_free(call.reply);
    return 0;
}

int rq_client_send(ringq *q, struct rq_args *words, struct rq_reply **out)
{
    int rc = words->rc < 0 ? rq_client_fail(q, RINGQ_NOMEM, "out of memory")
                           : rq_client_call(q, words->argc, words->argv, out);

    rq_args_fini(words);
    return rc;
}
