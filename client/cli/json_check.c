/* json_check - tells whether a text is one JSON value (RFC 8259).
 *
 * No recursion, because the text is a stranger's: what is open stands in a stack of
 * bits, 1 for an object.  The loop knows two places: before a value, and behind one.
 * SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include <string.h>

struct check {
    const char *text;
    size_t len;
    size_t at;
    size_t depth;
    unsigned char objects[JSON_DEPTH_MAX / 8];
};

/* The byte here, -1 at the end. */
static int peek(const struct check *c)
{
    return c->at < c->len ? (unsigned char)c->text[c->at] : -1;
}

static bool take(struct check *c, char wanted)
{
    if (peek(c) != wanted)
        return false;
    c->at++;
    return true;
}

static void skip_blanks(struct check *c)
{
    while (take(c, ' ') || take(c, '\t') || take(c, '\n') || take(c, '\r'))
        continue;
}

static bool take_digits(struct check *c)
{
    size_t start = c->at;

    while (peek(c) >= '0' && peek(c) <= '9')
        c->at++;
    return c->at > start;
}

static const char *check_number(struct check *c)
{
    (void)take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return "not a number";
    if (take(c, '.') && !take_digits(c))
        return "no digit behind the point";
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+'))
            (void)take(c, '-');
        if (!take_digits(c))
            return "no digit in the exponent";
    }
    return NULL;
}

static const char *check_escape(struct check *c)
{
    int letter = peek(c);

    if (letter < 0 || letter == 0 || strchr("\"\\/bfnrtu", letter) == NULL)
        return "unknown escape in a string";
    c->at++;
    if (letter != 'u')
        return NULL;
    for (int i = 0; i < 4; i++, c->at++) {
        int digit = peek(c);
        if (digit <= 0 || strchr("0123456789abcdefABCDEF", digit) == NULL)
            return "\\u wants four hexadecimal digits";
    }
    return NULL;
}

static const char *check_string(struct check *c)
{
    if (!take(c, '"'))
        return "a name in quotes was expected";
    for (;;) {
        int byte = peek(c);
        if (byte < 0)
            return "the string has no end";
        if (byte < 0x20)
            return "a control character in a string";
        size_t step = json_utf8_length(c->text + c->at, c->len - c->at);
        if (step == 0)
            return "not UTF-8";
        c->at += step;
        if (byte == '"')
            return NULL;
        if (byte != '\\')
            continue;
        const char *wrong = check_escape(c);
        if (wrong != NULL)
            return wrong;
    }
}

static const char *check_word(struct check *c)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (c->len - c->at >= len && memcmp(c->text + c->at, words[i], len) == 0) {
            c->at += len;
            return NULL;
        }
    }
    return c->at == c->len ? "a value is missing" : "not a value";
}

static bool in_object(const struct check *c)
{
    size_t top = c->depth - 1;

    return (c->objects[top / 8] >> top % 8 & 1) != 0;
}

static const char *open_bracket(struct check *c, bool object)
{
    if (c->depth == JSON_DEPTH_MAX)
        return "nested too deeply";
    unsigned bit = 1u << c->depth % 8;
    unsigned byte = c->objects[c->depth / 8];
    c->objects[c->depth / 8] = (unsigned char)(object ? byte | bit : byte & ~bit);
    c->depth++;
    return NULL;
}

/* `"name":`, before a value in an object. */
static const char *check_name(struct check *c)
{
    skip_blanks(c);
    const char *wrong = check_string(c);
    if (wrong != NULL)
        return wrong;
    skip_blanks(c);
    return take(c, ':') ? NULL : "a colon was expected";
}

/* One value, or the beginning of one: *out_open says that its inside comes next. */
static const char *check_value(struct check *c, bool *out_open)
{
    *out_open = false;
    skip_blanks(c);
    int first = peek(c);
    if (first == '"')
        return check_string(c);
    if (first == '-' || (first >= '0' && first <= '9'))
        return check_number(c);
    if (first != '{' && first != '[')
        return check_word(c);

    c->at++;
    skip_blanks(c);
    if (take(c, first == '{' ? '}' : ']'))
        return NULL;
    const char *wrong = open_bracket(c, first == '{');
    if (wrong != NULL)
        return wrong;
    *out_open = true;
    return first == '{' ? check_name(c) : NULL;
}

/* Closes what ends behind a value.  *out_more: a comma, so another value comes next. */
static const char *check_behind(struct check *c, bool *out_more)
{
    *out_more = false;
    for (; c->depth > 0; c->depth--) {
        skip_blanks(c);
        if (take(c, ',')) {
            *out_more = true;
            return in_object(c) ? check_name(c) : NULL;
        }
        if (!take(c, in_object(c) ? '}' : ']'))
            return "a comma or a closing bracket was expected";
    }
    return NULL;
}

const char *json_check(const char *text, size_t len, size_t *out_at)
{
    struct check c = {.text = text, .len = len};
    const char *wrong;
    bool more;

    do {
        wrong = check_value(&c, &more);
        if (wrong == NULL && !more)
            wrong = check_behind(&c, &more);
    } while (wrong == NULL && more);

    skip_blanks(&c);
    if (wrong == NULL && c.at < c.len)
        wrong = "something stands behind the value";
    *out_at = c.at;
    return wrong;
}
