/* dialect - see dialect.h.
 * SPDX-License-Identifier: MIT */
#include "load/dialect.h"

#include "base/num.h"

static const struct dialect *const all[] = {&dialect_ringq,   &dialect_lists,
                                            &dialect_streams, &dialect_beanstalkd,
                                            &dialect_nats,    &dialect_echo};

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

int dialect_body(struct talk *t, struct rq_buf *out)
{
    char serial[SERIAL_DIGITS], digits[RQ_NUM_DIGITS];
    size_t n = rq_num_format(t->serial++, digits);

    memset(serial, '0', sizeof serial);
    memcpy(serial + sizeof serial - n, digits, n);
    int rc = rq_buf_append(out, serial, sizeof serial);
    return rc < 0 ? rc
                  : rq_buf_append(out, t->body.ptr + SERIAL_DIGITS,
                                  t->body.len - SERIAL_DIGITS);
}
