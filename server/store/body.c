/* body - one body that stands apart, read from Redis.
 * SPDX-License-Identifier: MIT */
#include "store/body.h"

#include <errno.h>

#include "base/err.h"
#include "store/names.h"

int body_read(struct link *l, const struct seal *seal, struct rq_slice field,
              struct rq_slice *out, char *why)
{
    uint8_t *value;
    size_t len;

    link_begin(l, 3);
    link_arg_str(l, "HGET");
    link_arg_str(l, NAMES_BIG);
    link_arg(l, field);
    int rc = link_end(l);
    if (rc == 0)
        rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, why);
    if (rc < 0)
        return rc;
    if (link_take_nil(l) == 0)
        return -ENOENT;
    rc = link_take_mutable(l, &value, &len);
    return rc < 0 ? rc : seal_open_field(seal, field, value, len, out);
}

bool body_is_verdict(int rc)
{
    return rc == -ENOENT || rc == RQ_E_MALFORMED || rc == -ENOTSUP || rc == -ENOKEY;
}
