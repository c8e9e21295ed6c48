/* attrs - kind, length of the name, length of the value (4 bytes, little end first),
 * name, value.
 * SPDX-License-Identifier: MIT */
#include "core/attrs.h"

#include "base/assert.h"
#include "base/err.h"

enum { HEAD = 6 };

int attrs_add(struct rq_buf *out, const struct attr *attr)
{
    uint8_t *at;
    int rc;

    ASSERT(attr->name.len <= ATTR_NAME_MAX && attr->value.len <= UINT32_MAX);
    rc = rq_buf_reserve(out, HEAD + attr->name.len + attr->value.len);
    if (rc < 0)
        return rc;
    at = rq_buf_tail(out);
    *at++ = attr->kind;
    *at++ = (uint8_t)attr->name.len;
    for (unsigned i = 0; i < 4; i++)
        *at++ = (uint8_t)(attr->value.len >> (8 * i));
    if (attr->name.len > 0)
        memcpy(at, attr->name.ptr, attr->name.len);
    if (attr->value.len > 0)
        memcpy(at + attr->name.len, attr->value.ptr, attr->value.len);
    rq_buf_commit(out, HEAD + attr->name.len + attr->value.len);
    return 0;
}

int attrs_next(struct rq_slice *rest, struct attr *out)
{
    const uint8_t *at = rest->ptr;
    size_t name, value = 0;

    if (rest->len == 0)
        return 0;
    if (rest->len < HEAD)
        return RQ_E_MALFORMED;
    name = at[1];
    for (unsigned i = 0; i < 4; i++)
        value |= (size_t)at[2 + i] << (8 * i);
    if (rest->len - HEAD < name || rest->len - HEAD - name < value)
        return RQ_E_MALFORMED;
    *out = (struct attr){.kind = at[0],
                         .name = rq_slice(at + HEAD, name),
                         .value = rq_slice(at + HEAD + name, value)};
    *rest = rq_slice(at + HEAD + name + value, rest->len - HEAD - name - value);
    return 1;
}

bool attrs_search(struct rq_slice attrs, enum attr_kind kind,
                  struct rq_slice *out_value)
{
    struct attr a;

    while (attrs_next(&attrs, &a) > 0) {
        if (a.kind != kind)
            continue;
        *out_value = a.value;
        return true;
    }
    return false;
}

bool attrs_are_valid(struct rq_slice attrs)
{
    struct attr a;
    int rc;

    do
        rc = attrs_next(&attrs, &a);
    while (rc > 0);
    return rc == 0;
}

/* ---- BATCH: epoch and number, 8 bytes each, little end first ---- */

enum { HALF = 8 };

static uint64_t load_half(const uint8_t *at)
{
    uint64_t v = 0;

    for (unsigned i = HALF; i > 0; i--)
        v = v << 8 | at[i - 1];
    return v;
}

int attrs_add_batch(struct rq_buf *out, struct job_id batch)
{
    uint8_t value[2 * HALF];

    for (unsigned i = 0; i < HALF; i++) {
        value[i] = (uint8_t)(batch.epoch >> (8 * i));
        value[HALF + i] = (uint8_t)(batch.number >> (8 * i));
    }
    const struct attr attr = {.kind = ATTR_BATCH,
                              .value = rq_slice(value, sizeof value)};
    return attrs_add(out, &attr);
}

bool attrs_search_batch(struct rq_slice attrs, struct job_id *out)
{
    struct rq_slice value;

    if (!attrs_find(attrs, ATTR_BATCH, &value) || value.len != 2 * (size_t)HALF)
        return false;
    *out = (struct job_id){load_half(value.ptr), load_half(value.ptr + HALF)};
    return out->epoch > 0 && out->number > 0;
}
