/* tzif - see tzif.h.
 * SPDX-License-Identifier: MIT */
#include "unit/core/tzif.h"

#include <string.h>

#include "core/zone.h"
#include "support/test.h"

static uint8_t *put_be(uint8_t *at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

static uint8_t *put_header(uint8_t *at, uint32_t times, uint32_t types)
{
    memset(at, 0, 20);
    memcpy(at, "TZif2", 5);
    at += 20;
    for (int i = 0; i < 3; i++)
        at = put_be(at, 0, 4);
    at = put_be(at, times, 4);
    at = put_be(at, types, 4);
    return put_be(at, 1, 4);
}

static uint8_t *put_type(uint8_t *at, int32_t offset_s)
{
    at = put_be(at, (uint32_t)offset_s, 4);
    return put_be(at, 0, 2);
}

size_t tzif_make(int32_t first_s, const struct tzif_change *changes, size_t count,
                 const char *rule, uint8_t *out)
{
    size_t len = strlen(rule);
    uint8_t *at = put_header(out, 0, 1);

    assert_true(count < 32 && len < 256);
    at = put_type(at, 0);
    *at++ = 0;
    at = put_header(at, (uint32_t)count, (uint32_t)count + 1);
    for (size_t i = 0; i < count; i++)
        at = put_be(at, (uint64_t)changes[i].at_s, 8);
    for (size_t i = 0; i < count; i++)
        *at++ = (uint8_t)(i + 1);
    at = put_type(at, first_s);
    for (size_t i = 0; i < count; i++)
        at = put_type(at, changes[i].offset_s);
    *at++ = 0;
    *at++ = '\n';
    memcpy(at, rule, len);
    at += len;
    *at++ = '\n';
    return (size_t)(at - out);
}

struct zone *tzif_zone(const char *rule)
{
    uint8_t bytes[TZIF_MAX];
    struct zone *z = NULL;
    int rc = zone_parse(rq_slice(bytes, tzif_make(0, NULL, 0, rule, bytes)), &z);

    assert_int_equal(rc, 0);
    return z;
}
