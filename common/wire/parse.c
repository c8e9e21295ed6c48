/* parse - the words of a worker's or producer's command become its struct:
 * rq_<command>_parse().
 *
 * To add an option: a field in the struct, a line in the command's table, its default
 * in the function.  What a table cannot say stands in the functions.
 * SPDX-License-Identifier: MIT */
#include "wire/parse.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/name.h"
#include "base/num.h"

int rq_parse_begin(const struct rq_cmd *cmd, enum rq_command_id id,
                   struct rq_words *out, struct rq_complaint *why)
{
    const struct rq_command *c = &rq_commands[id];

    if (!rq_command_arity_fits(c, cmd->argc))
        return rq_complain(why, RQ_E_MALFORMED,
                           "wrong number of arguments; write %s %s", c->name,
                           c->arguments);
    *out = (struct rq_words){cmd->argv + 1, cmd->argv + cmd->argc};
    return 0;
}

int rq_parse_queue(struct rq_slice name, struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    if (rq_name_is_valid(name))
        return 0;
    return rq_complain(why, RQ_E_BADARG,
                       "a queue's name is 1 to %d of A-Z a-z 0-9 . _ -, not '%s'",
                       RQ_NAME_MAX, rq_option_show(name, shown));
}

static bool is_listed(struct rq_slice name, const struct rq_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rq_slice_eq(name, names[i]))
            return true;
    return false;
}

static int check_listed_queue(struct rq_slice name, const struct rq_slice *before,
                              size_t count, struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    int rc = rq_parse_queue(name, why);
    if (rc < 0)
        return rc;
    if (is_listed(name, before, count))
        return rq_complain(why, RQ_E_BADARG, "queue '%s' is named twice",
                           rq_option_show(name, shown));
    if (count == RQ_GET_QUEUES_MAX)
        return rq_complain(why, RQ_E_LIMIT, "more than %d queues in one command",
                           RQ_GET_QUEUES_MAX);
    return 0;
}

/* Takes `queue[,queue...]`.  Shape  queues: RQ_GET_QUEUES_MAX slices */
static int take_queues(struct rq_words *words, struct rq_slice *queues,
                       size_t *out_count, struct rq_complaint *why)
{
    struct rq_slice list = *words->next++;
    struct rq_slice name;
    size_t count = 0;

    if (list.len == 0)
        return rq_parse_queue(list, why);
    while (rq_slice_split(&list, ',', &name)) {
        int rc = check_listed_queue(name, queues, count, why);
        if (rc < 0)
            return rc;
        queues[count++] = name;
    }
    *out_count = count;
    return 0;
}

/* `critical:5`: takes the weight off the name.  0: it has none */
static int take_weight(struct rq_slice *name, uint16_t *out, struct rq_complaint *why)
{
    struct rq_slice rest = *name, first;
    char shown[RQ_SHOWN_MAX];
    int64_t weight = 0;

    *out = 0;
    if (name->len == 0 || memchr(name->ptr, ':', name->len) == NULL)
        return 0;
    rq_ignore(rq_slice_split(&rest, ':', &first));
    if (rq_num_i64(rest, 1, RQ_WEIGHT_MAX, &weight) < 0)
        return rq_complain(why, RQ_E_BADARG,
                           "a weight is 1 to %d, as in critical:5, not '%s'",
                           RQ_WEIGHT_MAX, rq_option_show(*name, shown));
    *name = first;
    *out = (uint16_t)weight;
    return 0;
}

/* Takes `queue[,queue...]`, all of them with a weight or none. */
static int take_weighted_queues(struct rq_words *words, struct rq_get *out,
                                struct rq_complaint *why)
{
    struct rq_slice list = *words->next++;
    struct rq_slice name;
    size_t count = 0;

    if (rq_name_is_valid(list)) { /* as a rule the list is one name */
        out->queues[0] = list;
        out->queue_count = 1;
        return 0;
    }
    if (list.len == 0)
        return rq_parse_queue(list, why);
    while (rq_slice_split(&list, ',', &name)) {
        uint16_t weight;
        int rc = take_weight(&name, &weight, why);

        if (rc == 0)
            rc = check_listed_queue(name, out->queues, count, why);
        if (rc < 0)
            return rc;
        if (count > 0 && (weight > 0) != out->has_weights)
            return rq_complain(why, RQ_E_BADARG,
                               "give all queues a weight, or none for a strict order");
        out->has_weights = weight > 0;
        out->weights[count] = weight;
        out->queues[count++] = name;
    }
    out->queue_count = count;
    return 0;
}

/* Reads FIXED|LINEAR|EXP base_ms [max_ms]; no option's name begins like a number. */
static int read_backoff(struct rq_words *words, void *out, struct rq_complaint *why)
{
    static const char *const shapes[] = {"FIXED", "LINEAR", "EXP"};
    struct rq_put *put = out;
    char shown[RQ_SHOWN_MAX];
    int64_t base, max = RQ_BACKOFF_MAX_DEFAULT_MS;
    int shape = RQ_BACKOFF_FIXED;

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG, "BACKOFF needs FIXED, LINEAR or EXP");
    while (!rq_slice_eq_nocase(*words->next, rq_slice_str(shapes[shape])))
        if (++shape > RQ_BACKOFF_EXP)
            return rq_complain(why, RQ_E_BADARG,
                               "BACKOFF must be FIXED, LINEAR or EXP, not '%s'",
                               rq_option_show(*words->next, shown));
    words->next++;

    int rc = rq_option_number("BACKOFF base", "ms", words, 0, RQ_BACKOFF_LIMIT_MS,
                              &base, why);
    if (rc < 0)
        return rc;
    if (max < base)
        max = base;
    if (words->next < words->end && words->next->len > 0 && words->next->ptr[0] <= '9')
        rc = rq_option_number("BACKOFF max", "ms", words, base, RQ_BACKOFF_LIMIT_MS,
                              &max, why);
    if (rc < 0)
        return rc;
    put->backoff = (enum rq_backoff)shape;
    put->backoff_base_ms = (uint32_t)base;
    put->backoff_max_ms = (uint32_t)max;
    return 0;
}

static bool is_token(struct rq_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || name.ptr[i] == ':')
            return false;
    return name.len > 0 && name.len <= RQ_HEADER_NAME_MAX;
}

/* Reads a name and a value. */
static int read_header(struct rq_words *words, void *out, struct rq_complaint *why)
{
    struct rq_put *put = out;
    char shown[RQ_SHOWN_MAX];

    if (words->end - words->next < 2)
        return rq_complain(why, RQ_E_BADARG, "HEADER needs a name and a value");
    if (put->header_count == RQ_HEADERS_MAX)
        return rq_complain(why, RQ_E_LIMIT, "more than %d headers in one job",
                           RQ_HEADERS_MAX);
    if (!is_token(words->next[0]))
        return rq_complain(
            why, RQ_E_BADARG,
            "a header's name is 1 to %d printable characters without ':' or "
            "spaces, not '%s'",
            RQ_HEADER_NAME_MAX, rq_option_show(words->next[0], shown));
    if (words->next[1].len > RQ_HEADER_VALUE_MAX)
        return rq_complain(why, RQ_E_LIMIT, "a header's value has at most %d bytes",
                           RQ_HEADER_VALUE_MAX);
    put->headers[put->header_count++] =
        (struct rq_header){words->next[0], words->next[1]};
    words->next += 2;
    return 0;
}

static int read_unique(struct rq_words *words, void *out, struct rq_complaint *why)
{
    if (words->next == words->end || words->next->len == 0 ||
        words->next->len > RQ_KEY_MAX)
        return rq_complain(why, RQ_E_BADARG, "UNIQUE needs a key of 1 to %d bytes",
                           RQ_KEY_MAX);
    ((struct rq_put *)out)->unique = *words->next++;
    return 0;
}

static int read_group(struct rq_words *words, void *out, struct rq_complaint *why)
{
    if (words->next == words->end || words->next->len == 0 ||
        words->next->len > RQ_KEY_MAX)
        return rq_complain(why, RQ_E_BADARG, "GROUP needs a key of 1 to %d bytes",
                           RQ_KEY_MAX);
    ((struct rq_put *)out)->group = *words->next++;
    return 0;
}

static int read_batch(struct rq_words *words, void *out, struct rq_complaint *why)
{
    return rq_parse_batch(words, &((struct rq_put *)out)->batch, why);
}

/* replica:N */
static bool is_copies(struct rq_slice word, uint8_t *out)
{
    struct rq_slice name;
    uint64_t count;

    bool has_name = rq_slice_split(&word, ':', &name);
    ASSERT(has_name); /* perhaps an empty one */
    if (word.ptr == NULL || !rq_slice_eq_nocase(name, RQ_LIT("replica")) ||
        rq_num_u64(word, 1, RQ_COPIES_MAX, &count) < 0)
        return false;
    *out = (uint8_t)count;
    return true;
}

static int read_durable(struct rq_words *words, void *out, struct rq_complaint *why)
{
    static const char *const levels[] = {[RQ_DURABLE_MEMORY] = "memory",
                                         [RQ_DURABLE_REDIS] = "redis",
                                         [RQ_DURABLE_EVERYSEC] = "everysec",
                                         [RQ_DURABLE_FSYNC] = "fsync"};
    enum { LEVELS = sizeof levels / sizeof *levels };
    struct rq_put *put = out;
    char shown[RQ_SHOWN_MAX];
    size_t level = RQ_DURABLE_MEMORY;

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG,
                           "DURABLE needs memory, redis, everysec, fsync or replica:N");
    if (is_copies(*words->next, &put->copies)) {
        words->next++;
        put->durable = RQ_DURABLE_REDIS;
        return 0;
    }
    while (level < LEVELS &&
           !rq_slice_eq_nocase(*words->next, rq_slice_str(levels[level])))
        level++;
    if (level == LEVELS)
        return rq_complain(
            why, RQ_E_BADARG,
            "DURABLE must be memory, redis, everysec, fsync or replica:1 to "
            "replica:%d, not '%s'",
            RQ_COPIES_MAX, rq_option_show(*words->next, shown));
    words->next++;
    put->durable = (enum rq_durable)level;
    return 0;
}

static int read_nowait(struct rq_words *words, void *out, struct rq_complaint *why)
{
    (void)words;
    (void)why;
    ((struct rq_put *)out)->block_ms = 0;
    return 0;
}

/* clang-format off */
static const struct rq_option put_options[] = {
    {.name = "DELAY",   I64(rq_put, delay_ms),   MS(0, RQ_DELAY_MAX_MS), .rival = "AT"},
    {.name = "AT",      I64(rq_put, at_unix_ms), MS(0, AT_MAX_MS),       .rival = "DELAY"},
    {.name = "PRI",     U8(rq_put, pri),         RANGE(0, RQ_PRI_MAX)},
    {.name = "TTR",     U32(rq_put, ttr_ms),     MS(RQ_TTR_MIN_MS, RQ_TTR_MAX_MS)},
    {.name = "TTL",     I64(rq_put, ttl_ms),     MS(1, RQ_DELAY_MAX_MS)},
    {.name = "KEEP",    I64(rq_put, keep_ms),    MS(0, RQ_KEEP_MAX_MS)},
    {.name = "TRIES",   U16(rq_put, tries),      RANGE(1, RQ_TRIES_MAX)},
    {.name = "BACKOFF", CALL(read_backoff)},
    {.name = "JITTER",  U8(rq_put, jitter_pct),  RANGE(0, 100)},
    {.name = "UNIQUE",  CALL(read_unique)},
    {.name = "WINDOW",  I64(rq_put, window_ms),  MS(0, RQ_KEEP_MAX_MS)},
    {.name = "REPLACE", FLAG(rq_put, replace)},
    {.name = "GROUP",   CALL(read_group)},
    {.name = "BATCH",   CALL(read_batch)},
    {.name = "HEADER",  CALL(read_header),       .repeats = true},
    {.name = "DURABLE", CALL(read_durable)},
    {.name = "BLOCK",   I64(rq_put, block_ms),   MS(0, RQ_BLOCK_MAX_MS), .rival = "NOWAIT"},
    {.name = "NOWAIT",  CALL(read_nowait),       .rival = "BLOCK"},
    {.name = NULL},
};

static const struct rq_option get_options[] = {
    {.name = "BLOCK", I64(rq_get, block_ms), MS(0, RQ_BLOCK_MAX_MS)},
    {.name = "COUNT", U32(rq_get, count),    RANGE(1, RQ_GET_COUNT_MAX)},
    {.name = "TTR",   U32(rq_get, ttr_ms),   MS(RQ_TTR_MIN_MS, RQ_TTR_MAX_MS)},
    {.name = NULL},
};

static const struct rq_option done_options[] = {
    {.name = "RESULT", BYTES(rq_leases, result)},
    {.name = NULL},
};

static const struct rq_option touch_options[] = {
    {.name = "TTR",      U32(rq_leases, ttr_ms),   MS(RQ_TTR_MIN_MS, RQ_TTR_MAX_MS)},
    {.name = "PROGRESS", I64(rq_leases, progress), RANGE(0, 100)},
    {.name = "NOTE",     BYTES(rq_leases, note)},
    {.name = NULL},
};

static const struct rq_option fail_options[] = {
    {.name = "ERROR", BYTES(rq_fail, error)},
    {.name = "DELAY", I64(rq_fail, delay_ms), MS(0, RQ_DELAY_MAX_MS), .rival = "DEAD"},
    {.name = "DEAD",  FLAG(rq_fail, dead),                            .rival = "DELAY"},
    {.name = NULL},
};

static const struct rq_option release_options[] = {
    {.name = "DELAY", I64(rq_release, delay_ms), MS(0, RQ_DELAY_MAX_MS)},
    {.name = NULL},
};

static const struct rq_option join_options[] = {
    {.name = "BLOCK",  I64(rq_join, block_ms), MS(0, RQ_BLOCK_MAX_MS)},
    {.name = "STRICT", FLAG(rq_join, strict)},
    {.name = "BARRIER", FLAG(rq_join, barrier)},
    {.name = NULL},
};
/* clang-format on */

enum { KEEP_NOT_SAID = -1 };

/* Takes the queue; the rest of *out is what a PUT without options means. */
int rq_parse_put_begin(struct rq_words *words, struct rq_put *out,
                       struct rq_complaint *why)
{
    /* Half a kilobyte of headers stays as it is: header_count says that there are none.
     */
    memset(out, 0, offsetof(struct rq_put, headers));
    out->queue = *words->next++;
    out->at_unix_ms = -1;
    out->pri = RQ_PRI_DEFAULT;
    out->jitter_pct = RQ_JITTER_DEFAULT_PCT;
    out->backoff = RQ_BACKOFF_EXP;
    out->keep_ms = KEEP_NOT_SAID;
    out->block_ms = -1;
    out->backoff_base_ms = RQ_BACKOFF_BASE_DEFAULT_MS;
    out->backoff_max_ms = RQ_BACKOFF_MAX_DEFAULT_MS;
    return rq_parse_queue(out->queue, why);
}

int rq_parse_put_options(struct rq_words *words, const char *stop, struct rq_put *out,
                         struct rq_complaint *why)
{
    int rc = rq_options_read(put_options, words, stop, out, why);

    if (out->at_unix_ms >= 0)
        out->delay_ms = -1;
    else
        out->at_unix_ms = 0;
    if (out->keep_ms == KEEP_NOT_SAID)
        out->keep_ms = out->batch.epoch > 0 ? RQ_KEEP_OF_BATCH_MS : 0;
    if (rc == 0 && out->replace && out->batch.epoch > 0)
        return rq_complain(why, RQ_E_BADARG,
                           "REPLACE changes no batch: leave BATCH or REPLACE out");
    if (rc == 0 && out->unique.len == 0 && (out->window_ms > 0 || out->replace))
        return rq_complain(why, RQ_E_BADARG, "WINDOW and REPLACE go with UNIQUE key");
    return rc;
}

int rq_put_parse(const struct rq_cmd *cmd, struct rq_put *out, struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_PUT, &words, why);

    if (rc == 0)
        rc = rq_parse_put_begin(&words, out, why);
    if (rc < 0)
        return rc;
    out->bodies = words.next++;
    out->body_count = 1;
    return rq_parse_put_options(&words, NULL, out, why);
}

/* Takes n and exactly n bodies, which end the command. */
static int take_bodies(struct rq_words *words, struct rq_put *out,
                       struct rq_complaint *why)
{
    int64_t count;
    int rc =
        rq_option_number("BODIES", NULL, words, 1, RQ_RESP_ELEMENTS_MAX, &count, why);

    if (rc < 0)
        return rc;
    out->bodies = words->next;
    out->body_count = (size_t)(words->end - words->next);
    if (out->body_count != (size_t)count)
        return rq_complain(why, RQ_E_MALFORMED, "BODIES says %d and %zu follow",
                           (int)count, out->body_count);
    return 0;
}

int rq_mput_parse(const struct rq_cmd *cmd, struct rq_put *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_MPUT, &words, why);

    if (rc == 0)
        rc = rq_parse_put_begin(&words, out, why);
    if (rc == 0)
        rc = rq_parse_put_options(&words, "BODIES", out, why);
    if (rc < 0)
        return rc;
    if (words.next == words.end)
        return rq_complain(why, RQ_E_MALFORMED, "MPUT ends with BODIES n body...");
    words.next++;
    if (out->unique.len > 0)
        return rq_complain(why, RQ_E_BADARG, "UNIQUE is for one job: use PUT");
    return take_bodies(&words, out, why);
}

int rq_get_parse(const struct rq_cmd *cmd, struct rq_get *out, struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_GET, &words, why);

    out->has_weights = false;
    if (rc == 0)
        rc = take_weighted_queues(&words, out, why);
    if (rc < 0)
        return rc;
    out->block_ms = -1;
    out->count = 0;
    out->ttr_ms = 0;
    rc = rq_options_read(get_options, &words, NULL, out, why);
    out->has_count = out->count > 0;
    if (!out->has_count)
        out->count = 1;
    return rc;
}

static int take_lease(struct rq_words *words, struct rq_lease *out,
                      struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    if (rq_lease_parse(*words->next, out) < 0)
        return rq_complain(why, RQ_E_BADARG,
                           "a lease looks like 7-1042:3, not like '%s'",
                           rq_option_show(*words->next, shown));
    words->next++;
    return 0;
}

/* Takes the leases that come first. */
static int take_leases(struct rq_words *words, struct rq_leases *out,
                       struct rq_complaint *why)
{
    struct rq_lease other;

    out->words = words->next;
    int rc = take_lease(words, &out->first, why);
    if (rc < 0)
        return rc;
    while (words->next < words->end && rq_lease_parse(*words->next, &other) == 0)
        words->next++;
    out->count = (size_t)(words->next - out->words);
    if (out->count > RQ_LEASES_MAX)
        return rq_complain(why, RQ_E_LIMIT, "more than %d leases in one command",
                           RQ_LEASES_MAX);
    return 0;
}

int rq_done_parse(const struct rq_cmd *cmd, struct rq_leases *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_DONE, &words, why);

    *out = (struct rq_leases){0};
    if (rc == 0)
        rc = take_leases(&words, out, why);
    if (rc < 0)
        return rc;
    out->has_result = words.next < words.end;
    rc = rq_options_read(done_options, &words, NULL, out, why);
    if (rc == 0 && out->has_result && out->count > 1)
        return rq_complain(why, RQ_E_BADARG, "RESULT goes with one lease, not with %zu",
                           out->count);
    return rc;
}

static int check_progress(struct rq_leases *out, struct rq_complaint *why)
{
    if (out->all && out->progress >= 0)
        return rq_complain(why, RQ_E_BADARG,
                           "PROGRESS is of one job, or some: name their leases");
    if (out->note.ptr != NULL && out->progress < 0)
        return rq_complain(why, RQ_E_BADARG, "NOTE goes with PROGRESS 0..100");
    if (out->note.len > RQ_NOTE_MAX)
        out->note.len = RQ_NOTE_MAX;
    return 0;
}

int rq_touch_parse(const struct rq_cmd *cmd, struct rq_leases *out,
                   struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_TOUCH, &words, why);

    *out = (struct rq_leases){.progress = -1};
    if (rc < 0)
        return rc;
    out->all = rq_slice_eq_nocase(*words.next, RQ_LIT("ALL"));
    if (out->all)
        words.next++;
    else
        rc = take_leases(&words, out, why);
    if (rc == 0)
        rc = rq_options_read(touch_options, &words, NULL, out, why);
    return rc < 0 ? rc : check_progress(out, why);
}

int rq_fail_parse(const struct rq_cmd *cmd, struct rq_fail *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_FAIL, &words, why);

    *out = (struct rq_fail){.delay_ms = -1};
    if (rc == 0)
        rc = take_lease(&words, &out->lease, why);
    if (rc == 0)
        rc = rq_options_read(fail_options, &words, NULL, out, why);
    if (out->error.len > RQ_ERROR_TEXT_MAX)
        out->error.len = RQ_ERROR_TEXT_MAX;
    return rc;
}

int rq_release_parse(const struct rq_cmd *cmd, struct rq_release *out,
                     struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_RELEASE, &words, why);

    *out = (struct rq_release){0};
    if (rc == 0)
        rc = take_lease(&words, &out->lease, why);
    if (rc < 0)
        return rc;
    return rq_options_read(release_options, &words, NULL, out, why);
}

/* BATCH and an id; BATCH alone, or with options of JOIN, is the name of a queue. */
static bool names_batch(const struct rq_words *words)
{
    if (words->end - words->next < 2 ||
        !rq_slice_eq_nocase(words->next[0], RQ_LIT("BATCH")))
        return false;
    for (const struct rq_option *o = join_options; o->name != NULL; o++)
        if (rq_slice_eq_nocase(words->next[1], rq_slice_str(o->name)))
            return false;
    return true;
}

int rq_join_parse(const struct rq_cmd *cmd, struct rq_join *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_JOIN, &words, why);

    out->is_batch = false;
    if (rc == 0 && names_batch(&words))
        return rq_parse_join_batch(&words, out, why);
    if (rc == 0)
        rc = take_queues(&words, out->queues, &out->queue_count, why);
    if (rc < 0)
        return rc;
    out->block_ms = -1;
    out->strict = out->barrier = false;
    return rq_options_read(join_options, &words, NULL, out, why);
}
