/* inline - the words of one line typed by a person.
 * SPDX-License-Identifier: MIT */
#include "wire/inline.h"

#include "base/err.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct rq_slice *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

/* Returns  0 to 15, or -1 */
static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that `\c` stands for. */
static uint8_t escaped(uint8_t c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* Reads what stands behind a backslash inside "...". */
static int take_escape(struct rq_slice *rest, struct rq_buf *out)
{
    int high, low;

    if (rest->len >= 3 && rest->ptr[0] == 'x') {
        high = hex_digit(rest->ptr[1]);
        low = hex_digit(rest->ptr[2]);
        if (high >= 0 && low >= 0) {
            skip(rest, 3);
            return rq_buf_append_byte(out, (uint8_t)(high * 16 + low));
        }
    }
    if (rest->len == 0)
        return RQ_E_MALFORMED;
    uint8_t byte = escaped(rest->ptr[0]);
    skip(rest, 1);
    return rq_buf_append_byte(out, byte);
}

/* Reads up to the closing `quote`, with it; a blank or the end must follow. */
static int take_quoted(struct rq_slice *rest, uint8_t quote, struct rq_buf *out)
{
    while (rest->len > 0) {
        uint8_t c = rest->ptr[0];
        int rc;

        skip(rest, 1);
        if (c == quote)
            return rest->len == 0 || is_blank(rest->ptr[0]) ? 0 : RQ_E_MALFORMED;
        if (c == '\\' && quote == '"') {
            rc = take_escape(rest, out);
        } else {
            if (c == '\\' && rest->len > 0 && rest->ptr[0] == '\'') {
                c = '\'';
                skip(rest, 1);
            }
            rc = rq_buf_append_byte(out, c);
        }
        if (rc < 0)
            return rc;
    }
    return RQ_E_MALFORMED;
}

int rq_inline_word(struct rq_slice *rest, struct rq_buf *out)
{
    while (rest->len > 0 && is_blank(rest->ptr[0]))
        skip(rest, 1);
    if (rest->len == 0)
        return 0;

    while (rest->len > 0 && !is_blank(rest->ptr[0])) {
        uint8_t c = rest->ptr[0];
        int rc;

        skip(rest, 1);
        if (c == '"' || c == '\'')
            rc = take_quoted(rest, c, out);
        else
            rc = rq_buf_append_byte(out, c);
        if (rc < 0)
            return rc;
    }
    return 1;
}
