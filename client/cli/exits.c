/* exits - what the exit code of ringq says, and which error leads to it.
 * SPDX-License-Identifier: MIT */
#include "cli/exits.h"

#include <ringq/ringq.h>

/* clang-format off */
static const struct exits_error errors[] = {
    {RINGQ_ERR, "ERR", EXITS_USAGE, "the server does not understand the command",
     "compare versions: ringq --version, ringq ping"},
    {RINGQ_BADARG, "BADARG", EXITS_USAGE, "an argument is wrong; the text names it",
     "correct it and send it again"},
    {RINGQ_TOOBIG, "TOOBIG", EXITS_USAGE, "a body or a name is longer than the server allows",
     "send less, or raise the limit: ringqd --max-body"},
    {RINGQ_NOAUTH, "NOAUTH", EXITS_DENIED, "the server wants a key",
     "connect over its unix socket or loopback"},
    {RINGQ_DENIED, "DENIED", EXITS_DENIED, "your key does not allow this",
     "ask the operator"},
    {RINGQ_FULL, "FULL", EXITS_NOT_NOW, "the queue is full",
     "try again later; more workers make room: ringq work QUEUE -- CMD"},
    {RINGQ_PAUSED, "PAUSED", EXITS_NOT_NOW, "the queue takes no jobs at the moment",
     "try again when it has been resumed"},
    {RINGQ_SHUTDOWN, "SHUTDOWN", EXITS_SHUTDOWN, "the queue or the server is shut down",
     "put elsewhere, or open it again"},
    {RINGQ_STALE, "STALE", EXITS_CONFLICT, "the lease ran out or was given to another worker",
     "drop the work; hold leases for longer: --ttr"},
    {RINGQ_NOJOB, "NOJOB", EXITS_NOJOB, "no such job: it has ended, or never was",
     "check the id; finished jobs are forgotten"},
    {RINGQ_STORE, "STORE", EXITS_NOT_NOW, "definitely not stored",
     "try again; the server's log tells what is wrong with its Redis"},
    {RINGQ_UNKNOWN, "UNKNOWN", EXITS_UNKNOWN, "the job may have been stored, or not",
     "look before you put it again: ringq stats QUEUE"},
    {RINGQ_LOADING, "LOADING", EXITS_NOT_NOW, "the server still reads its log",
     "try again in a moment: ringq ping --wait 30s"},
    {RINGQ_MOVED, "MOVED", EXITS_UNREACHABLE, "another server owns this log now",
     "connect to the one that the text names: ringq --server URL"},
    {RINGQ_LIMIT, "LIMIT", EXITS_NOT_NOW, "over a limit of this server",
     "ask for less at a time, or raise the limit"},
    {RINGQ_BUSY, "BUSY", EXITS_NOT_NOW, "too many connections",
     "try again later, or raise the limit"},
    {RINGQ_TIMEOUT, "TIMEOUT", EXITS_TIME_OUT, "time ran out before there was an answer",
     "wait for longer: --block"},
    {RINGQ_DISCONNECTED, "DISCONNECTED", EXITS_UNREACHABLE, "the server cannot be reached",
     "start one: ringqd dev; or name one: ringq --server URL"},
    {RINGQ_PROTOCOL, "PROTOCOL", EXITS_PROTOCOL, "what answers there does not speak ringq",
     "check host and port: ringq --server URL ping"},
    {RINGQ_USAGE, "USAGE", EXITS_USAGE, "the url or an argument is wrong; the text names it",
     "urls: ringq://HOST:PORT, unix:/path"},
    {RINGQ_NOMEM, "NOMEM", EXITS_INTERNAL, "this machine is out of memory",
     "free some, or send less at a time"},
    {RINGQ_CANCELED, "CANCELED", EXITS_INTERNAL, "the call was cancelled", "try again"},
};

static const struct exits_code codes[] = {
#define EXITS_ROW(name, number, meaning) {name, meaning},
    EXITS_MAP(EXITS_ROW)
#undef EXITS_ROW
};
/* clang-format on */

int exits_of(int error)
{
    if (error >= 0)
        return EXITS_OK;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].error == error)
            return errors[i].exit;
    }
    return EXITS_INTERNAL;
}

const struct exits_error *exits_errors(size_t *out_count)
{
    *out_count = sizeof errors / sizeof errors[0];
    return errors;
}

const struct exits_code *exits_codes(size_t *out_count)
{
    *out_count = sizeof codes / sizeof codes[0];
    return codes;
}
