/* resp_writer - writes replies.  Each function appends all of its bytes or none, so
 * a writer that has failed ends with a whole element.
 * SPDX-License-Identifier: MIT */
#include "wire/resp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "wire/lay.h"

static void put(struct rq_resp_writer *w, struct rq_slice s)
{
    if (w->rc == 0)
        w->rc = rq_buf_append_slice(w->out, s);
}

/* `mark`, the number and CR LF. */
static void put_head(struct rq_resp_writer *w, char mark, uint64_t n)
{
    uint8_t *at = rq_resp_room(w, 1 + rq_num_digits(n) + 2);

    if (at != NULL)
        rq_resp_laid(w, rq_lay_head(at, mark, n));
}

void rq_resp_simple(struct rq_resp_writer *w, const char *text)
{
    size_t len = strlen(text);
    uint8_t *at = rq_resp_room(w, len + 3);

    if (at == NULL)
        return;
    *at++ = '+';
    at = rq_lay_bytes(at, rq_slice(text, len));
    rq_resp_laid(w, RQ_LAY(at, "\r\n"));
}

void rq_resp_error(struct rq_resp_writer *w, const char *wire, const char *text)
{
    size_t wire_len = strlen(wire), text_len = strlen(text);
    size_t len = 1 + wire_len + 1 + text_len;
    uint8_t *at = rq_resp_room(w, len + 2);

    if (at == NULL)
        return;
    at[0] = '-';
    memcpy(at + 1, wire, wire_len);
    at[1 + wire_len] = ' ';
    memcpy(at + 1 + wire_len + 1, text, text_len);
    for (size_t i = 1; i < len; i++)
        if (at[i] == '\r' || at[i] == '\n')
            at[i] = ' ';
    memcpy(at + len, "\r\n", 2);
    rq_buf_commit(w->out, len + 2);
}

void rq_resp_int(struct rq_resp_writer *w, int64_t v)
{
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    uint8_t *at = rq_resp_room(w, 1u + (v < 0) + rq_num_digits(magnitude) + 2);

    if (at != NULL)
        rq_resp_laid(w, rq_lay_int(at, v));
}

/* Writes the shortest digits that read back as `v`; the process's locale is "C".
 * Returns  the length */
static size_t format_double(double v, char *out, size_t cap)
{
    if (isnan(v))
        return (size_t)snprintf(out, cap, "nan");
    if (isinf(v))
        return (size_t)snprintf(out, cap, v < 0 ? "-inf" : "inf");
    for (int precision = 15;; precision++) {
        int len = snprintf(out, cap, "%.*g", precision, v);

        if (precision == 17 || (!(strtod(out, NULL) < v) && !(strtod(out, NULL) > v)))
            return (size_t)len;
    }
}

void rq_resp_double(struct rq_resp_writer *w, double v)
{
    char text[32];
    size_t len = format_double(v, text, sizeof text);

    if (w->protocol < 3) {
        rq_resp_bulk(w, rq_slice(text, len));
        return;
    }
    uint8_t *at = rq_resp_room(w, len + 3);
    if (at == NULL)
        return;
    *at++ = ',';
    at = rq_lay_bytes(at, rq_slice(text, len));
    rq_resp_laid(w, RQ_LAY(at, "\r\n"));
}

void rq_resp_bool(struct rq_resp_writer *w, bool v)
{
    if (w->protocol < 3)
        put(w, v ? RQ_LIT(":1\r\n") : RQ_LIT(":0\r\n"));
    else
        put(w, v ? RQ_LIT("#t\r\n") : RQ_LIT("#f\r\n"));
}

void rq_resp_bulk(struct rq_resp_writer *w, struct rq_slice s)
{
    uint8_t *at = rq_resp_room(w, 1 + rq_num_digits(s.len) + 2 + s.len + 2);

    if (at != NULL)
        rq_resp_laid(w, rq_lay_bulk(at, s));
}

void rq_resp_bulk_str(struct rq_resp_writer *w, const char *s)
{
    rq_resp_bulk(w, rq_slice_str(s));
}

void rq_resp_bulk_u64(struct rq_resp_writer *w, uint64_t v)
{
    char digits[RQ_NUM_DIGITS];

    rq_resp_bulk(w, rq_slice(digits, rq_num_format(v, digits)));
}

void rq_resp_null(struct rq_resp_writer *w)
{
    put(w, w->protocol < 3 ? RQ_LIT("$-1\r\n") : RQ_LIT("_\r\n"));
}

void rq_resp_null_array(struct rq_resp_writer *w)
{
    put(w, w->protocol < 3 ? RQ_LIT("*-1\r\n") : RQ_LIT("_\r\n"));
}

void rq_resp_array(struct rq_resp_writer *w, size_t n)
{
    put_head(w, '*', n);
}

void rq_resp_map(struct rq_resp_writer *w, size_t pairs)
{
    if (w->protocol < 3)
        put_head(w, '*', 2 * pairs);
    else
        put_head(w, '%', pairs);
}
