/* json - JSON writer.  The first failed append stops the writer; what is in the
 * buffer then is not JSON, and `rc` says why.
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <inttypes.h>

void rq_json_init(struct rq_json *j, struct rq_buf *out)
{
    *j = (struct rq_json){.out = out};
}

static void put(struct rq_json *j, struct rq_slice s)
{
    if (j->rc == 0)
        j->rc = rq_buf_append_slice(j->out, s);
}

/* A value or a key begins: a comma first, unless it is the first one. */
static void begin_item(struct rq_json *j)
{
    if (j->needs_comma)
        put(j, RQ_LIT(","));
    j->needs_comma = true;
}

static void open_scope(struct rq_json *j, struct rq_slice bracket)
{
    begin_item(j);
    put(j, bracket);
    j->needs_comma = false;
}

static void close_scope(struct rq_json *j, struct rq_slice bracket)
{
    put(j, bracket);
    j->needs_comma = true;
}

void rq_json_object_begin(struct rq_json *j)
{
    open_scope(j, RQ_LIT("{"));
}

void rq_json_object_end(struct rq_json *j)
{
    close_scope(j, RQ_LIT("}"));
}

void rq_json_array_begin(struct rq_json *j)
{
    open_scope(j, RQ_LIT("["));
}

void rq_json_array_end(struct rq_json *j)
{
    close_scope(j, RQ_LIT("]"));
}

void rq_json_key(struct rq_json *j, const char *key)
{
    rq_json_string(j, rq_slice_str(key));
    put(j, RQ_LIT(":"));
    j->needs_comma = false;
}

/* Length of the UTF-8 sequence at the start of `s` (which is not empty), 0 when there
 * is none: overlong forms, surrogates and what is above U+10FFFF are none.
 * Source  RFC 3629, section 4 */
static size_t utf8_length(struct rq_slice s)
{
    uint8_t lead = s.ptr[0];
    uint8_t low = 0x80, high = 0xbf; /* of the second byte */
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || s.len < len)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    if (lead == 0xed)
        high = 0x9f;
    if (lead == 0xf0)
        low = 0x90;
    if (lead == 0xf4)
        high = 0x8f;
    if (s.ptr[1] < low || s.ptr[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s.ptr[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

static void put_control(struct rq_json *j, uint8_t c)
{
    if (c == '\n')
        put(j, RQ_LIT("\\n"));
    else if (c == '\t')
        put(j, RQ_LIT("\\t"));
    else if (c == '\r')
        put(j, RQ_LIT("\\r"));
    else if (j->rc == 0)
        j->rc = rq_buf_printf(j->out, "\\u%04x", c);
}

static void put_char(struct rq_json *j, struct rq_slice character)
{
    uint8_t c = character.ptr[0];

    if (c == '"' || c == '\\')
        put(j, RQ_LIT("\\"));
    if (c < 0x20 || c == 0x7f)
        put_control(j, c);
    else
        put(j, character);
}

void rq_json_string(struct rq_json *j, struct rq_slice s)
{
    begin_item(j);
    put(j, RQ_LIT("\""));
    while (s.len > 0 && j->rc == 0) {
        size_t len = utf8_length(s);

        if (len == 0)
            put(j, RQ_LIT("\xef\xbf\xbd")); /* U+FFFD */
        else
            put_char(j, rq_slice(s.ptr, len));
        len = len == 0 ? 1 : len;
        s = rq_slice(s.ptr + len, s.len - len);
    }
    put(j, RQ_LIT("\""));
}

void rq_json_int(struct rq_json *j, int64_t v)
{
    begin_item(j);
    if (j->rc == 0)
        j->rc = rq_buf_printf(j->out, "%" PRId64, v);
}

void rq_json_bool(struct rq_json *j, bool v)
{
    begin_item(j);
    put(j, v ? RQ_LIT("true") : RQ_LIT("false"));
}

void rq_json_null(struct rq_json *j)
{
    begin_item(j);
    put(j, RQ_LIT("null"));
}
