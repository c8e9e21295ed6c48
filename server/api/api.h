/* api.h - one handler per command, one file per family.
 *
 * A handler reads the whole command into a struct, acts, and leaves the reply either
 * resolved or promised.  It never suspends.
 * SPDX-License-Identifier: MIT */
#ifndef API_API_H
#define API_API_H

#include "api/reply.h"
#include "base/name.h"
#include "broker/broker.h"
#include "wire/command.h"

/* What all connections share. */
struct api_server {
    struct broker *broker;
    struct reply_pool pool;
    uint64_t id_next; /* of a connection */
    size_t connections, connections_max;
    size_t body_max, frame_max;
    int64_t started_ns;
    uint64_t calls[RQ_COMMAND_COUNT]; /* of each command */
    uint64_t errors;                  /* replies that were errors at once */
    const char *version;
};

/* One client, as the commands see it. */
struct api_client {
    struct api_server *server;
    struct member *member;
    struct reply_owner owner; /* to whom its replies belong */
    uint64_t id;
    int protocol; /* RESP 2 or 3 */
    char name[RQ_NAME_MAX + 1];
};

typedef void api_handler(struct api_client *c, const struct rq_cmd *cmd,
                         struct reply *r);

#define COMMAND(NAME, handler, arity, flags, arguments, help) api_handler api_##handler;
#include "wire/commands.def"
#undef COMMAND

#endif
