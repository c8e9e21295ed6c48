/* resp - reads commands.
 *
 * A command that is whole takes one pass and no allocation.  Of one that is cut the
 * reader remembers the elements found so far, as offsets (the caller's buffer may
 * move), and where the next one begins:
 *
 *     *3 \r\n  $3 \r\n PUT \r\n  $6 \r\n emails \r\n  $5 \r\n he
 *              `-- spans[0] --'  `-- spans[1] ----'   ^ pos
 *
 * The next call looks at nothing before `pos`, except for one line of at most 24
 * bytes, so n bytes cost O(n) however they are cut.  Inside an inline line `pos` is
 * where the search for its end goes on.
 *
 * Memory follows what has arrived: a declared count or length reserves nothing.
 * SPDX-License-Identifier: MIT */
#include "wire/resp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "wire/inline.h"

enum {
    DIGITS_MAX = 20,    /* of a declared number; more are no number */
    DIGITS_FEW = 4,     /* nearly all numbers have no more */
    ELEMENT_MIN = 6,    /* bytes of the smallest element: $0 CR LF CR LF */
    ARGS_FIRST_CAP = 8, /* elements */
    ARGS_KEEP = 256,    /* elements whose memory outlives their command */
    LINE_KEEP = 4096,   /* bytes likewise */
};

void rq_resp_reader_init(struct rq_resp_reader *r, size_t body_max, size_t frame_max)
{
    *r = (struct rq_resp_reader){.body_max = body_max, .frame_max = frame_max};
    rq_buf_init(&r->line, RQ_RESP_INLINE_MAX);
}

void rq_resp_reader_fini(struct rq_resp_reader *r)
{
    free(r->spans);
    free(r->argv);
    rq_buf_fini(&r->line);
    rq_resp_reader_init(r, r->body_max, r->frame_max);
}

RQ_NOINLINE static void give_memory_back(struct rq_resp_reader *r)
{
    rq_buf_fini(&r->line);
    free(r->spans);
    free(r->argv);
    r->spans = NULL;
    r->argv = NULL;
    r->args_cap = 0;
}

/* A command begins: forgets the last one, and what memory a huge one left. */
static void begin_command(struct rq_resp_reader *r)
{
    r->argc = 0;
    if (r->line.cap > LINE_KEEP || r->args_cap > ARGS_KEEP)
        give_memory_back(r);
}

static int grow_args(struct rq_resp_reader *r)
{
    size_t cap = r->args_cap == 0 ? ARGS_FIRST_CAP : r->args_cap * 2;
    struct rq_resp_span *spans = reallocarray(r->spans, cap, sizeof *spans);

    if (spans == NULL)
        return -ENOMEM;
    r->spans = spans;

    struct rq_slice *argv = reallocarray(r->argv, cap, sizeof *argv);
    if (argv == NULL)
        return -ENOMEM;
    r->argv = argv;
    r->args_cap = cap;
    return 0;
}

/* Is an element of `len` bytes allowed as the next one? */
static int check_element(const struct rq_resp_reader *r, uint64_t len)
{
    if (len > r->body_max || (r->argc == 0 && len > RQ_RESP_VERB_MAX))
        return RQ_E_TOOBIG;
    return 0;
}

static int add_element(struct rq_resp_reader *r, size_t start, size_t len)
{
    if (r->argc == r->args_cap) {
        int rc = grow_args(r);
        if (rc < 0)
            return rc;
    }
    r->spans[r->argc++] = (struct rq_resp_span){start, len};
    return 0;
}

/* Publishes the elements; `base` is what their offsets are relative to. */
static void publish(const struct rq_resp_reader *r, const uint8_t *base,
                    struct rq_cmd *out)
{
    for (size_t i = 0; i < r->argc; i++)
        r->argv[i] = rq_slice(base + r->spans[i].start, r->spans[i].len);
    *out = (struct rq_cmd){r->argc, r->argv};
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Reads a number of few digits that is whole, with all that can stand behind it: what
 * read_number() would read, in fewer steps.
 * Returns  false  look closer */
static inline bool read_short_number(struct rq_slice src, size_t *at, uint64_t *out)
{
    const uint8_t *p = src.ptr + *at;
    size_t digits = 0;
    uint32_t v = 0;

    if (src.len - *at < DIGITS_FEW + 2)
        return false;
    for (; digits < DIGITS_FEW && is_digit(p[digits]); digits++)
        v = v * 10 + p[digits] - '0';
    if (memcmp(p + digits, "\r\n", 2) != 0 || digits == 0 ||
        (p[0] == '0' && digits > 1))
        return false;
    *at += digits + 2;
    *out = v;
    return true;
}

/* Reads the number and the CR LF at `*at`, and moves `*at` behind them when they are
 * whole.  A number above UINT64_MAX reads as UINT64_MAX; -1 sets *out_negative.
 *
 * Returns  1, or 0 while the line is cut
 * Errors   RQ_E_MALFORMED */
RQ_NOINLINE static int read_number(struct rq_slice src, size_t *at, uint64_t *out,
                                   bool *out_negative)
{
    size_t i = *at;
    uint64_t v = 0;
    bool negative = i < src.len && src.ptr[i] == '-';

    i += negative;
    size_t first = i;
    for (; i < src.len && is_digit(src.ptr[i]); i++) {
        uint64_t digit = (uint64_t)(src.ptr[i] - '0');

        if (i - first == DIGITS_MAX)
            return RQ_E_MALFORMED;
        v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
    }
    if (i == src.len)
        return 0;
    if (i == first || (src.ptr[first] == '0' && i - first > 1) || (negative && v != 1))
        return RQ_E_MALFORMED;
    if (src.ptr[i] != '\r' || (i + 1 < src.len && src.ptr[i + 1] != '\n'))
        return RQ_E_MALFORMED;
    if (i + 1 == src.len)
        return 0;

    *at = i + 2;
    *out = v;
    *out_negative = negative;
    return 1;
}

/* An array of `count` elements, the first of which stands at `at`.
 * Returns  1 */
static int begin_array(struct rq_resp_reader *r, uint64_t count, size_t at)
{
    if (count > RQ_RESP_ELEMENTS_MAX || at > r->frame_max ||
        count > (r->frame_max - at) / ELEMENT_MIN)
        return RQ_E_TOOBIG;
    r->argc_want = (size_t)count;
    r->pos = at;
    return 1;
}

/* A header that is cut, long or wrong. */
RQ_NOINLINE static int read_odd_header(struct rq_resp_reader *r, struct rq_slice src)
{
    size_t at = 1;
    uint64_t count;
    bool negative;
    int rc = read_number(src, &at, &count, &negative);

    return rc <= 0 ? rc : begin_array(r, negative ? 0 : count, at);
}

/* Reads `*count CR LF`.
 * Returns  1, or 0 while it is cut; r->argc_want stays 0 for `*0` and `*-1` */
static int read_array_header(struct rq_resp_reader *r, struct rq_slice src)
{
    size_t at = 1; /* behind the '*' */
    uint64_t count;

    if (read_short_number(src, &at, &count))
        return begin_array(r, count, at);
    return read_odd_header(r, src);
}

/* Reads `$len CR LF bytes CR LF` at r->pos.
 * Returns  1, or 0 while it is cut; then r->pos has not moved */
RQ_NOINLINE static int read_element(struct rq_resp_reader *r, struct rq_slice src)
{
    size_t at = r->pos;
    uint64_t len;
    bool negative;

    if (at == src.len)
        return 0;
    if (src.ptr[at++] != '$')
        return RQ_E_MALFORMED;
    int rc = read_number(src, &at, &len, &negative);
    if (rc <= 0)
        return rc;
    if (negative)
        return RQ_E_MALFORMED;

    rc = check_element(r, len);
    if (rc < 0)
        return rc;
    /* What follows this element needs room too, before any of it has arrived. */
    size_t behind = (r->argc_want - r->argc - 1) * ELEMENT_MIN + 2;
    if (at > r->frame_max || behind > r->frame_max - at ||
        len > r->frame_max - at - behind)
        return RQ_E_TOOBIG;

    size_t end = at + (size_t)len;
    if (src.len < end)
        return 0;
    if ((src.len > end && src.ptr[end] != '\r') ||
        (src.len > end + 1 && src.ptr[end + 1] != '\n'))
        return RQ_E_MALFORMED;
    if (src.len < end + 2)
        return 0;

    rc = add_element(r, at, (size_t)len);
    if (rc < 0)
        return rc;
    r->pos = end + 2;
    return 1;
}

/* Takes the elements at r->pos that are whole, short and in order: nearly all are. What
 * it leaves is read_element()'s, which says what is the matter with it. */
static void take_plain_elements(struct rq_resp_reader *r, struct rq_slice src)
{
    size_t want = r->argc_want < r->args_cap ? r->argc_want : r->args_cap;
    size_t i = r->argc, at = r->pos;

    for (; i < want && at < src.len && src.ptr[at] == '$'; i++) {
        size_t start = at + 1, behind = (r->argc_want - i - 1) * ELEMENT_MIN;
        uint64_t len;

        if (!read_short_number(src, &start, &len) || len > r->body_max ||
            (i == 0 && len > RQ_RESP_VERB_MAX))
            break;
        size_t end = start + (size_t)len + 2;
        if (end > src.len || end + behind > r->frame_max ||
            memcmp(src.ptr + end - 2, "\r\n", 2) != 0)
            break;
        r->spans[i] = (struct rq_resp_span){start, (size_t)len};
        at = end;
    }
    r->argc = i;
    r->pos = at;
}

/* Ends the current command.  Returns  its bytes */
static long finish(struct rq_resp_reader *r, size_t consumed)
{
    r->pos = 0;
    r->argc_want = 0;
    return (long)consumed;
}

static long read_array(struct rq_resp_reader *r, struct rq_slice src,
                       struct rq_cmd *out)
{
    if (r->argc_want == 0) {
        int rc = read_array_header(r, src);
        if (rc <= 0)
            return rc;
    }
    for (;;) {
        take_plain_elements(r, src);
        if (r->argc == r->argc_want)
            break;
        int rc = read_element(r, src);
        if (rc <= 0)
            return rc;
    }
    publish(r, src.ptr, out);
    return finish(r, r->pos);
}

/* Finds the end of an inline line.
 * Returns  1, or 0 while it is not there
 * Errors   RQ_E_TOOBIG */
static int find_line_end(struct rq_resp_reader *r, struct rq_slice src, size_t *out_len,
                         size_t *out_consumed)
{
    enum { WITH_END = RQ_RESP_INLINE_MAX + 2 };
    size_t window = r->frame_max < WITH_END ? r->frame_max : WITH_END;
    size_t end = src.len < window ? src.len : window;

    const uint8_t *lf = NULL;
    if (r->pos < end)
        lf = memchr(src.ptr + r->pos, '\n', end - r->pos);
    if (lf == NULL) {
        r->pos = end;
        return end == window ? RQ_E_TOOBIG : 0;
    }

    size_t len = (size_t)(lf - src.ptr);
    *out_consumed = len + 1;
    if (len > 0 && src.ptr[len - 1] == '\r')
        len--;
    *out_len = len;
    return len > RQ_RESP_INLINE_MAX ? RQ_E_TOOBIG : 1;
}

/* Cuts a line into words, which stand in r->line without their quotes. */
static int split_line(struct rq_resp_reader *r, struct rq_slice line)
{
    int rc;

    r->argc = 0; /* a call that ran out of memory has left words behind */
    rq_buf_clear(&r->line);
    rc = rq_buf_reserve(&r->line, line.len); /* taking quotes off makes none longer */
    if (rc < 0)
        return rc;
    for (;;) {
        size_t start = r->line.len;

        rc = rq_inline_word(&line, &r->line);
        if (rc <= 0)
            return rc;
        rc = check_element(r, r->line.len - start);
        if (rc == 0)
            rc = add_element(r, start, r->line.len - start);
        if (rc < 0)
            return rc;
    }
}

/* A browser can be made to send POST to any port, with a body that would be read as
 * lines of commands. */
static bool is_http(struct rq_slice verb)
{
    return rq_slice_eq_nocase(verb, RQ_LIT("POST")) ||
           rq_slice_eq_nocase(verb, RQ_LIT("Host:"));
}

RQ_NOINLINE static long read_inline(struct rq_resp_reader *r, struct rq_slice src,
                                    struct rq_cmd *out)
{
    size_t len, consumed;
    int rc = find_line_end(r, src, &len, &consumed);

    if (rc <= 0)
        return rc;
    rc = split_line(r, rq_slice(src.ptr, len));
    if (rc < 0)
        return rc;
    publish(r, rq_buf_slice(&r->line).ptr, out);
    if (out->argc > 0 && is_http(out->argv[0]))
        return RQ_E_MALFORMED;
    return finish(r, consumed);
}

long rq_resp_read(struct rq_resp_reader *r, struct rq_slice src, struct rq_cmd *out)
{
    if (src.len == 0)
        return 0;
    if (r->pos == 0)
        begin_command(r);
    return src.ptr[0] == '*' ? read_array(r, src, out) : read_inline(r, src, out);
}
