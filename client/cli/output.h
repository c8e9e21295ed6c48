/* output.h - tables, marks and texts from strangers.
 *
 * stdout is data, stderr is talk.  On a terminal a table has aligned columns and
 * numbers for people; elsewhere one row is one line, cells separated by tabs, values as
 * they came. Texts from outside (errors, names, bodies in a table) lose their control
 * characters, which could otherwise steer the terminal or break the line.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ringq/ringq.h>

/* What stands at the other end of a stream. */
struct output {
    bool terminal; /* a person reads it */
    bool color;
    bool utf8;
};
struct output output_of(int fd);
/* Does the terminal, after $TERM, know no escape sequences? */
bool output_is_dumb(void);

enum output_mark { MARK_GOOD, MARK_BAD, MARK_AGAIN, MARK_BACK, MARK_NOTE };
/* The mark in its colour: a check mark, or a word where UTF-8 is not understood. */
void output_mark(FILE *out, const struct output *o, enum output_mark mark);

/* Writes bytes of a stranger: control characters as \n, \x1b, ... */
void output_clean(FILE *out, const char *text, size_t len);
/* Writes a message that quotes a stranger: the same, but its lines stay lines. */
void output_say(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void output_say_args(FILE *out, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Rows that are aligned once all of them are there. */
struct table {
    FILE *out;
    const struct output *output;
    size_t columns;
    bool figures; /* a terminal sees all but the first column aligned to the right */
    char **cells; /* row by row */
    size_t count, capacity;
    bool failed; /* out of memory: said at the end */
};

void table_init(struct table *t, FILE *out, const struct output *output,
                size_t columns);
/* The heading stands above the columns on a terminal only. */
void table_heading(struct table *t, const char *const *names);
/* Appends a cell; after `columns` of them a new row begins. */
void table_text(struct table *t, const char *text, size_t len);
void table_string(struct table *t, const char *text);
void table_integer(struct table *t, int64_t value);
/* A value of a reply under its name: the name's unit (_ms, _us, _bytes, _at for a time)
 * decides how a person sees it.  NULL: an empty cell. */
void table_reply(struct table *t, const char *name, const ringq_reply *value);
/* Prints and forgets the rows.  Errors  -ENOMEM */
int table_print(struct table *t);

struct json;
/* A reply of any shape as JSON; the member "body" of a map may be any bytes. */
void output_json_reply(struct json *j, const ringq_reply *value);

#endif
