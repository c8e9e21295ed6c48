/* options - options of a command, from one table.
 * SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "cli/output.h"
#include "cli/suggest.h"
#include "cli/units.h"

/* One walk over argv. */
struct walk {
    const struct options *options;
    const char *who;
    char **argv;
    int argc;
    int at; /* the next argument */
};

/* A row, and the struct that its value lives in. */
struct found {
    const struct option_row *row;
    void *values;
};

static void *value_of(struct found f)
{
    return (char *)f.values + f.row->offset;
}

void options_clear(const struct option_row *rows, void *values)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        void *value = value_of((struct found){rows, values});
        if (rows->kind == OPTION_FLAG)
            *(bool *)value = false;
        else if (rows->kind == OPTION_TEXT)
            *(const char **)value = NULL;
        else if (rows->kind == OPTION_TEXTS)
            *(struct option_texts *)value = (struct option_texts){.count = 0};
        else
            *(int64_t *)value = OPTION_UNSET;
    }
}

/* By name, or by letter when `len` is 0. */
static const struct option_row *find_row(const struct option_row *rows,
                                         const char *name, size_t len, char letter)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (len > 0 && strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return rows;
        if (len == 0 && letter != '\0' && rows->letter == letter)
            return rows;
    }
    return NULL;
}

static struct found find(const struct options *o, const char *name, size_t len,
                         char letter)
{
    struct found f = {find_row(o->rows, name, len, letter), o->values};

    if (f.row == NULL)
        f = (struct found){find_row(o->shared_rows, name, len, letter),
                           o->shared_values};
    return f;
}

static void suggest_from(struct suggest *s, const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        suggest_offer(s, rows->name);
}

static int say_unknown(const struct walk *w, const char *typed)
{
    struct suggest s;
    char name[64];

    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    suggest_init(&s, name);
    suggest_from(&s, w->options->rows);
    suggest_from(&s, w->options->shared_rows);
    output_say(stderr, "%s: unknown option --%s\n", w->who, name);
    if (s.best != NULL)
        output_say(stderr, "  did you mean --%s?\n", s.best);
    else
        output_say(stderr, "  its options: %s --help\n", w->who);
    return -EINVAL;
}

static int say_unknown_letter(const struct walk *w, char letter)
{
    output_say(stderr, "%s: unknown option -%c\n", w->who, letter);
    output_say(stderr,
               "  its options: %s --help;  before a word that begins with a dash: --\n",
               w->who);
    return -EINVAL;
}

static int say_bad_number(const struct walk *w, const struct option_row *row,
                          const char *text)
{
    output_say(stderr, "%s: --%s: '%s' is not a number from %lld to %lld\n", w->who,
               row->name, text, (long long)row->min, (long long)row->max);
    return -EINVAL;
}

static int set_duration(const struct walk *w, struct found f, const char *text)
{
    char low[UNITS_TEXT_SIZE], high[UNITS_TEXT_SIZE];
    int64_t ms;
    int rc = units_parse_duration(text, &ms);

    if (rc == -EINVAL) {
        output_say(stderr,
                   "%s: --%s: '%s' is not a duration\n"
                   "  write it with its unit: 500ms, 30s, 5m, 1h30m, 2d\n",
                   w->who, f.row->name, text);
        return rc;
    }
    if (rc < 0 || ms < f.row->min || ms > f.row->max) {
        output_say(stderr, "%s: --%s: '%s' is not within %s to %s\n", w->who,
                   f.row->name, text, units_duration(low, f.row->min * 1000),
                   units_duration(high, f.row->max * 1000));
        return -EINVAL;
    }
    *(int64_t *)value_of(f) = ms;
    return 0;
}

static int add_text(const struct walk *w, struct found f, const char *text)
{
    struct option_texts *texts = value_of(f);

    if (texts->count == OPTION_TEXTS_MAX) {
        output_say(stderr, "%s: more than %d times --%s\n", w->who, OPTION_TEXTS_MAX,
                   f.row->name);
        return -EINVAL;
    }
    texts->list[texts->count++] = text;
    return 0;
}

static int set_value(const struct walk *w, struct found f, const char *text)
{
    switch (f.row->kind) {
    case OPTION_FLAG:
        *(bool *)value_of(f) = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)value_of(f) = text;
        return 0;
    case OPTION_TEXTS:
        return add_text(w, f, text);
    case OPTION_NUMBER:
        if (units_parse_number(text, f.row->min, f.row->max, value_of(f)) < 0)
            return say_bad_number(w, f.row, text);
        return 0;
    case OPTION_DURATION:
    case OPTION_INTERVAL:
        return set_duration(w, f, text);
    }
    return -EINVAL;
}

/* Sets an option whose value stands in `attached`, or else in the next argument. */
static int take_value(struct walk *w, struct found f, const char *attached)
{
    int64_t ignored;

    if (f.row->kind == OPTION_FLAG && attached != NULL) {
        output_say(stderr, "%s: --%s takes no value\n", w->who, f.row->name);
        return -EINVAL;
    }
    if (f.row->kind == OPTION_FLAG || attached != NULL)
        return set_value(w, f, attached);
    if (f.row->kind == OPTION_INTERVAL) {
        /* The next word is its value only if it can be one. */
        if (w->at < w->argc && units_parse_duration(w->argv[w->at], &ignored) == 0)
            return set_value(w, f, w->argv[w->at++]);
        *(int64_t *)value_of(f) = OPTION_BARE;
        return 0;
    }
    if (w->at == w->argc) {
        output_say(stderr, "%s: --%s wants a value: %s\n", w->who, f.row->name,
                   f.row->value);
        return -EINVAL;
    }
    return set_value(w, f, w->argv[w->at++]);
}

/* "--name", "--name=value" */
static int take_long(struct walk *w, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    struct found f = {NULL, NULL};

    if (len > 0)
        f = find(w->options, name, len, '\0');
    if (f.row == NULL)
        return say_unknown(w, name);
    return take_value(w, f, equals != NULL ? equals + 1 : NULL);
}

/* "-q", "-qv", "-j8", "-j 8" */
static int take_letters(struct walk *w, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        struct found f = find(w->options, NULL, 0, *letters);
        if (f.row == NULL)
            return say_unknown_letter(w, *letters);
        if (f.row->kind != OPTION_FLAG)
            return take_value(w, f, letters[1] != '\0' ? letters + 1 : NULL);
        (void)set_value(w, f, NULL);
    }
    return 0;
}

int options_parse(const struct options *options, const char *who, int argc, char **argv,
                  bool stop, struct words *out)
{
    struct walk w = {.options = options, .who = who, .argv = argv, .argc = argc};
    int count = 0, behind = -1, rc = 0;

    while (w.at < argc && rc == 0) {
        char *arg = argv[w.at++];
        if (behind < 0 && strcmp(arg, "--") == 0) {
            behind = count;
        } else if (behind < 0 && arg[0] == '-' && arg[1] == '-') {
            rc = take_long(&w, arg + 2);
        } else if (behind < 0 && arg[0] == '-' && arg[1] != '\0') {
            rc = take_letters(&w, arg + 1);
        } else if (stop) {
            *out = (struct words){argv + w.at - 1, argc - w.at + 1, argc - w.at + 1};
            return 0;
        } else {
            argv[count++] = arg; /* words move forward over the options */
        }
    }
    if (rc < 0)
        return rc;
    *out = (struct words){argv, count, behind < 0 ? count : behind};
    return 0;
}

void options_print(FILE *out, const struct option_row *rows)
{
    for (; rows->name != NULL; rows++) {
        char left[40];
        const char *value = rows->value != NULL ? rows->value : "";
        bool optional = rows->kind == OPTION_INTERVAL;

        (void)snprintf(left, sizeof left, "%c%c --%s%s%s%s", rows->letter ? '-' : ' ',
                       rows->letter ? rows->letter : ' ', rows->name,
                       optional ? "[" : " ", value, optional ? "]" : "");
        (void)fprintf(out, "  %-24s %s\n", left, rows->help);
    }
}
