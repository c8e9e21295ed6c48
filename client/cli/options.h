/* options.h - options of a command, from one table: the parser, --help and the shell
 * completion read the same rows.
 *
 * A command lays its values out in a struct of its own; a row says where the value
 * goes. Numbers and durations are int64_t and at first OPTION_UNSET, texts `const char
 * *` and at first NULL, flags `bool`.  Options may stand before, between and behind the
 * words; "--" ends them. SPDX-License-Identifier: MIT */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    OPTION_TEXTS_MAX = 16,
    OPTION_UNSET = -1,
    OPTION_BARE = -2, /* an interval was given without its value */
};

enum option_kind {
    OPTION_FLAG,     /* bool: true when given */
    OPTION_TEXT,     /* const char * */
    OPTION_NUMBER,   /* int64_t, within min..max */
    OPTION_DURATION, /* int64_t milliseconds, within min..max */
    OPTION_TEXTS,    /* struct option_texts: it may be given again and again */
    OPTION_INTERVAL, /* as DURATION, and the value may be missing: OPTION_BARE */
};

struct option_texts {
    const char *list[OPTION_TEXTS_MAX];
    size_t count;
};

struct option_row {
    const char *name; /* without its dashes; NULL ends a table */
    char letter;      /* '\0': none */
    enum option_kind kind;
    const char *value; /* what --help calls the value; NULL for a flag */
    const char *help;
    size_t offset; /* of the value in the command's struct */
    int64_t min, max;
};

struct words {
    char **list; /* what is no option, in order */
    int count;
    int behind; /* index of the first word behind "--"; `count` when there is none */
};

struct options {
    const struct option_row *rows; /* of the command; may be NULL */
    void *values;
    const struct option_row *shared_rows; /* those that every command has */
    void *shared_values;
};

/* Sets the values of `rows` to "not given". */
void options_clear(const struct option_row *rows, void *values);

/* Reads argv[0..argc).  With `stop` it ends at the first word, as before a command's
 * name; out->list then starts with that word and out->count is what is left.
 *
 * Returns  0
 * Errors   -EINVAL  what is wrong has been said on stderr, beginning with `who`
 * Owns     reorders argv; out->list lends from it */
int options_parse(const struct options *options, const char *who, int argc, char **argv,
                  bool stop, struct words *out);

/* The rows as --help shows them. */
void options_print(FILE *out, const struct option_row *rows);

#endif
