/* parse_manage - the words of an operator's command, and of WAIT, become its struct.
 * SPDX-License-Identifier: MIT */
#include "wire/parse.h"

#include <errno.h>

#include "base/err.h"
#include "base/name.h"
#include "base/num.h"

static const char *const state_names[] = {"READY", "DELAYED", "LEASED", "DEAD"};

enum { STATE_COUNT = sizeof state_names / sizeof *state_names };

/* Takes one of the states of the set `allowed`; `list` names them. */
static int take_state(struct rq_words *words, unsigned allowed, const char *list,
                      enum rq_state *out, struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG, "STATE needs one of %s", list);
    for (int i = 0; i < STATE_COUNT; i++) {
        if (!(allowed & 1u << i) ||
            !rq_slice_eq_nocase(*words->next, rq_slice_str(state_names[i])))
            continue;
        words->next++;
        *out = (enum rq_state)i;
        return 0;
    }
    return rq_complain(why, RQ_E_BADARG, "STATE must be one of %s, not '%s'", list,
                       rq_option_show(*words->next, shown));
}

static int take_id(struct rq_words *words, struct rq_lease *out,
                   struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG, "an id like 7-1042 is missing");
    if (rq_id_parse(*words->next, out) < 0)
        return rq_complain(why, RQ_E_BADARG, "an id looks like 7-1042, not like '%s'",
                           rq_option_show(*words->next, shown));
    words->next++;
    return 0;
}

/* Takes all words that are left. */
static int take_ids(struct rq_words *words, struct rq_ids *out,
                    struct rq_complaint *why)
{
    struct rq_lease id;
    int rc = 0;

    out->words = words->next;
    do
        rc = take_id(words, &id, why);
    while (rc == 0 && words->next < words->end);
    out->count = (size_t)(words->next - out->words);
    if (rc == 0 && out->count > RQ_IDS_MAX)
        rc =
            rq_complain(why, RQ_E_LIMIT, "more than %d ids in one command", RQ_IDS_MAX);
    return rc;
}

static int take_queue(struct rq_words *words, struct rq_slice *out,
                      struct rq_complaint *why)
{
    *out = *words->next++;
    return rq_parse_queue(*out, why);
}

static int read_kicked(struct rq_words *words, void *out, struct rq_complaint *why)
{
    return take_ids(words, &((struct rq_kick *)out)->ids, why);
}

static int read_purged(struct rq_words *words, void *out, struct rq_complaint *why)
{
    enum rq_state state = RQ_STATE_READY;
    int rc = take_state(words, ~(1u << RQ_STATE_LEASED), "ready, delayed, dead", &state,
                        why);

    if (rc == 0)
        ((struct rq_purge *)out)->states = 1u << state;
    return rc;
}

static int read_peeked(struct rq_words *words, void *out, struct rq_complaint *why)
{
    return take_state(words, ~0u, "ready, delayed, leased, dead",
                      &((struct rq_peek *)out)->state, why);
}

static int read_all(struct rq_words *words, void *out, struct rq_complaint *why)
{
    (void)words;
    (void)out;
    (void)why;
    return 0; /* it is the default */
}

static int read_after(struct rq_words *words, void *out, struct rq_complaint *why)
{
    return take_id(words, &((struct rq_peek *)out)->after, why);
}

/* ---- MATCH: `field:value field:value` ---- */

/* `3`, `>3`, `>=3`, `<3`, `<=3`. */
static int take_range(struct rq_slice text, struct rq_term *out)
{
    uint8_t sign = text.len > 0 ? text.ptr[0] : 0;
    bool is_one_sided = sign == '>' || sign == '<';
    bool has_equal = is_one_sided && text.len > 1 && text.ptr[1] == '=';
    size_t skip = is_one_sided ? 1u + has_equal : 0;
    int64_t v;

    if (rq_num_i64(rq_slice(text.ptr + skip, text.len - skip), 0, INT64_MAX - 1, &v) <
        0)
        return -EINVAL;
    out->low = sign == '<' ? 0 : sign == '>' && !has_equal ? v + 1 : v;
    out->high = sign == '>' ? INT64_MAX : sign == '<' && !has_equal ? v - 1 : v;
    return 0;
}

static int take_value(struct rq_slice value, struct rq_term *out)
{
    out->glob = value;
    switch (out->field) {
    case RQ_TERM_ID:
        return rq_id_parse(value, &out->id);
    case RQ_TERM_ATTEMPT:
    case RQ_TERM_AGE:
        return take_range(value, out);
    case RQ_TERM_ERROR:
    case RQ_TERM_HEADER:
    case RQ_TERM_GROUP:
        break;
    }
    return value.len <= RQ_NAME_MAX ? 0 : -EINVAL;
}

static int take_field(struct rq_slice word, struct rq_term *out)
{
    static const char *const names[] = {"ID",    "ERROR",   "HEADER.",
                                        "GROUP", "ATTEMPT", "AGE"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct rq_slice name = rq_slice_str(names[i]);
        bool is_open = i == RQ_TERM_HEADER; /* the header's name follows */

        if (word.len < name.len || (word.len > name.len && !is_open) ||
            !rq_slice_eq_nocase(rq_slice(word.ptr, name.len), name))
            continue;
        out->field = (enum rq_term_field)i;
        out->name = rq_slice(word.ptr + name.len, word.len - name.len);
        return is_open && (out->name.len == 0 || out->name.len > RQ_NAME_MAX) ? -EINVAL
                                                                              : 0;
    }
    return -EINVAL;
}

static int take_term(struct rq_slice word, struct rq_term *out)
{
    struct rq_slice rest = word, field;

    *out = (struct rq_term){.high = INT64_MAX};
    if (memchr(word.ptr, ':', word.len) == NULL)
        return -EINVAL;
    rq_ignore(rq_slice_split(&rest, ':', &field));
    int rc = take_field(field, out);
    return rc < 0 ? rc : take_value(rest, out);
}

static int read_match(struct rq_words *words, void *out, struct rq_complaint *why)
{
    struct rq_peek *peek = out;
    char shown[RQ_SHOWN_MAX];
    struct rq_slice rest, word;

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG, "MATCH needs terms like error:*timeout*");
    rest = *words->next++;
    while (rq_slice_split(&rest, ' ', &word)) {
        if (word.len == 0)
            continue;
        if (peek->term_count == RQ_TERMS_MAX)
            return rq_complain(why, RQ_E_LIMIT, "MATCH takes at most %d terms",
                               RQ_TERMS_MAX);
        if (take_term(word, &peek->terms[peek->term_count++]) < 0)
            return rq_complain(why, RQ_E_BADARG,
                               "MATCH knows id:7-1 error:*x* header.NAME:x group:x "
                               "attempt:>3 age:>60000, not '%s'",
                               rq_option_show(word, shown));
    }
    return 0;
}

/* clang-format off */
static const struct rq_option kick_options[] = {
    {.name = "COUNT", I64(rq_kick, count), RANGE(1, INT64_MAX), .rival = "ID"},
    {.name = "ID",    CALL(read_kicked),                        .rival = "COUNT"},
    {.name = NULL},
};

static const struct rq_option purge_options[] = {
    {.name = "STATE", CALL(read_purged)},
    {.name = NULL},
};

static const struct rq_option peek_options[] = {
    {.name = "STATE", CALL(read_peeked)},
    {.name = "COUNT", U32(rq_peek, count), RANGE(1, RQ_PEEK_COUNT_MAX)},
    {.name = "AFTER", CALL(read_after)},
    {.name = "MATCH", CALL(read_match)},
    {.name = NULL},
};

static const struct rq_option reschedule_options[] = {
    {.name = "DELAY", I64(rq_reschedule, delay_ms),   MS(0, RQ_DELAY_MAX_MS), .rival = "AT"},
    {.name = "AT",    I64(rq_reschedule, at_unix_ms), MS(0, AT_MAX_MS),       .rival = "DELAY"},
    {.name = NULL},
};
/* clang-format on */

/* ---- WAIT ---- */

/* clang-format off */
static const struct rq_option wait_options[] = {
    {.name = "ANY",   FLAG(rq_wait, any),     .rival = "ALL"},
    {.name = "ALL",   CALL(read_all),         .rival = "ANY"},
    {.name = "BLOCK", I64(rq_wait, block_ms), MS(0, RQ_BLOCK_MAX_MS)},
    {.name = NULL},
};
/* clang-format on */

static bool is_twice(const struct rq_ids *ids, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (rq_slice_eq(ids->words[i], ids->words[at]))
            return true;
    return false;
}

/* Takes the ids that come first, each of them once. */
static int take_waited(struct rq_words *words, struct rq_ids *out,
                       struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];
    struct rq_lease id;
    int rc = 0;

    out->words = words->next;
    out->count = 0;
    do {
        rc = take_id(words, &id, why);
        if (rc == 0 && is_twice(out, out->count++))
            rc = rq_complain(why, RQ_E_BADARG, "id '%s' is named twice",
                             rq_option_show(words->next[-1], shown));
        if (rc == 0 && out->count > RQ_WAIT_IDS_MAX)
            rc = rq_complain(why, RQ_E_LIMIT, "more than %d ids in one command",
                             RQ_WAIT_IDS_MAX);
    } while (rc == 0 && words->next < words->end &&
             rq_id_parse(*words->next, &id) == 0);
    return rc;
}

int rq_wait_parse(const struct rq_cmd *cmd, struct rq_wait *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_WAIT, &words, why);

    *out = (struct rq_wait){.block_ms = -1};
    if (rc == 0)
        rc = take_waited(&words, &out->ids, why);
    return rc < 0 ? rc : rq_options_read(wait_options, &words, NULL, out, why);
}

/* ---- QUEUE SET ---- */

static int read_order(struct rq_words *words, void *out, struct rq_complaint *why)
{
    static const char *const names[] = {"FIFO", "LIFO"};

    for (int i = 0; i < 2 && words->next < words->end; i++) {
        if (!rq_slice_eq_nocase(*words->next, rq_slice_str(names[i])))
            continue;
        words->next++;
        ((struct rq_queue_set *)out)->order = i;
        return 0;
    }
    return rq_complain(why, RQ_E_BADARG, "ORDER must be FIFO or LIFO");
}

/* `100/s`, or just `100`. */
static int read_rate(struct rq_words *words, void *out, struct rq_complaint *why)
{
    struct rq_slice word = words->next < words->end ? *words->next : RQ_LIT("");
    bool has_unit = word.len > 2 && word.ptr[word.len - 2] == '/' &&
                    (word.ptr[word.len - 1] | 0x20) == 's';

    if (rq_num_i64(rq_slice(word.ptr, word.len - (has_unit ? 2 : 0)), 0, RQ_RATE_MAX,
                   &((struct rq_queue_set *)out)->rate) < 0)
        return rq_complain(why, RQ_E_BADARG, "RATE must be like 100/s, at most %d/s",
                           RQ_RATE_MAX);
    words->next++;
    return 0;
}

/* clang-format off */
static const struct rq_option queue_options[] = {
    {.name = "MAXSIZE",     I64(rq_queue_set, maxsize),     RANGE(0, INT64_MAX)},
    {.name = "ORDER",       CALL(read_order)},
    {.name = "TTR",         I64(rq_queue_set, ttr_ms),      MS(RQ_TTR_MIN_MS, RQ_TTR_MAX_MS)},
    {.name = "TRIES",       I64(rq_queue_set, tries),       RANGE(1, RQ_TRIES_MAX)},
    {.name = "RATE",        CALL(read_rate)},
    {.name = "CONCURRENCY", I64(rq_queue_set, concurrency), RANGE(0, UINT32_MAX)},
    {.name = "GROUPLIMIT",  I64(rq_queue_set, grouplimit),  RANGE(0, UINT32_MAX)},
    {.name = "DEADMAX",     I64(rq_queue_set, deadmax),     RANGE(0, INT64_MAX)},
    {.name = "OPEN",        FLAG(rq_queue_set, open)},
    {.name = NULL},
};
/* clang-format on */

int rq_queue_set_parse(const struct rq_cmd *cmd, struct rq_queue_set *out,
                       struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_QUEUE, &words, why);

    *out = (struct rq_queue_set){.maxsize = -1,
                                 .deadmax = -1,
                                 .ttr_ms = -1,
                                 .tries = -1,
                                 .rate = -1,
                                 .concurrency = -1,
                                 .grouplimit = -1,
                                 .order = -1};
    if (rc == 0 && !rq_slice_eq_nocase(*words.next++, RQ_LIT("SET")))
        rc = rq_complain(why, RQ_E_BADARG, "write QUEUE SET queue MAXSIZE n ...");
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(queue_options, &words, NULL, out, why);
}

/* ---- PAUSE, SHUTDOWN ---- */

/* clang-format off */
static const struct rq_option pause_options[] = {
    {.name = "IN",  FLAG(rq_pause, in),  .rival = "OUT"},
    {.name = "OUT", FLAG(rq_pause, out), .rival = "IN"},
    {.name = NULL},
};

static const struct rq_option shutdown_options[] = {
    {.name = "IMMEDIATE", FLAG(rq_shutdown, immediate)},
    {.name = NULL},
};
/* clang-format on */

int rq_pause_parse(const struct rq_cmd *cmd, struct rq_pause *out,
                   struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_PAUSE, &words, why);

    *out = (struct rq_pause){0};
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    if (rc == 0)
        rc = rq_options_read(pause_options, &words, NULL, out, why);
    if (!out->in && !out->out)
        out->in = out->out = true;
    return rc;
}

int rq_shutdown_parse(const struct rq_cmd *cmd, struct rq_shutdown *out,
                      struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_SHUTDOWN, &words, why);

    *out = (struct rq_shutdown){0};
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(shutdown_options, &words, NULL, out, why);
}

/* ---- jobs ---- */

int rq_kick_parse(const struct rq_cmd *cmd, struct rq_kick *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_KICK, &words, why);

    *out = (struct rq_kick){.count = INT64_MAX};
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(kick_options, &words, NULL, out, why);
}

int rq_cancel_parse(const struct rq_cmd *cmd, struct rq_ids *out,
                    struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_CANCEL, &words, why);

    return rc < 0 ? rc : take_ids(&words, out, why);
}

int rq_purge_parse(const struct rq_cmd *cmd, struct rq_purge *out,
                   struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_PURGE, &words, why);

    *out = (struct rq_purge){.states = 1u << RQ_STATE_READY | 1u << RQ_STATE_DELAYED};
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(purge_options, &words, NULL, out, why);
}

int rq_peek_parse(const struct rq_cmd *cmd, struct rq_peek *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_PEEK, &words, why);

    *out = (struct rq_peek){.state = RQ_STATE_READY, .count = 1};
    if (rc == 0)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(peek_options, &words, NULL, out, why);
}

/* clang-format off */
static const struct rq_option watch_options[] = {
    {.name = "EVERY", I64(rq_watch, every_ms), MS(RQ_WATCH_MIN_MS, RQ_WATCH_MAX_MS)},
    {.name = NULL},
};
/* clang-format on */

/* `WATCH EVERY 500` watches the server: a queue of that name needs both words. */
int rq_watch_parse(const struct rq_cmd *cmd, struct rq_watch *out,
                   struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_WATCH, &words, why);

    *out = (struct rq_watch){.queue = RQ_LIT(""), .every_ms = 1000};
    if (rc == 0 && words.end - words.next != 0 && words.end - words.next != 2)
        rc = take_queue(&words, &out->queue, why);
    return rc < 0 ? rc : rq_options_read(watch_options, &words, NULL, out, why);
}

int rq_reschedule_parse(const struct rq_cmd *cmd, struct rq_reschedule *out,
                        struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_RESCHEDULE, &words, why);

    *out = (struct rq_reschedule){.delay_ms = -1};
    if (rc == 0)
        rc = take_id(&words, &out->id, why);
    return rc < 0 ? rc : rq_options_read(reschedule_options, &words, NULL, out, why);
}

int rq_requeue_parse(const struct rq_cmd *cmd, struct rq_requeue *out,
                     struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_REQUEUE, &words, why);

    if (rc == 0)
        rc = take_id(&words, &out->id, why);
    return rc < 0 ? rc : take_queue(&words, &out->queue, why);
}
