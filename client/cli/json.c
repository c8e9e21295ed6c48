/* json - writes JSON to a stream.
 * SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void before_value(struct json *j)
{
    if (j->comma)
        (void)putc(',', j->out);
    j->comma = true;
}

void json_begin(struct json *j, char bracket)
{
    before_value(j);
    (void)putc(bracket, j->out);
    j->comma = false;
}

void json_end(struct json *j, char bracket)
{
    (void)putc(bracket, j->out);
    j->comma = true;
}

void json_line(struct json *j)
{
    (void)putc('\n', j->out);
    j->comma = false;
}

size_t json_utf8_length(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    /* The second byte has a narrower range after some first bytes: no overlong forms,
     * no surrogates, nothing above U+10FFFF. */
    unsigned char low = 0x80, high = 0xbf;
    size_t need;

    if (len == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0)
        low = 0xa0;
    if (s[0] == 0xed)
        high = 0x9f;
    if (s[0] == 0xf0)
        low = 0x90;
    if (s[0] == 0xf4)
        high = 0x8f;
    if (len < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return need;
}

bool json_is_utf8(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t step = json_utf8_length(text + i, len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

/* One byte below 0x80. */
static void write_ascii(FILE *out, char c)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *at = c != '\0' ? strchr(special, c) : NULL;

    if (at != NULL)
        (void)fprintf(out, "\\%c", letters[at - special]);
    else if (c < 0x20 || c == 0x7f)
        (void)fprintf(out, "\\u%04x", (unsigned)c);
    else
        (void)putc(c, out);
}

void json_text(struct json *j, const char *text, size_t len)
{
    before_value(j);
    (void)putc('"', j->out);
    for (size_t i = 0; i < len;) {
        size_t step = json_utf8_length(text + i, len - i);
        if (step == 0) {
            (void)fputs("\\ufffd", j->out);
            step = 1;
        } else if (step == 1) {
            write_ascii(j->out, text[i]);
        } else {
            (void)fwrite(text + i, 1, step, j->out);
        }
        i += step;
    }
    (void)putc('"', j->out);
}

void json_string(struct json *j, const char *text)
{
    json_text(j, text, strlen(text));
}

void json_key(struct json *j, const char *name)
{
    json_string(j, name);
    (void)putc(':', j->out);
    j->comma = false;
}

void json_integer(struct json *j, int64_t value)
{
    before_value(j);
    (void)fprintf(j->out, "%" PRId64, value);
}

void json_number(struct json *j, double value)
{
    before_value(j);
    /* JSON knows neither. */
    if (isnan(value) || isinf(value))
        (void)fputs("null", j->out);
    else
        (void)fprintf(j->out, "%.12g", value);
}

void json_boolean(struct json *j, bool value)
{
    before_value(j);
    (void)fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j)
{
    before_value(j);
    (void)fputs("null", j->out);
}

static void write_base64(FILE *out, const unsigned char *s, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        unsigned bits = (unsigned)s[i] << 16 |
                        (have > 1 ? (unsigned)s[i + 1] << 8 : 0) |
                        (have > 2 ? (unsigned)s[i + 2] : 0);
        (void)putc(digits[bits >> 18], out);
        (void)putc(digits[bits >> 12 & 63], out);
        (void)putc(have > 1 ? digits[bits >> 6 & 63] : '=', out);
        (void)putc(have > 2 ? digits[bits & 63] : '=', out);
    }
}

void json_body(struct json *j, const char *name, const void *body, size_t len)
{
    if (json_is_utf8(body, len)) {
        json_key(j, name);
        json_text(j, body, len);
        return;
    }
    before_value(j);
    (void)fprintf(j->out, "\"%s_base64\":\"", name);
    write_base64(j->out, body, len);
    (void)putc('"', j->out);
}
