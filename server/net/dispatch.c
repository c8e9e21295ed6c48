/* dispatch.c - the command table's handlers, and the checks that all commands share.
 * SPDX-License-Identifier: MIT */
#include "net/dispatch.h"

#include <stdio.h>

#include "base/err.h"

static api_handler *const handlers[RQ_COMMAND_COUNT] = {
#define COMMAND(NAME, handler, arity, flags, arguments, help) \
    [RQ_COMMAND_##NAME] = api_##handler,
#include "wire/commands.def"

#undef COMMAND
};

/* `-ERR unknown command 'FOO'`: only what is printable of the peer's word comes back.
 */
static void refuse_unknown(struct rq_slice verb, struct reply *r)
{
    char word[RQ_RESP_VERB_MAX + 1], text[192];
    size_t len = verb.len < sizeof word - 1 ? verb.len : sizeof word - 1;

    for (size_t i = 0; i < len; i++)
        word[i] = verb.ptr[i] > 0x20 && verb.ptr[i] < 0x7f ? (char)verb.ptr[i] : '?';
    word[len] = '\0';
    snprintf(text, sizeof text,
             "unknown command '%s'; the commands are in docs/protocol.md", word);
    reply_error(r, RQ_E_MALFORMED, text);
}

static void refuse_arity(const struct rq_command *command, struct reply *r)
{
    char text[320];

    snprintf(text, sizeof text, "wrong number of arguments; say %s %s", command->name,
             command->arguments);
    reply_error(r, RQ_E_MALFORMED, text);
}

void dispatch(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    const struct rq_command *command = rq_command_find(cmd->argv[0]);

    if (command == NULL) {
        refuse_unknown(cmd->argv[0], r);
        return;
    }
    c->server->calls[command->id]++;
    if (!rq_command_arity_fits(command, cmd->argc)) {
        refuse_arity(command, r);
        return;
    }
    int rc = command->flags & RQ_CMD_ALWAYS ? 0 : broker_gate(c->server->broker);
    if (rc == RQ_E_LOADING || (rc < 0 && command->id != RQ_COMMAND_STATS)) {
        reply_refuse(r, rc);
        return;
    }
    handlers[command->id](c, cmd, r);
}
