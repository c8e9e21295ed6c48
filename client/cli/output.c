/* output - tables, marks and texts from strangers.
 * SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/units.h"

static bool env_is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0';
}

/* As libc's own order: the first of the three that is set decides. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (env_is_set(names[i]))
            return strcasestr(getenv(names[i]), "utf-8") != NULL ||
                   strcasestr(getenv(names[i]), "utf8") != NULL;
    }
    return false;
}

bool output_is_dumb(void)
{
    const char *term = getenv("TERM");

    return term == NULL || strcmp(term, "dumb") == 0;
}

struct output output_of(int fd)
{
    bool terminal = isatty(fd) != 0;

    return (struct output){
        .terminal = terminal,
        .color = terminal && !output_is_dumb() && !env_is_set("NO_COLOR"),
        .utf8 = locale_is_utf8(),
    };
}

void output_mark(FILE *out, const struct output *o, enum output_mark mark)
{
    static const struct {
        const char *sign, *word, *color;
    } marks[] = {
        [MARK_GOOD] = {"✔", "ok   ", "\x1b[32m"},
        [MARK_BAD] = {"✘", "bad  ", "\x1b[31m"},
        [MARK_AGAIN] = {"↻", "again", "\x1b[33m"},
        [MARK_BACK] = {"↩", "back ", "\x1b[36m"},
        [MARK_NOTE] = {"!", "!    ", "\x1b[33m"},
    };

    (void)fprintf(out, "%s%s%s", o->color ? marks[mark].color : "",
                  o->utf8 ? marks[mark].sign : marks[mark].word,
                  o->color ? "\x1b[0m" : "");
}

void output_clean(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t step = json_utf8_length(text + i, len - i);
        unsigned char c = (unsigned char)text[i];
        /* U+0080 to U+009F are control characters as well. */
        bool control = c < 0x20 || c == 0x7f ||
                       (c == 0xc2 && step == 2 && (unsigned char)text[i + 1] < 0xa0);
        if (c == '\n' || c == '\t')
            (void)fputs(c == '\n' ? "\\n" : "\\t", out);
        else if (step == 0 || (control && step == 1))
            (void)fprintf(out, "\\x%02x", c);
        else if (control)
            (void)fprintf(out, "\\u%04x", (unsigned char)text[i + 1]);
        else
            (void)fwrite(text + i, 1, step, out);
        i += step > 0 ? step : 1;
    }
}

void output_say_args(FILE *out, const char *format, va_list args)
{
    char *text;
    int len = vasprintf(&text, format, args);

    if (len < 0)
        return; /* no memory: the exit code has to do */
    for (const char *at = text, *end = text + len; at < end; at++) {
        size_t line = strcspn(at, "\n\t");

        output_clean(out, at, line);
        at += line;
        if (at < end)
            (void)putc(*at, out);
    }
    free(text);
}

void output_say(FILE *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    output_say_args(out, format, args);
    va_end(args);
}

void table_init(struct table *t, FILE *out, const struct output *output, size_t columns)
{
    *t = (struct table){.out = out, .output = output, .columns = columns};
}

/* Consumes  cell */
static void add_cell(struct table *t, char *cell)
{
    if (cell != NULL && t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
        char **cells = reallocarray(t->cells, capacity, sizeof *cells);
        if (cells != NULL) {
            t->cells = cells;
            t->capacity = capacity;
        }
    }
    if (cell == NULL || t->count == t->capacity) {
        free(cell);
        t->failed = true;
        return;
    }
    t->cells[t->count++] = cell;
}

void table_heading(struct table *t, const char *const *names)
{
    for (size_t i = 0; t->output->terminal && i < t->columns; i++)
        table_string(t, names[i]);
}

void table_text(struct table *t, const char *text, size_t len)
{
    char *cell = NULL;
    size_t size;
    FILE *out = open_memstream(&cell, &size);

    if (out != NULL) {
        output_clean(out, text, len);
        if (fclose(out) != 0) {
            free(cell);
            cell = NULL;
        }
    }
    add_cell(t, cell);
}

void table_string(struct table *t, const char *text)
{
    table_text(t, text, strlen(text));
}

void table_integer(struct table *t, int64_t value)
{
    char text[UNITS_TEXT_SIZE];

    if (t->output->terminal)
        (void)units_count(text, value);
    else
        (void)snprintf(text, sizeof text, "%" PRId64, value);
    table_string(t, text);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len > tail && strcmp(text + len - tail, end) == 0;
}

static void table_figure(struct table *t, const char *name, int64_t value)
{
    char text[UNITS_TEXT_SIZE];

    if (!t->output->terminal)
        table_integer(t, value);
    else if (ends_with(name, "_at"))
        table_string(t, value > 0 ? units_clock(text, value) : "-");
    else if (ends_with(name, "_us"))
        table_string(t, units_duration(text, value));
    else if (ends_with(name, "_ms") && value <= INT64_MAX / 1000)
        table_string(t, units_duration(text, value * 1000));
    else if (ends_with(name, "_bytes"))
        table_string(t, units_bytes(text, value));
    else
        table_integer(t, value);
}

void table_reply(struct table *t, const char *name, const ringq_reply *value)
{
    char text[UNITS_TEXT_SIZE];
    size_t len;

    switch (value != NULL ? ringq_reply_type(value) : RINGQ_NULL) {
    case RINGQ_INTEGER:
        table_figure(t, name, ringq_reply_integer(value));
        break;
    case RINGQ_STRING: {
        const char *bytes = ringq_reply_string(value, &len);
        table_text(t, bytes, len);
        break;
    }
    case RINGQ_DOUBLE:
        (void)snprintf(text, sizeof text, "%.6g", ringq_reply_double(value));
        table_string(t, text);
        break;
    case RINGQ_BOOLEAN:
        table_string(t, ringq_reply_integer(value) != 0 ? "yes" : "no");
        break;
    case RINGQ_NULL:
    case RINGQ_ARRAY:
    case RINGQ_MAP:
        table_string(t, "");
        break;
    }
}

/* Columns that a character string takes on a terminal, near enough: its characters. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct table *t, size_t column)
{
    size_t widest = 0;

    for (size_t i = column; i < t->count; i += t->columns) {
        size_t width = width_of(t->cells[i]);
        if (width > widest)
            widest = width;
    }
    return widest;
}

static void print_aligned(const struct table *t, const size_t *widths)
{
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->columns;
        bool last = column + 1 == t->columns;
        bool right = t->figures && column > 0;
        int pad = (int)(widths[column] - width_of(t->cells[i]));
        (void)fprintf(t->out, "%*s%s", right ? pad : 0, "", t->cells[i]);
        if (last)
            (void)putc('\n', t->out);
        else
            (void)fprintf(t->out, "%*s", (right ? 0 : pad) + 2, "");
    }
}

int table_print(struct table *t)
{
    size_t *widths = calloc(t->columns, sizeof *widths);
    int rc = t->failed || widths == NULL ? -ENOMEM : 0;

    for (size_t i = 0; rc == 0 && i < t->columns; i++)
        widths[i] = column_width(t, i);
    if (rc == 0 && t->output->terminal) {
        print_aligned(t, widths);
    } else if (rc == 0) {
        for (size_t i = 0; i < t->count; i++)
            (void)fprintf(t->out, "%s%c", t->cells[i],
                          (i + 1) % t->columns == 0 ? '\n' : '\t');
    }
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(widths);
    t->cells = NULL;
    t->count = t->capacity = 0;
    t->failed = false;
    return rc;
}

/* A body may be any bytes; everything else is text. */
static void json_member(struct json *j, const char *key, const ringq_reply *value)
{
    size_t len = 0;

    if (strcmp(key, "body") == 0 && ringq_reply_type(value) == RINGQ_STRING) {
        const char *body = ringq_reply_string(value, &len);
        json_body(j, key, body, len);
        return;
    }
    json_key(j, key);
    output_json_reply(j, value);
}

/* Recursion is bounded: the library refuses replies that are nested deeply. */
void output_json_reply(struct json *j, const ringq_reply *value)
{
    bool is_map = ringq_reply_type(value) == RINGQ_MAP;
    size_t len = 0;
    const char *text;

    switch (ringq_reply_type(value)) {
    case RINGQ_NULL:
        json_null(j);
        break;
    case RINGQ_INTEGER:
        json_integer(j, ringq_reply_integer(value));
        break;
    case RINGQ_DOUBLE:
        json_number(j, ringq_reply_double(value));
        break;
    case RINGQ_BOOLEAN:
        json_boolean(j, ringq_reply_integer(value) != 0);
        break;
    case RINGQ_STRING:
        text = ringq_reply_string(value, &len);
        json_text(j, text, len);
        break;
    case RINGQ_ARRAY:
    case RINGQ_MAP:
        json_begin(j, is_map ? '{' : '[');
        for (size_t i = 0; i < ringq_reply_count(value); i++) {
            const ringq_reply *item = ringq_reply_at(value, i);
            if (is_map)
                json_member(j, ringq_reply_key(value, i), item);
            else
                output_json_reply(j, item);
        }
        json_end(j, is_map ? '}' : ']');
        break;
    }
}
