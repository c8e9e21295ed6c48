/* reply - RESP on the client's side.
 *
 * The reader eats whatever it is given: of a line that is cut it keeps the bytes, of a
 * bulk string it fills the node that waits for them.  So every byte is looked at once.
 *
 * The arrays that are being filled form a stack of at most DEPTH_MAX.  An array grows
 * (and its elements move) only while it is on top, when no pointer to an element of it
 * is on the stack.
 * SPDX-License-Identifier: MIT */
#include "wire/reply.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/num.h"
#include "wire/resp.h"

enum {
    DEPTH_MAX = 8,
    ELEMENTS_MAX = 1 << 20, /* of all arrays of one reply together */
    LINE_MAX_BYTES = 64 * 1024,
    DOUBLE_MAX_BYTES = 63,
    FIRST_CAP = 8, /* elements */
};

struct frame {
    struct rq_reply *array;
    size_t want, cap; /* elements */
};

struct rq_reply_reader {
    size_t bulk_max;
    int rc; /* what ended the stream; it stays ended */
    locale_t c_locale;

    struct rq_reply *root; /* the reply that is being read; NULL between two */
    size_t element_count;  /* declared by its arrays so far */
    size_t depth;
    struct frame stack[DEPTH_MAX];

    struct rq_buf line; /* what has arrived of a line that is cut */
    uint8_t *bulk;    /* the bytes of a bulk string on its way; NULL: a line is next */
    size_t bulk_want; /* its length */
    size_t bulk_have; /* what has arrived of it and of the CR LF behind it */
};

int rq_reply_command(struct rq_buf *out, size_t argc, const struct rq_slice *argv)
{
    struct rq_resp_writer w = {.out = out, .protocol = 2};
    size_t len_before = out->len;

    rq_resp_array(&w, argc);
    for (size_t i = 0; i < argc; i++)
        rq_resp_bulk(&w, argv[i]);
    if (w.rc < 0)
        rq_buf_truncate(out, len_before);
    return w.rc;
}

struct rq_reply_reader *rq_reply_reader_new(size_t bulk_max)
{
    struct rq_reply_reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    /* The program may have chosen a locale whose decimal point is a comma. */
    r->c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (r->c_locale == (locale_t)0) {
        free(r);
        return NULL;
    }
    r->bulk_max = bulk_max < SIZE_MAX - 2 ? bulk_max : SIZE_MAX - 2;
    rq_buf_init(&r->line, LINE_MAX_BYTES + 2);
    return r;
}

/* Frees what a node holds.  Recursion ends at DEPTH_MAX. */
static void free_content(struct rq_reply *node)
{
    for (size_t i = 0; i < node->count; i++)
        free_content(&node->elements[i]);
    free(node->elements);
    free((void *)node->str.ptr);
}

void rq_reply_free(struct rq_reply *reply)
{
    if (reply == NULL)
        return;
    free_content(reply);
    free(reply);
}

void rq_reply_reader_free(struct rq_reply_reader *r)
{
    if (r == NULL)
        return;
    rq_reply_free(r->root);
    rq_buf_fini(&r->line);
    freelocale(r->c_locale);
    free(r);
}

/* Makes the node of the next value: the root, or one more element of the array on top.
 * Returns  NULL without memory */
static struct rq_reply *add_node(struct rq_reply_reader *r)
{
    if (r->depth == 0) {
        ASSERT(r->root == NULL);
        r->root = calloc(1, sizeof *r->root);
        return r->root;
    }

    struct frame *top = &r->stack[r->depth - 1];
    if (top->array->count == top->cap) {
        size_t cap = top->cap == 0 ? FIRST_CAP : top->cap * 2;
        struct rq_reply *elements =
            reallocarray(top->array->elements, cap, sizeof *elements);
        if (elements == NULL)
            return NULL;
        top->array->elements = elements;
        top->cap = cap;
    }
    struct rq_reply *node = &top->array->elements[top->array->count++];
    *node = (struct rq_reply){0};
    return node;
}

/* A value is whole: so is each array that it was the last element of. */
static void close_value(struct rq_reply_reader *r)
{
    while (r->depth > 0 &&
           r->stack[r->depth - 1].array->count == r->stack[r->depth - 1].want)
        r->depth--;
}

static bool is_whole(const struct rq_reply_reader *r)
{
    return r->root != NULL && r->depth == 0 && r->bulk == NULL;
}

/* Gives `node` room for `len` bytes and a NUL.  Returns  the room, NULL without memory
 */
static uint8_t *add_text(struct rq_reply *node, enum rq_reply_type type, size_t len)
{
    uint8_t *text = malloc(len + 1);

    if (text == NULL)
        return NULL;
    text[len] = '\0';
    node->type = type;
    node->str = rq_slice(text, len);
    return text;
}

static int read_text(struct rq_reply *node, enum rq_reply_type type, struct rq_slice s)
{
    uint8_t *text = add_text(node, type, s.len);

    if (text == NULL)
        return -ENOMEM;
    memcpy(text, s.ptr, s.len);
    return 0;
}

static int read_int(struct rq_reply *node, struct rq_slice s)
{
    node->type = RQ_REPLY_INT;
    return rq_num_i64(s, INT64_MIN, INT64_MAX, &node->integer) < 0 ? RQ_E_MALFORMED : 0;
}

static int read_null(struct rq_reply *node, struct rq_slice s)
{
    node->type = RQ_REPLY_NULL;
    return s.len == 0 ? 0 : RQ_E_MALFORMED;
}

static int read_bool(struct rq_reply *node, struct rq_slice s)
{
    node->type = RQ_REPLY_BOOL;
    node->integer = rq_slice_eq(s, RQ_LIT("t"));
    return node->integer == 1 || rq_slice_eq(s, RQ_LIT("f")) ? 0 : RQ_E_MALFORMED;
}

static int read_double(const struct rq_reply_reader *r, struct rq_reply *node,
                       struct rq_slice s)
{
    char text[DOUBLE_MAX_BYTES + 1];
    char *end;

    node->type = RQ_REPLY_DOUBLE;
    if (s.len == 0 || s.len > DOUBLE_MAX_BYTES)
        return RQ_E_MALFORMED;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    /* strtod would also take blanks, hexadecimal digits and "infinity". */
    if (strspn(text, "0123456789+-.eE") != s.len && strcmp(text, "inf") != 0 &&
        strcmp(text, "-inf") != 0 && strcmp(text, "nan") != 0)
        return RQ_E_MALFORMED;
    node->real = strtod_l(text, &end, r->c_locale);
    return end == text + s.len ? 0 : RQ_E_MALFORMED;
}

/* Reads a declared length or count; `-1` means null and sets *out_null. */
static int read_size(struct rq_slice s, uint64_t max, bool *out_null, size_t *out)
{
    uint64_t v = 0;
    int rc = 0;

    *out_null = rq_slice_eq(s, RQ_LIT("-1"));
    if (!*out_null)
        rc = rq_num_u64(s, 0, max, &v);
    if (rc < 0)
        return rc == -ERANGE ? RQ_E_TOOBIG : RQ_E_MALFORMED;
    *out = (size_t)v;
    return 0;
}

static int begin_bulk(struct rq_reply_reader *r, struct rq_reply *node,
                      struct rq_slice s)
{
    bool null;
    size_t len;
    int rc = read_size(s, r->bulk_max, &null, &len);

    if (rc < 0)
        return rc;
    if (null) {
        node->type = RQ_REPLY_NULL;
        return 0;
    }
    r->bulk = add_text(node, RQ_REPLY_BULK, len);
    if (r->bulk == NULL)
        return -ENOMEM;
    r->bulk_want = len;
    r->bulk_have = 0;
    return 0;
}

/* `per` elements stand behind each that the line declares. */
static int begin_array(struct rq_reply_reader *r, struct rq_reply *node,
                       enum rq_reply_type type, size_t per, struct rq_slice s)
{
    bool null;
    size_t count;
    int rc = read_size(s, (ELEMENTS_MAX - r->element_count) / per, &null, &count);

    if (rc < 0)
        return rc;
    node->type = null ? RQ_REPLY_NULL : type;
    if (count == 0)
        return 0;
    if (r->depth == DEPTH_MAX)
        return RQ_E_TOOBIG;
    r->element_count += count * per;
    r->stack[r->depth++] = (struct frame){.array = node, .want = count * per};
    return 0;
}

/* Reads a line without its CR LF: a value, or the head of one. */
static int read_line(struct rq_reply_reader *r, struct rq_slice line)
{
    struct rq_reply *node;

    if (line.len == 0)
        return RQ_E_MALFORMED;
    node = add_node(r);
    if (node == NULL)
        return -ENOMEM;

    struct rq_slice s = rq_slice(line.ptr + 1, line.len - 1);
    switch (line.ptr[0]) {
    case '+':
        return read_text(node, RQ_REPLY_SIMPLE, s);
    case '-':
        return read_text(node, RQ_REPLY_ERROR, s);
    case ':':
        return read_int(node, s);
    case ',':
        return read_double(r, node, s);
    case '#':
        return read_bool(node, s);
    case '_':
        return read_null(node, s);
    case '$':
        return begin_bulk(r, node, s);
    case '*':
        return begin_array(r, node, RQ_REPLY_ARRAY, 1, s);
    case '%':
        return begin_array(r, node, RQ_REPLY_MAP, 2, s);
    default:
        return RQ_E_MALFORMED;
    }
}

/* Eats a line, or what there is of it.
 * Returns  bytes eaten */
static long eat_line(struct rq_reply_reader *r, struct rq_slice src)
{
    const uint8_t *lf = memchr(src.ptr, '\n', src.len);
    size_t len = lf == NULL ? src.len : (size_t)(lf - src.ptr) + 1;
    struct rq_slice line = rq_slice(src.ptr, len);
    int rc;

    if (len > r->line.max - r->line.len)
        return RQ_E_TOOBIG;
    if (lf == NULL || r->line.len > 0) {
        rc = rq_buf_append_slice(&r->line, line);
        if (rc < 0)
            return rc;
        line = rq_buf_slice(&r->line);
    }
    if (lf == NULL)
        return (long)len;

    if (line.len < 2 || line.ptr[line.len - 2] != '\r')
        return RQ_E_MALFORMED;
    rc = read_line(r, rq_slice(line.ptr, line.len - 2));
    rq_buf_clear(&r->line);
    return rc < 0 ? rc : (long)len;
}

/* Eats bytes of the bulk string and of the CR LF behind it.
 * Returns  bytes eaten */
static long eat_bulk(struct rq_reply_reader *r, struct rq_slice src)
{
    size_t eaten = 0;

    if (r->bulk_have < r->bulk_want) {
        size_t left = r->bulk_want - r->bulk_have;

        eaten = left < src.len ? left : src.len;
        memcpy(r->bulk + r->bulk_have, src.ptr, eaten);
        r->bulk_have += eaten;
    }
    while (eaten < src.len && r->bulk_have < r->bulk_want + 2)
        if (src.ptr[eaten++] != "\r\n"[r->bulk_have++ - r->bulk_want])
            return RQ_E_MALFORMED;
    if (r->bulk_have == r->bulk_want + 2)
        r->bulk = NULL;
    return (long)eaten;
}

long rq_reply_read(struct rq_reply_reader *r, struct rq_slice src,
                   struct rq_reply **out)
{
    size_t eaten = 0;

    *out = NULL;
    while (r->rc == 0 && eaten < src.len && !is_whole(r)) {
        struct rq_slice rest = rq_slice(src.ptr + eaten, src.len - eaten);
        size_t depth = r->depth;
        long n = r->bulk != NULL ? eat_bulk(r, rest) : eat_line(r, rest);

        if (n < 0) {
            r->rc = (int)n;
            break;
        }
        eaten += (size_t)n;
        if (r->bulk == NULL && r->line.len == 0 && r->depth == depth)
            close_value(r); /* the line was no head of an array */
    }
    if (r->rc < 0)
        return r->rc;
    if (is_whole(r)) {
        *out = r->root;
        r->root = NULL;
        r->element_count = 0;
    }
    return (long)eaten;
}

const struct rq_reply *rq_reply_field(const struct rq_reply *map, const char *field)
{
    struct rq_slice name = rq_slice_str(field);

    if (map->type != RQ_REPLY_MAP && map->type != RQ_REPLY_ARRAY)
        return NULL;
    for (size_t i = 0; i + 1 < map->count; i += 2) {
        const struct rq_reply *key = &map->elements[i];

        if ((key->type == RQ_REPLY_BULK || key->type == RQ_REPLY_SIMPLE) &&
            rq_slice_eq(key->str, name))
            return &map->elements[i + 1];
    }
    return NULL;
}
