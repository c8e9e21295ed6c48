/* resp - see resp.h.
 * SPDX-License-Identifier: MIT */
#include "load/resp.h"

#include "base/err.h"
#include "base/num.h"

static int head(struct rq_buf *out, char type, uint64_t n)
{
    char text[RQ_NUM_DIGITS + 3] = {type};
    size_t len = 1 + rq_num_format(n, text + 1);

    text[len++] = '\r';
    text[len++] = '\n';
    return rq_buf_append(out, text, len);
}

int resp_argc(struct rq_buf *out, size_t argc)
{
    return head(out, '*', argc);
}

int resp_bulk_begin(struct rq_buf *out, size_t len)
{
    return head(out, '$', len);
}

int resp_bulk(struct rq_buf *out, struct rq_slice bytes)
{
    int rc = resp_bulk_begin(out, bytes.len);

    if (rc == 0)
        rc = rq_buf_append_slice(out, bytes);
    return rc < 0 ? rc : rq_buf_append(out, "\r\n", 2);
}

int resp_word(struct rq_buf *out, const char *word)
{
    return resp_bulk(out, rq_slice_str(word));
}

int resp_number(struct rq_buf *out, uint64_t n)
{
    char text[RQ_NUM_DIGITS];

    return resp_bulk(out, rq_slice(text, rq_num_format(n, text)));
}

/* The line at the start of `in`, without its end.  Returns  is it whole? */
static bool line_of(struct rq_slice in, struct rq_slice *out)
{
    const uint8_t *end = in.len == 0 ? NULL : memchr(in.ptr, '\n', in.len);

    if (end == NULL || end == in.ptr)
        return false;
    *out = rq_slice(in.ptr, (size_t)(end - in.ptr) - 1);
    return true;
}

static void take(struct rq_slice *in, size_t n)
{
    *in = rq_slice(in->ptr + n, in->len - n);
}

int resp_item(struct rq_slice *in, struct resp_item *out)
{
    struct rq_slice line, rest = *in;

    if (!line_of(rest, &line))
        return 0;
    if (line.len == 0)
        return RQ_E_MALFORMED;
    take(&rest, line.len + 2);
    out->type = (char)line.ptr[0];
    out->number = 0;
    out->text = rq_slice(line.ptr + 1, line.len - 1);
    if (out->type == '+' || out->type == '-' || out->type == '_') {
        *in = rest;
        return 1;
    }
    if (rq_num_i64(out->text, -1, INT64_MAX, &out->number) < 0)
        return RQ_E_MALFORMED;
    if (out->type == '$' && out->number >= 0) {
        if (rest.len < (uint64_t)out->number + 2)
            return 0;
        out->text = rq_slice(rest.ptr, (size_t)out->number);
        take(&rest, (size_t)out->number + 2);
    }
    *in = rest;
    return 1;
}

int resp_skip(struct rq_slice *in, const struct resp_item *item)
{
    int64_t left = item->type == '*'   ? item->number
                   : item->type == '%' ? 2 * item->number
                                       : 0;

    while (left > 0) {
        struct resp_item each;
        int rc = resp_item(in, &each);

        if (rc != 1)
            return rc;
        left--;
        if (each.type == '*' && each.number > 0)
            left += each.number;
        if (each.type == '%' && each.number > 0)
            left += 2 * each.number;
    }
    return 1;
}
