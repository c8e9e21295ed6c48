/* command - the command table, and the text of ids and leases.
 * SPDX-License-Identifier: MIT */
#include "wire/command.h"

#include <errno.h>

#include "base/num.h"
#include "wire/lay.h"

enum { NAME_ROOM = 11 };

const struct rq_command rq_commands[RQ_COMMAND_COUNT] = {
#define COMMAND(NAME, handler, arity, flags, arguments, help) \
    {RQ_COMMAND_##NAME, #NAME, arity, flags, arguments, help},
#include "wire/commands.def"
#undef COMMAND
};

/* Beside the table, so that a verb is compared with next to no other name than its own.
 */
static const struct {
    uint8_t len;
    char text[NAME_ROOM];
} names[RQ_COMMAND_COUNT] = {
#define COMMAND(NAME, handler, arity, flags, arguments, help) {sizeof #NAME - 1, #NAME},
#include "wire/commands.def"
#undef COMMAND
};

/* The search begins with PUT and what follows it in the table: the others are said once
 * a connection, or by a person. */
const struct rq_command *rq_command_find(struct rq_slice verb)
{
    uint8_t first = verb.len > 0 ? rq_capital(verb.ptr[0]) : 0;
    size_t i = RQ_COMMAND_PUT;

    do {
        if (first == names[i].text[0] && verb.len == names[i].len &&
            rq_slice_eq_nocase(verb, rq_slice(names[i].text, verb.len)))
            return &rq_commands[i];
        i = i + 1 < RQ_COMMAND_COUNT ? i + 1 : 0;
    } while (i != RQ_COMMAND_PUT);
    return NULL;
}

/* Takes a number of at least 1 off the front of *rest. */
static bool take_number(struct rq_slice *rest, uint64_t *out)
{
    return rq_num_take(rest, out) == 0 && *out > 0;
}

static bool take_byte(struct rq_slice *rest, uint8_t byte)
{
    if (rest->len == 0 || rest->ptr[0] != byte)
        return false;
    *rest = rq_slice(rest->ptr + 1, rest->len - 1);
    return true;
}

static bool take_id(struct rq_slice *rest, struct rq_lease *out)
{
    return take_number(rest, &out->epoch) && take_byte(rest, '-') &&
           take_number(rest, &out->number);
}

int rq_id_parse(struct rq_slice word, struct rq_lease *out)
{
    struct rq_lease id = {0};

    if (!take_id(&word, &id) || word.len > 0)
        return -EINVAL;
    *out = id;
    return 0;
}

int rq_lease_parse(struct rq_slice word, struct rq_lease *out)
{
    struct rq_lease lease = {0};

    if (!take_id(&word, &lease) || !take_byte(&word, ':') ||
        !take_number(&word, &lease.n) || word.len > 0)
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

uint8_t *rq_lay_id(uint8_t *at, uint64_t epoch, uint64_t number)
{
    at = rq_lay_head(at, '$', rq_num_digits(epoch) + 1 + rq_num_digits(number));
    at += rq_id_format(epoch, number, (char *)at);
    return RQ_LAY(at, "\r\n");
}

uint8_t *rq_lay_lease(uint8_t *at, const struct rq_lease *lease)
{
    at = rq_lay_head(at, '$',
                     rq_num_digits(lease->epoch) + 1 + rq_num_digits(lease->number) +
                         1 + rq_num_digits(lease->n));
    at += rq_lease_format(lease, (char *)at);
    return RQ_LAY(at, "\r\n");
}
