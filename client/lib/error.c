/* error - numbers and names of errors.
 *
 * Those of the server are the table of base/err.h: RINGQ_X is RQ_E_X + 4095.
 * SPDX-License-Identifier: MIT */
#include "lib/error.h"

#include <errno.h>

#include "base/err.h"

enum { OURS_TO_PUBLIC = 4095, OWN_FIRST = -RINGQ_TIMEOUT };

_Static_assert(RQ_E_MALFORMED + OURS_TO_PUBLIC == RINGQ_ERR, "the tables agree");
_Static_assert(RQ_E_BADARG + OURS_TO_PUBLIC == RINGQ_BADARG, "the tables agree");
_Static_assert(RQ_E_STALE + OURS_TO_PUBLIC == RINGQ_STALE, "the tables agree");
_Static_assert(RQ_E_UNKNOWN + OURS_TO_PUBLIC == RINGQ_UNKNOWN, "the tables agree");
_Static_assert(RQ_E_BUSY + OURS_TO_PUBLIC == RINGQ_BUSY, "the tables agree");

static const char *const server_names[] = {
#define ROW(name, number, wire, text) [number] = (wire),
    RQ_ERR_MAP(ROW)
#undef ROW
};

static const char *const own_names[] = {"TIMEOUT", "DISCONNECTED", "PROTOCOL",
                                        "USAGE",   "NOMEM",        "CANCELED"};

enum {
    SERVER_COUNT = sizeof server_names / sizeof *server_names,
    OWN_COUNT = sizeof own_names / sizeof *own_names
};

const char *ringq_error_name(int error)
{
    long n = -(long)error;

    if (n == 0)
        return "OK";
    if (n > 0 && n < SERVER_COUNT && server_names[n] != NULL)
        return server_names[n];
    if (n >= OWN_FIRST && n < OWN_FIRST + OWN_COUNT)
        return own_names[n - OWN_FIRST];
    return "ERR";
}

int rq_error_from_reply(struct rq_slice reply, const char **out_text)
{
    struct rq_slice rest = reply, word;
    int code = 0;

    if (rq_slice_split(&rest, ' ', &word))
        code = rq_err_from_wire(word);
    if (code == 0) {
        *out_text = reply.len > 0 ? (const char *)reply.ptr : "an error without a text";
        return RINGQ_ERR;
    }
    *out_text = rest.len > 0 ? (const char *)rest.ptr : rq_err_text(code);
    return code + OURS_TO_PUBLIC;
}

int rq_error_from_code(long code)
{
    switch (code) {
    case -ENOMEM:
    case -ENOBUFS:
        return RINGQ_NOMEM;
    case -ECANCELED:
        return RINGQ_CANCELED;
    case -ETIMEDOUT:
        return RINGQ_TIMEOUT;
    case RQ_E_MALFORMED:
        return RINGQ_PROTOCOL;
    case RQ_E_TOOBIG:
        return RINGQ_TOOBIG;
    default:
        return RINGQ_DISCONNECTED;
    }
}
