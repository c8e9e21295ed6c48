/* options_test - options of a command, from one table.
 * SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

struct values {
    bool flag, other;
    const char *text;
    int64_t number, wait, every;
    struct option_texts texts;
};
struct shared {
    bool json;
};

static const struct option_row rows[] = {
    {"flag", 'f', OPTION_FLAG, NULL, "a flag", offsetof(struct values, flag), 0, 0},
    {"other", 'o', OPTION_FLAG, NULL, "a flag", offsetof(struct values, other), 0, 0},
    {"text", 't', OPTION_TEXT, "TEXT", "a text", offsetof(struct values, text), 0, 0},
    {"number", 'n', OPTION_NUMBER, "N", "a number", offsetof(struct values, number), 1,
     9},
    {"wait", '\0', OPTION_DURATION, "DUR", "a wait", offsetof(struct values, wait), 10,
     5000},
    {"every", 'e', OPTION_INTERVAL, "=DUR", "a pause", offsetof(struct values, every),
     1000, 60000},
    {"add", 'a', OPTION_TEXTS, "TEXT", "texts", offsetof(struct values, texts), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};
static const struct option_row shared_rows[] = {
    {"json", 'j', OPTION_FLAG, NULL, "in JSON", offsetof(struct shared, json), 0, 0},
    {NULL, '\0', OPTION_FLAG, NULL, NULL, 0, 0, 0},
};

static struct values v;
static struct shared s;
static struct words words;
static char *argv_copy[24];

/* What was said on stderr. */
static char said[512];

static int parse_until(bool stop, const char *line)
{
    static char text[256];
    const struct options options = {rows, &v, shared_rows, &s};
    FILE *spoken = tmpfile();
    int saved = dup(STDERR_FILENO), argc = 0;
    char *rest = text;

    assert_non_null(spoken);
    (void)snprintf(text, sizeof text, "%s", line);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (*word != '\0')
            argv_copy[argc++] = word;
    }
    options_clear(rows, &v);
    options_clear(shared_rows, &s);
    (void)fflush(stderr);
    (void)dup2(fileno(spoken), STDERR_FILENO);
    int rc = options_parse(&options, "ringq try", argc, argv_copy, stop, &words);
    (void)fflush(stderr);
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    rewind(spoken);
    said[fread(said, 1, sizeof said - 1, spoken)] = '\0';
    (void)fclose(spoken);
    return rc;
}

static int parse(const char *line)
{
    return parse_until(false, line);
}

static void nothing_given_is_told_apart_from_zero(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_false(v.flag);
    assert_null(v.text);
    assert_int_equal(v.number, OPTION_UNSET);
    assert_int_equal(v.wait, OPTION_UNSET);
    assert_int_equal(v.every, OPTION_UNSET);
    assert_int_equal(words.count, 0);
}

static void values_stand_behind_a_blank_an_equals_sign_or_their_letter(void **state)
{
    (void)state;
    assert_int_equal(parse("--text a --number=3 --wait 1s -j"), 0);
    assert_string_equal(v.text, "a");
    assert_int_equal(v.number, 3);
    assert_int_equal(v.wait, 1000);
    assert_true(s.json);
    assert_int_equal(parse("-n3 -t b -fo"), 0);
    assert_int_equal(v.number, 3);
    assert_string_equal(v.text, "b");
    assert_true(v.flag && v.other);
    assert_int_equal(parse("-fon 4"), 0);
    assert_int_equal(v.number, 4);
    assert_int_equal(parse("--text="), 0);
    assert_string_equal(v.text, "");
}

static void options_may_stand_between_the_words(void **state)
{
    (void)state;
    assert_int_equal(parse("one -f two --text x three"), 0);
    assert_int_equal(words.count, 3);
    assert_int_equal(words.behind, 3);
    assert_string_equal(words.list[0], "one");
    assert_string_equal(words.list[1], "two");
    assert_string_equal(words.list[2], "three");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_int_equal(parse("one -f -- cmd -o -- --text"), 0);
    assert_true(v.flag);
    assert_false(v.other);
    assert_int_equal(words.count, 5);
    assert_int_equal(words.behind, 1);
    assert_string_equal(words.list[2], "-o");
    assert_string_equal(words.list[3], "--");
}

static void one_dash_is_a_word(void **state)
{
    (void)state;
    assert_int_equal(parse("one -"), 0);
    assert_int_equal(words.count, 2);
    assert_string_equal(words.list[1], "-");
}

static void with_stop_the_first_word_ends_it(void **state)
{
    (void)state;
    assert_int_equal(parse_until(true, "-j cmd -f --nonsense"), 0);
    assert_true(s.json);
    assert_false(v.flag);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.list[0], "cmd");
}

static void a_repeated_option_keeps_every_text(void **state)
{
    (void)state;
    assert_int_equal(parse("--add one -a two --add=three"), 0);
    assert_int_equal(v.texts.count, 3);
    assert_string_equal(v.texts.list[2], "three");
    assert_int_equal(parse("x"), 0);
    assert_int_equal(v.texts.count, 0);
}

static void more_texts_than_fit_are_told(void **state)
{
    char line[256] = "";

    (void)state;
    for (int i = 0; i < OPTION_TEXTS_MAX; i++)
        (void)snprintf(line + strlen(line), sizeof line - strlen(line), "-ax ");
    assert_int_equal(parse(line), 0);
    (void)snprintf(line + strlen(line), sizeof line - strlen(line), "-ax");
    assert_int_equal(parse(line), -EINVAL);
    assert_non_null(strstr(said, "more than 16 times --add"));
}

static void an_interval_takes_the_next_word_only_if_it_is_one(void **state)
{
    (void)state;
    assert_int_equal(parse("--every 2s queue"), 0);
    assert_int_equal(v.every, 2000);
    assert_int_equal(words.count, 1);
    assert_int_equal(parse("--every queue"), 0);
    assert_int_equal(v.every, OPTION_BARE);
    assert_int_equal(words.count, 1);
    assert_int_equal(parse("queue -e"), 0);
    assert_int_equal(v.every, OPTION_BARE);
    assert_int_equal(parse("--every=5s"), 0);
    assert_int_equal(v.every, 5000);
    assert_int_equal(parse("--every=x"), -EINVAL);
}

static void an_unknown_option_is_told_with_the_nearest_one(void **state)
{
    (void)state;
    assert_int_equal(parse("--numbr 3"), -EINVAL);
    assert_non_null(strstr(said, "ringq try: unknown option --numbr"));
    assert_non_null(strstr(said, "did you mean --number?"));
    assert_int_equal(parse("--jsno"), -EINVAL);
    assert_non_null(strstr(said, "did you mean --json?"));
    assert_int_equal(parse("--frobnicate"), -EINVAL);
    assert_non_null(strstr(said, "ringq try --help"));
    assert_int_equal(parse("--=x"), -EINVAL);
    assert_int_equal(parse("-fx"), -EINVAL);
    assert_non_null(strstr(said, "unknown option -x"));
}

static void a_wrong_value_is_told_with_what_is_right(void **state)
{
    (void)state;
    assert_int_equal(parse("--number 0"), -EINVAL);
    assert_non_null(strstr(said, "'0' is not a number from 1 to 9"));
    assert_int_equal(parse("--number 10"), -EINVAL);
    assert_int_equal(parse("--number x"), -EINVAL);
    assert_int_equal(parse("--wait 5"), -EINVAL);
    assert_non_null(strstr(said, "write it with its unit"));
    assert_int_equal(parse("--wait 9ms"), -EINVAL);
    assert_non_null(strstr(said, "not within 10.0 ms to 5.00 s"));
    assert_int_equal(parse("--wait 10ms"), 0);
    assert_int_equal(parse("--wait 5s"), 0);
    assert_int_equal(parse("--wait 5001ms"), -EINVAL);
    assert_int_equal(parse("--flag=yes"), -EINVAL);
    assert_non_null(strstr(said, "--flag takes no value"));
}

static void a_missing_value_is_told(void **state)
{
    (void)state;
    assert_int_equal(parse("--text"), -EINVAL);
    assert_non_null(strstr(said, "--text wants a value: TEXT"));
    assert_int_equal(parse("-n"), -EINVAL);
}

static void the_help_shows_every_row(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(out);
    options_print(out, rows);
    assert_int_equal(fclose(out), 0);
    bool whole =
        strstr(text, "-f --flag") != NULL && strstr(text, "--text TEXT") != NULL &&
        strstr(text, "--wait DUR") != NULL && strstr(text, "--every[=DUR]") != NULL;
    free(text);
    assert_true(whole);
}

TEST_MAIN(cmocka_unit_test(nothing_given_is_told_apart_from_zero),
          cmocka_unit_test(values_stand_behind_a_blank_an_equals_sign_or_their_letter),
          cmocka_unit_test(options_may_stand_between_the_words),
          cmocka_unit_test(two_dashes_end_the_options),
          cmocka_unit_test(one_dash_is_a_word),
          cmocka_unit_test(with_stop_the_first_word_ends_it),
          cmocka_unit_test(a_repeated_option_keeps_every_text),
          cmocka_unit_test(more_texts_than_fit_are_told),
          cmocka_unit_test(an_interval_takes_the_next_word_only_if_it_is_one),
          cmocka_unit_test(an_unknown_option_is_told_with_the_nearest_one),
          cmocka_unit_test(a_wrong_value_is_told_with_what_is_right),
          cmocka_unit_test(a_missing_value_is_told),
          cmocka_unit_test(the_help_shows_every_row))
