/* top_view - what `ringq top` shows: the figures, their order, and the frame.
 *
 * A frame is lines; a line is written as plain text first and cut to the width, so that
 * no escape sequence is ever cut.  All text is ASCII but the server's address.
 * SPDX-License-Identifier: MIT */
#include "cli/top_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"

enum {
    HEAD_ROWS = 4, /* server, sums, verdict, titles */
    FOOT_ROWS = 1,
    NAME_MIN = 10,
    STATE_WIDTH = 8,
    LINE_MAX_BYTES = 512,
};

static const struct {
    const char *title;
    int width; /* with the blank before it; of the name: what is left */
} columns[TOP_COLUMNS] = {
    [TOP_NAME] = {"queue", 0},      [TOP_READY] = {"ready", 8},
    [TOP_DELAYED] = {"delayed", 8}, [TOP_LEASED] = {"leased", 7},
    [TOP_DEAD] = {"dead", 7},       [TOP_PUT] = {"put/s", 7},
    [TOP_DONE] = {"done/s", 7},     [TOP_WAITING] = {"waiting", 8},
    [TOP_OLDEST] = {"oldest", 8},
};

/* ---- the figures ---- */

struct top_queue *top_add(struct top *t)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
        void *queues = reallocarray(t->queues, capacity, sizeof t->queues[0]);
        if (queues == NULL)
            return NULL;
        t->queues = queues;
        t->capacity = capacity;
    }
    t->queues[t->count] = (struct top_queue){.name = ""};
    return &t->queues[t->count++];
}

void top_fini(struct top *t)
{
    free(t->queues);
    t->queues = NULL;
    t->count = t->capacity = 0;
}

static int compare(const void *a, const void *b, void *arg)
{
    const struct top *t = arg;
    const struct top_queue *x = a, *y = b;
    int64_t p = x->figures[t->sort], q = y->figures[t->sort];
    int by_name = strcmp(x->name, y->name);
    int order = t->sort == TOP_NAME ? by_name : (p < q) - (p > q);

    if (t->reversed)
        order = -order;
    return order != 0 ? order : by_name;
}

void top_sort(struct top *t)
{
    if (t->count > 1)
        qsort_r(t->queues, t->count, sizeof t->queues[0], compare, t);
}

static size_t rows_for_queues(const struct top *t, struct screen_size size)
{
    if (size.rows == 0)
        return t->count;
    return size.rows > HEAD_ROWS + FOOT_ROWS
               ? (size_t)(size.rows - HEAD_ROWS - FOOT_ROWS)
               : 0;
}

void top_scroll(struct top *t, int64_t rows, struct screen_size size)
{
    size_t visible = rows_for_queues(t, size);
    int64_t last = t->count > visible ? (int64_t)(t->count - visible) : 0;
    int64_t first = (int64_t)t->first;

    /* `rows` may be any number: home and end are the largest. */
    first = rows > last - first ? last : first + rows < 0 ? 0 : first + rows;
    t->first = (size_t)first;
}

/* ---- words ---- */

/* A count in at most `width` letters: 1,204, else 12.3k, 4.5M. */
static void write_count(char *text, int64_t n, int width)
{
    static const char letters[] = "kMGT";
    double value = (double)n;
    int i = -1;

    if (strlen(units_count(text, n)) <= (size_t)width)
        return;
    do {
        value /= 1000;
        i++;
    } while (value >= 999.95 && letters[i + 1] != '\0');
    (void)snprintf(text, UNITS_TEXT_SIZE, value < 99.95 ? "%.1f%c" : "%.0f%c", value,
                   letters[i]);
}

static void write_rate(char *text, int64_t milli, int width)
{
    if (milli < 1000 * 100)
        (void)snprintf(text, UNITS_TEXT_SIZE, "%.1f", (double)milli / 1000);
    else
        write_count(text, milli / 1000, width);
}

static void write_figure(char *text, enum top_column column, int64_t value)
{
    int width = columns[column].width - 1;

    if (value == 0 && column != TOP_READY)
        (void)snprintf(text, UNITS_TEXT_SIZE, "-");
    else if (column == TOP_PUT || column == TOP_DONE)
        write_rate(text, value, width);
    else if (column == TOP_OLDEST)
        (void)units_duration(text, value < INT64_MAX / 1000 ? value * 1000 : INT64_MAX);
    else if (column == TOP_WAITING && value < 0)
        (void)snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 " put", -value);
    else
        write_count(text, value, width);
}

/* ---- lines ---- */

struct frame {
    const struct top *t;
    struct screen_size size;
    struct top_style style;
    FILE *out;
    int shown;      /* columns that fit, from the left */
    bool has_state; /* ... and the state behind them */
    int name_width;
};

static void fit_columns(struct frame *f)
{
    int left = f->size.columns - NAME_MIN;

    f->shown = 1;
    while (f->shown < TOP_COLUMNS && left >= columns[f->shown].width)
        left -= columns[f->shown++].width;
    /* The name comes first: it may take as much again. */
    f->has_state = f->shown == TOP_COLUMNS && left >= STATE_WIDTH + 1 + NAME_MIN;
    if (f->has_state)
        left -= STATE_WIDTH + 1;
    f->name_width = NAME_MIN + left;
}

/* Bytes of the first `columns` characters. */
static size_t cut(const char *text, int columns_wanted)
{
    size_t len = 0;

    for (int column = 0; text[len] != '\0'; len++) {
        bool begins = ((unsigned char)text[len] & 0xc0) != 0x80;
        if (begins && column++ == columns_wanted)
            break;
    }
    return len;
}

/* Shape  attribute: "7" for reverse, "31" for red; NULL: plain */
static void put_line(const struct frame *f, const char *text, const char *attribute)
{
    size_t len = cut(text, f->size.columns);
    bool is_color = attribute != NULL && attribute[0] == '3';

    if (!f->style.ansi || (is_color && !f->style.color))
        attribute = NULL;
    if (attribute != NULL)
        (void)fprintf(f->out, "\x1b[%sm", attribute);
    (void)fwrite(text, 1, len, f->out);
    if (attribute != NULL)
        (void)fputs("\x1b[0m", f->out);
    (void)fputs(f->style.ansi ? "\x1b[K\r\n" : "\n", f->out);
}

static void put_server(const struct frame *f)
{
    const struct top_server *s = &f->t->server;
    char line[LINE_MAX_BYTES], up[UNITS_TEXT_SIZE];

    (void)snprintf(line, sizeof line,
                   "ringq %s  %s  %s  up %s  %" PRId64 " connections%s", s->version,
                   s->address, s->durability, units_duration(up, s->uptime_ms * 1000),
                   s->connections, f->t->paused ? "  (paused)" : "");
    put_line(f, line, "1");
}

static void put_sums(const struct frame *f)
{
    int64_t sums[TOP_COLUMNS] = {0};
    char line[LINE_MAX_BYTES], text[UNITS_TEXT_SIZE];
    size_t len = 0;

    for (size_t i = 0; i < f->t->count; i++)
        for (int c = TOP_READY; c < TOP_WAITING; c++)
            sums[c] += f->t->queues[i].figures[c];
    len = (size_t)snprintf(line, sizeof line,
                           "%s queues:", units_count(text, (int64_t)f->t->count));
    for (int c = TOP_READY; c < TOP_WAITING; c++) {
        write_figure(text, (enum top_column)c, sums[c]);
        len += (size_t)snprintf(line + len, sizeof line - len, "  %s %s", text,
                                columns[c].title);
    }
    put_line(f, line, NULL);
}

/* Does it have jobs that nobody is there to take? */
static bool is_stuck(const struct top_queue *q)
{
    return q->figures[TOP_READY] > 0 && q->figures[TOP_LEASED] == 0 &&
           q->figures[TOP_WAITING] <= 0 && q->figures[TOP_DONE] == 0 &&
           q->state[0] == '\0';
}

/* The one thing that somebody should know, and what to do about it. */
static void put_verdict(const struct frame *f)
{
    const struct top_queue *stuck = NULL, *dead = NULL;
    char line[LINE_MAX_BYTES];

    for (size_t i = 0; i < f->t->count; i++) {
        const struct top_queue *q = &f->t->queues[i];
        if (stuck == NULL && is_stuck(q))
            stuck = q;
        if (dead == NULL && q->figures[TOP_DEAD] > 0)
            dead = q;
    }
    if (f->t->problem[0] != '\0') {
        put_line(f, f->t->problem, "31");
    } else if (f->t->server.draining) {
        put_line(f, "the server drains; end it: ringq undrain", "33");
    } else if (stuck != NULL) {
        (void)snprintf(line, sizeof line, "no worker for %s; run: ringq work %s -- CMD",
                       stuck->name, stuck->name);
        put_line(f, line, "33");
    } else if (dead != NULL) {
        (void)snprintf(line, sizeof line, "dead jobs in %s; look: ringq dead list %s",
                       dead->name, dead->name);
        put_line(f, line, "33");
    } else {
        put_line(f,
                 f->t->count == 0 ? "no queues yet; make one: ringq put emails hello"
                                  : "all is well",
                 "32");
    }
}

static void put_titles(const struct frame *f)
{
    char line[LINE_MAX_BYTES], title[UNITS_TEXT_SIZE];
    size_t len = 0;

    for (int c = 0; c < f->shown; c++) {
        bool sorted = f->t->sort == (enum top_column)c;
        (void)snprintf(title, sizeof title, "%s%s", sorted ? "*" : "",
                       columns[c].title);
        if (c == TOP_NAME)
            len += (size_t)snprintf(line + len, sizeof line - len, "%-*s",
                                    f->name_width, title);
        else
            len += (size_t)snprintf(line + len, sizeof line - len, "%*s",
                                    columns[c].width, title);
    }
    if (f->has_state)
        (void)snprintf(line + len, sizeof line - len, " %-*s", STATE_WIDTH, "state");
    put_line(f, line, "7");
}

static void put_queue(const struct frame *f, const struct top_queue *q)
{
    char line[LINE_MAX_BYTES], text[UNITS_TEXT_SIZE];
    /* A name that is too long ends in a sign that no name has. */
    bool is_long = strlen(q->name) > (size_t)f->name_width;
    size_t len =
        (size_t)snprintf(line, sizeof line, "%-*.*s%s", f->name_width - is_long,
                         f->name_width - is_long, q->name, is_long ? "~" : "");

    for (int c = TOP_READY; c < f->shown; c++) {
        write_figure(text, (enum top_column)c, q->figures[c]);
        len += (size_t)snprintf(line + len, sizeof line - len, "%*s", columns[c].width,
                                text);
    }
    if (f->has_state)
        (void)snprintf(line + len, sizeof line - len, " %s", q->state);
    put_line(f, line, is_stuck(q) ? "33" : NULL);
}

static void put_keys(const struct frame *f)
{
    const char *keys =
        f->t->paused ? "q quit  s sort  r reverse  p go on  j k scroll"
                     : "q quit  s sort  r reverse  p pause  j k scroll  + - speed";

    /* Without a line end, which would scroll. */
    (void)fprintf(f->out, "\x1b[%d;1H\x1b[2m%.*s\x1b[0m\x1b[K", f->size.rows,
                  (int)cut(keys, f->size.columns), keys);
}

void top_draw(const struct top *t, struct screen_size size, struct top_style style,
              FILE *out)
{
    struct frame f = {.t = t, .size = size, .style = style, .out = out};
    void (*const heads[])(const struct frame *) = {put_server, put_sums, put_verdict,
                                                   put_titles};
    size_t rows = rows_for_queues(t, size);

    if (f.size.columns < NAME_MIN)
        f.size.columns = NAME_MIN;
    if (f.size.columns > LINE_MAX_BYTES / 2)
        f.size.columns = LINE_MAX_BYTES / 2;
    fit_columns(&f);
    if (style.ansi)
        (void)fputs("\x1b[H", out);
    for (int i = 0; i < HEAD_ROWS && (size.rows == 0 || i < size.rows - FOOT_ROWS); i++)
        heads[i](&f);
    for (size_t i = t->first; i < t->count && i - t->first < rows; i++)
        put_queue(&f, &t->queues[i]);
    if (style.ansi)
        (void)fputs("\x1b[J", out);
    if (size.rows > 0)
        put_keys(&f);
}
