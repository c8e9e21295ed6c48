/* command - the command table, and the text of ids and leases.
 * SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include <errno.h>

#include "base/num.h"

const struct rq_command rq_commands[RQ_COMMAND_COUNT] = {
#define COMMAND(NAME, handler, arity, flags, arguments, help) \
    {RQ_COMMAND_##NAME, #NAME, arity, flags, arguments, help},
#include "wire/commands.def"
#undef COMMAND
};

/* Beside the table, so that a verb is compared with the names of its length only. */
static const uint8_t name_len[RQ_COMMAND_COUNT] = {
#define COMMAND(NAME, handler, arity, flags, arguments, help) sizeof #NAME - 1,
#include "wire/commands.def"
#undef COMMAND
};

const struct rq_command *rq_command_find(struct rq_slice verb)
{
    for (size_t i = 0; i < RQ_COMMAND_COUNT; i++)
        if (name_len[i] == verb.len &&
            rq_slice_eq_nocase(verb, rq_slice(rq_commands[i].name, verb.len)))
            return &rq_commands[i];
    return NULL;
}

bool rq_command_arity_fits(const struct rq_command *c, size_t argc)
{
    if (c->arity < 0)
        return argc >= (size_t)-c->arity;
    return argc == (size_t)c->arity;
}

/* Takes a number of at least 1 and the `sep` behind it off the front of *rest. */
static int take_number(struct rq_slice *rest, char sep, uint64_t *out)
{
    struct rq_slice part;

    if (!rq_slice_split(rest, sep, &part) || rest->ptr == NULL)
        return -EINVAL;
    return rq_num_u64(part, 1, UINT64_MAX, out);
}

int rq_id_parse(struct rq_slice word, struct rq_lease *out)
{
    struct rq_lease id = {0};

    if (take_number(&word, '-', &id.epoch) < 0 ||
        rq_num_u64(word, 1, UINT64_MAX, &id.number) < 0)
        return -EINVAL;
    *out = id;
    return 0;
}

int rq_lease_parse(struct rq_slice word, struct rq_lease *out)
{
    struct rq_lease lease = {0};

    if (take_number(&word, '-', &lease.epoch) < 0 ||
        take_number(&word, ':', &lease.number) < 0 ||
        rq_num_u64(word, 1, UINT64_MAX, &lease.n) < 0)
        return -EINVAL;
    *out = lease;
    return 0;
}

size_t rq_id_format(uint64_t epoch, uint64_t number, char *out)
{
    size_t len = rq_num_format(epoch, out);

    out[len++] = '-';
    return len + rq_num_format(number, out + len);
}

size_t rq_lease_format(const struct rq_lease *lease, char *out)
{
    size_t len = rq_id_format(lease->epoch, lease->number, out);

    out[len++] = ':';
    return len + rq_num_format(lease->n, out + len);
}
