/* put_options - the options of PUT on the command line.
 * SPDX-License-Identifier: MIT */
#include "cli/put_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/units.h"

enum {
    BACKOFF_BASE_DEFAULT_MS = 1000, /* as the server's own */
};

static const struct {
    const char *name; /* as typed */
    const char *word; /* on the wire */
    enum ringq_backoff kind;
} backoffs[] = {
    {"exp", "EXP", RINGQ_BACKOFF_EXP},
    {"linear", "LINEAR", RINGQ_BACKOFF_LINEAR},
    {"fixed", "FIXED", RINGQ_BACKOFF_FIXED},
};

static int say_bad_backoff(const char *text)
{
    (void)cli_usage("--backoff: '%s' is not KIND[:BASE[:MAX]]\n"
                    "  kinds: exp, linear, fixed; for example exp:1s:1h, fixed:30s",
                    text);
    return -EINVAL;
}

/* The next part of "KIND:BASE:MAX" in `part`; moves *at behind its colon, to NULL at
 * the end. */
static int take_part(const char **at, char *part, size_t size)
{
    const char *colon = strchr(*at, ':');
    size_t len = colon != NULL ? (size_t)(colon - *at) : strlen(*at);

    if (len >= size)
        return -EINVAL;
    memcpy(part, *at, len);
    part[len] = '\0';
    *at = colon != NULL ? colon + 1 : NULL;
    return 0;
}

/* A duration that PUT takes: at least a millisecond, at most 32 bits of them. */
static int take_pause(const char **at, uint32_t *out_ms)
{
    char part[32];
    int64_t ms;

    if (take_part(at, part, sizeof part) < 0 || units_parse_duration(part, &ms) < 0)
        return -EINVAL;
    if (ms < 1 || ms > UINT32_MAX)
        return -EINVAL;
    *out_ms = (uint32_t)ms;
    return 0;
}

static int read_backoff(const char *text, ringq_put_options *out)
{
    const char *at = text;
    char kind[16];
    size_t i = 0, count = sizeof backoffs / sizeof backoffs[0];

    if (take_part(&at, kind, sizeof kind) < 0)
        return say_bad_backoff(text);
    while (i < count && strcmp(backoffs[i].name, kind) != 0)
        i++;
    if (i == count)
        return say_bad_backoff(text);
    out->backoff = backoffs[i].kind;
    out->backoff_base_ms = BACKOFF_BASE_DEFAULT_MS;
    if (at != NULL && take_pause(&at, &out->backoff_base_ms) < 0)
        return say_bad_backoff(text);
    if (at != NULL && take_pause(&at, &out->backoff_max_ms) < 0)
        return say_bad_backoff(text);
    return at != NULL ? say_bad_backoff(text) : 0;
}

int put_time_read(const char *text, int64_t *out_unix_ms)
{
    if (units_parse_time(text, out_unix_ms) == 0)
        return 0;
    (void)cli_usage("--at: '%s' is not a time\n"
                    "  write 2030-01-31T08:00:00Z, 2030-01-31T08:00 (local), "
                    "or unix milliseconds (13 digits)",
                    text);
    return -EINVAL;
}

/* "NAME=VALUE" */
static int read_header(const char *text, ringq_header *out, char *name, size_t size)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals == text || (size_t)(equals - text) >= size) {
        (void)cli_usage("--header: '%s' is not NAME=VALUE, with a name of 1 to 64 "
                        "characters",
                        text);
        return -EINVAL;
    }
    (void)snprintf(name, size, "%.*s", (int)(equals - text), text);
    *out = (ringq_header){name, equals + 1, strlen(equals + 1)};
    return 0;
}

static int read_headers(const struct put_words *words, ringq_put_options *out,
                        struct put_headers *headers)
{
    for (size_t i = 0; i < words->headers.count; i++) {
        if (read_header(words->headers.list[i], &headers->list[i], headers->names[i],
                        sizeof headers->names[i]) < 0)
            return -EINVAL;
    }
    out->headers = headers->list;
    out->header_count = words->headers.count;
    return 0;
}

/* What may not be said together. */
static int check(const struct put_words *words)
{
    const char *why = NULL;

    if (words->delay_ms >= 0 && words->at != NULL)
        why = "--delay and --at exclude each other";
    else if (words->room_ms >= 0 && words->no_wait)
        why = "--wait-room and --no-wait exclude each other";
    else if (words->unique == NULL && (words->window_ms > 0 || words->replace))
        why = "--window and --replace go with --unique KEY";
    else if (words->batch != NULL && words->replace)
        why = "--batch and --replace exclude each other";
    if (why == NULL)
        return 0;
    (void)cli_usage("%s", why);
    return -EINVAL;
}

static int64_t given(int64_t value)
{
    return value > 0 ? value : 0;
}

static void read_numbers(const struct put_words *words, ringq_put_options *o)
{
    o->delay_ms = given(words->delay_ms);
    o->ttr_ms = (uint32_t)given(words->ttr_ms);
    o->tries = (uint32_t)given(words->tries);
    o->ttl_ms = given(words->ttl_ms);
    o->keep_ms = given(words->keep_ms);
    o->window_ms = given(words->window_ms);
    o->has_pri = words->pri >= 0;
    o->pri = (uint8_t)given(words->pri);
    o->has_jitter = words->jitter_pct >= 0;
    o->jitter_pct = (uint8_t)given(words->jitter_pct);
}

/* Who pipes into a full queue waits, for as long as it takes. */
static void read_room(const struct put_words *words, ringq_put_options *o)
{
    o->nowait = words->no_wait || words->room_ms == 0;
    o->block_ms = o->nowait ? 0 : words->room_ms > 0 ? words->room_ms : RINGQ_FOREVER;
}

int put_options_read(const struct put_words *words, ringq_put_options *out,
                     struct put_headers *headers)
{
    *out = (ringq_put_options){.size = sizeof *out};
    out->unique = words->unique;
    out->group = words->group;
    out->batch = words->batch;
    out->replace = words->replace;
    out->durable = words->durable;
    read_numbers(words, out);
    read_room(words, out);
    if (check(words) < 0 || read_headers(words, out, headers) < 0)
        return -EINVAL;
    if (words->at != NULL && put_time_read(words->at, &out->at_unix_ms) < 0)
        return -EINVAL;
    return words->backoff == NULL ? 0 : read_backoff(words->backoff, out);
}

static void add_word(struct put_argv *a, const char *word)
{
    a->words[a->count++] = word;
}

static void add_number(struct put_argv *a, int64_t value)
{
    char *text = a->numbers[a->number_count++];

    (void)snprintf(text, sizeof a->numbers[0], "%" PRId64, value);
    add_word(a, text);
}

static void add_option(struct put_argv *a, const char *name, int64_t value)
{
    add_word(a, name);
    add_number(a, value);
}

static const char *word_of(enum ringq_backoff kind)
{
    size_t i = 0;

    while (backoffs[i].kind != kind)
        i++;
    return backoffs[i].word;
}

static void add_policy(struct put_argv *out, const ringq_put_options *options)
{
    if (options->has_pri)
        add_option(out, "PRI", options->pri);
    if (options->ttr_ms > 0)
        add_option(out, "TTR", options->ttr_ms);
    if (options->tries > 0)
        add_option(out, "TRIES", options->tries);
    if (options->backoff_base_ms > 0) {
        add_word(out, "BACKOFF");
        add_word(out, word_of(options->backoff));
        add_number(out, options->backoff_base_ms);
        if (options->backoff_max_ms > 0)
            add_number(out, options->backoff_max_ms);
    }
    if (options->has_jitter)
        add_option(out, "JITTER", options->jitter_pct);
}

static void add_times(struct put_argv *out, const ringq_put_options *options)
{
    if (options->delay_ms > 0)
        add_option(out, "DELAY", options->delay_ms);
    if (options->at_unix_ms > 0)
        add_option(out, "AT", options->at_unix_ms);
    if (options->ttl_ms > 0)
        add_option(out, "TTL", options->ttl_ms);
    if (options->keep_ms > 0)
        add_option(out, "KEEP", options->keep_ms);
}

static void add_room(struct put_argv *out, const ringq_put_options *options)
{
    if (options->durable != NULL) {
        add_word(out, "DURABLE");
        add_word(out, options->durable);
    }
    if (options->block_ms == RINGQ_FOREVER)
        add_option(out, "BLOCK", CLI_WAIT_MAX_MS);
    else if (options->block_ms > 0)
        add_option(out, "BLOCK", options->block_ms);
    if (options->nowait)
        add_word(out, "NOWAIT");
}

static void add_headers(struct put_argv *out, const ringq_put_options *options)
{
    for (size_t i = 0; i < options->header_count; i++) {
        add_word(out, "HEADER");
        add_word(out, options->headers[i].name);
        add_word(out, options->headers[i].value);
    }
}

void put_options_argv(const ringq_put_options *options, struct put_argv *out)
{
    out->count = out->number_count = 0;
    add_times(out, options);
    add_policy(out, options);
    add_room(out, options);
    if (options->group != NULL) {
        add_word(out, "GROUP");
        add_word(out, options->group);
    }
    if (options->batch != NULL) {
        add_word(out, "BATCH");
        add_word(out, options->batch);
    }
    if (options->unique != NULL) {
        add_word(out, "UNIQUE");
        add_word(out, options->unique);
    }
    if (options->window_ms > 0)
        add_option(out, "WINDOW", options->window_ms);
    add_headers(out, options);
}
