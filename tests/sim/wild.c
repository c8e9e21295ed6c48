/* wild - commands made from the table of commands; see wild.h.
 *
 * What the table says of arguments is read as a grammar: words in capitals are said as
 * they are, other words stand for values, what is in brackets may be left out.
 * SPDX-License-Identifier: MIT */
#include "sim/wild.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "sim/world.h"
#include "wire/command.h"
#include "wire/reply.h"

enum { WORDS_MAX = 32, TEXT_MAX = 900, TOKEN = 48 };

/* A command that is being made; what it says stands in `text`. */
struct making {
    struct world *world;
    const struct wild_ids *ids;
    struct rq_slice words[WORDS_MAX];
    size_t count;
    char text[TEXT_MAX];
    size_t len;
};

static size_t pick(struct world *w, size_t count)
{
    return (size_t)world_between(w, 0, (int64_t)count - 1);
}

static void say(struct making *m, const char *word)
{
    size_t len = strlen(word);

    if (m->count == WORDS_MAX || m->len + len > TEXT_MAX)
        return;
    if (len > 0)
        memcpy(m->text + m->len, word, len);
    m->words[m->count++] = rq_slice(m->text + m->len, len);
    m->len += len;
}

/* ---- values ---- */

static const char *some_queue(struct world *w)
{
    static const char *const queues[] = {"wild",       "woods",          "wild",
                                         "wild,woods", "wild:3,woods:1", "no queue"};

    return queues[pick(w, world_one_in(w, 4) ? 6 : 3)];
}

static void say_number(struct making *m)
{
    static const char *const odd[] = {"0",
                                      "-1",
                                      "255",
                                      "256",
                                      "65536",
                                      "4294967296",
                                      "9223372036854775808",
                                      "1x",
                                      "",
                                      "+1",
                                      "1e3",
                                      "01",
                                      "18446744073709551616",
                                      "0.5"};
    char text[24];

    if (world_one_in(m->world, 4)) {
        say(m, odd[pick(m->world, sizeof odd / sizeof odd[0])]);
        return;
    }
    int64_t limit = world_one_in(m->world, 2) ? 5 : 250;
    snprintf(text, sizeof text, "%lld", (long long)world_between(m->world, 1, limit));
    say(m, text);
}

static void say_text(struct making *m)
{
    static const char some[] = "of a wild client, and of no use to anybody at all";
    char text[sizeof some];
    size_t len = pick(m->world, sizeof some);

    memcpy(text, some, len);
    text[len] = '\0';
    say(m, text);
}

static void say_id(struct making *m)
{
    size_t known = m->ids->count < WILD_IDS ? m->ids->count : WILD_IDS;

    if (known == 0 || world_one_in(m->world, 8))
        say(m, world_one_in(m->world, 2) ? "0-0" : "no id");
    else
        say(m, m->ids->text[pick(m->world, known)]);
}

static void say_value(struct making *m, const char *what)
{
    static const char *const specs[] = {"@every 1s", "* * * * *", "@every 100ms",
                                        "61 * * * *", "@hourly"};

    if (strncmp(what, "queue", 5) == 0 || strcmp(what, "pattern") == 0)
        say(m, some_queue(m->world));
    else if (strcmp(what, "id") == 0 || strcmp(what, "lease") == 0)
        say_id(m);
    else if (strcmp(what, "spec") == 0)
        say(m, specs[pick(m->world, 5)]);
    else if (strcmp(what, "zone") == 0)
        say(m, world_one_in(m->world, 4) ? "Nowhere/Land" : "UTC");
    else if (strstr(what, "ms") != NULL || strcmp(what, "n") == 0 ||
             strcmp(what, "pct") == 0 || strcmp(what, "n/s") == 0 ||
             isdigit((unsigned char)what[0]))
        say_number(m);
    else if (strcmp(what, "name") == 0 || strcmp(what, "key") == 0)
        say(m, world_one_in(m->world, 2) ? "one" : "two");
    else
        say_text(m);
}

/* ---- the grammar ---- */

/* One of the words that bars part. */
static void say_choice(struct making *m, char *token)
{
    char *chosen = token, *bar = token;
    size_t choices = 1;

    while ((bar = strchr(bar, '|')) != NULL) {
        *bar++ = '\0';
        choices++;
    }
    for (size_t n = pick(m->world, choices); n > 0; n--)
        chosen += strlen(chosen) + 1;
    if (isupper((unsigned char)chosen[0]) || choices > 1)
        say(m, chosen);
    else
        say_value(m, chosen);
}

/* Takes the brackets off.  Returns  how many end with it */
static size_t trim(char *token, size_t *out_begin)
{
    size_t begin = strspn(token, "["), end = 0, len;
    char *more;

    memmove(token, token + begin, strlen(token + begin) + 1);
    more = strchr(token, '[');
    if (more != NULL)
        *more = '\0'; /* "queue[,queue...]" */
    len = strlen(token);
    while (len > 0 && (token[len - 1] == ']' || token[len - 1] == '.')) {
        end += token[len - 1] == ']';
        token[--len] = '\0';
    }
    *out_begin = begin;
    return end;
}

static void say_arguments(struct making *m, const char *grammar)
{
    struct rq_slice rest = rq_slice_str(grammar), word;
    size_t depth = 0, left_out = SIZE_MAX; /* what stands so deep, or deeper */

    while (rq_slice_split(&rest, ' ', &word)) {
        char token[TOKEN];
        size_t begin, end;

        ASSERT(word.len < TOKEN);
        memcpy(token, word.ptr, word.len);
        token[word.len] = '\0';
        end = trim(token, &begin);
        depth += begin;
        if (left_out > depth && begin > 0 && !world_one_in(m->world, 3))
            left_out = depth;
        if (left_out > depth && strcmp(token, "|") == 0 && !world_one_in(m->world, 6))
            left_out = depth;
        else if (left_out > depth && token[0] != '\0')
            say_choice(m, token);
        depth -= end;
        if (left_out != SIZE_MAX && depth < left_out)
            left_out = SIZE_MAX;
    }
}

/* ---- commands ---- */

/* A BLOCK behind MPUT's bodies may be a body, and then it waits for ever. */
static bool has_one_reply(enum rq_command_id id)
{
    return id != RQ_COMMAND_MPUT && id != RQ_COMMAND_QUIT && id != RQ_COMMAND_WATCH &&
           id != RQ_COMMAND_EVENTS;
}

static void append_line(const struct making *m, struct rq_buf *out)
{
    for (size_t i = 0; i < m->count; i++) {
        struct rq_slice word = m->words[i];
        bool is_quoted = word.len == 0 || memchr(word.ptr, ' ', word.len) != NULL;

        rq_ignore(rq_buf_printf(out, is_quoted ? "%s'%.*s'" : "%s%.*s",
                                i > 0 ? " " : "", (int)word.len,
                                (const char *)word.ptr));
    }
    rq_ignore(rq_buf_append(out, "\r\n", 2));
}

bool wild_command(struct world *w, const struct wild_ids *ids, struct rq_buf *out)
{
    struct making m = {.world = w, .ids = ids};
    const struct rq_command *c = &rq_commands[pick(w, RQ_COMMAND_COUNT)];

    if (world_one_in(w, 3)) /* the way of most commands */
        c = &rq_commands[world_one_in(w, 2) ? RQ_COMMAND_PUT : RQ_COMMAND_GET];
    say(&m, c->name);
    say_arguments(&m, c->arguments);
    if ((c->flags & RQ_CMD_BLOCK) != 0) { /* said twice it is refused */
        say(&m, "BLOCK");
        say(&m, "20");
    }
    if (world_one_in(w, 12))
        say_text(&m); /* a word too many */
    if (world_one_in(w, 5))
        append_line(&m, out);
    else
        rq_ignore(rq_reply_command(out, m.count, m.words));
    return has_one_reply(c->id);
}

/* ---- damage ---- */

static void overwrite(struct world *w, struct rq_buf *out)
{
    static const char odd[] = "\r\n*$:+-0123456789 ,'\"\0\xff";
    size_t at = pick(w, out->len);

    out->ptr[out->start + at] =
        (uint8_t)(world_one_in(w, 2) ? odd[pick(w, sizeof odd - 1)]
                                     : (char)world_between(w, 0, 255));
}

void wild_damage(struct world *w, struct rq_buf *out)
{
    for (size_t n = 1 + pick(w, 3); n > 0 && out->len > 1; n--) {
        size_t at = pick(w, out->len);

        switch (pick(w, 4)) {
        case 0:
            out->len = at > 0 ? at : 1;
            break;
        case 1: {
            uint8_t *from = out->ptr + out->start + at;

            memmove(from, from + 1, out->len - at - 1);
            out->len--;
            break;
        }
        default:
            overwrite(w, out);
            break;
        }
    }
}

void wild_noise(struct world *w, struct rq_buf *out)
{
    for (size_t n = 1 + pick(w, 60); n > 0; n--) {
        uint8_t byte = (uint8_t)world_between(w, 0, 255);

        rq_ignore(rq_buf_append(out, &byte, 1));
    }
}

/* An id has a '-' behind a digit.  An inline command may spell with '\'. */
static uint8_t tame(const uint8_t *all, size_t at)
{
    uint8_t byte = all[at];

    if (byte == '\\')
        return '/';
    if (byte == '-' && at > 0 && isdigit(all[at - 1]))
        return '_';
    for (size_t i = 0; i < WORLD_QUEUES_MAX; i++) {
        size_t len = strlen(world_queues[i]);

        if (at + 1 >= len && memcmp(all + at + 1 - len, world_queues[i], len) == 0)
            return '_';
    }
    return byte;
}

void wild_tame(struct rq_buf *out)
{
    uint8_t *all = out->ptr + out->start;

    for (size_t at = 0; at < out->len; at++)
        all[at] = tame(all, at);
}

void wild_learn(struct wild_ids *ids, struct rq_slice word)
{
    struct rq_lease id;

    if (word.len >= WILD_ID ||
        (rq_id_parse(word, &id) < 0 && rq_lease_parse(word, &id) < 0))
        return;
    snprintf(ids->text[ids->count++ % WILD_IDS], WILD_ID, "%.*s", (int)word.len,
             (const char *)word.ptr);
}
