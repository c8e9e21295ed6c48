/* redis - a simulated Redis; see redis.h.
 * SPDX-License-Identifier: MIT */
#include "sim/redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "sim/hash.h"
#include "sim/world.h"

enum { FRAME_MAX = 64 << 20, ROOM = 8 << 20, ARGS_MAX = 1024 };

struct link_in {
    struct redis *redis;
    rio_stream *stream;
    struct rq_resp_reader reader;
    struct rq_buf in, out;
    struct rq_resp_writer w;
    uint64_t generation;
};

/* ---- commands ---- */

static void write_id(struct rq_resp_writer *w, struct entry_id id)
{
    char text[ENTRY_TEXT];

    rq_resp_bulk(w, rq_slice(text, entry_format(id, text)));
}

static bool is_word(struct rq_slice s, const char *word)
{
    return rq_slice_eq(s, rq_slice_str(word));
}

/* XADD key [NOMKSTREAM] [MINID ~ low] id field value */
static void run_xadd(struct redis *r, const struct rq_slice *argv, size_t argc,
                     struct rq_resp_writer *w)
{
    struct key *key = keys_find(&r->keys, argv[1]);
    struct entry_id id, low = {0, 0};
    size_t at = 2;

    if (is_word(argv[at], "NOMKSTREAM")) {
        at++;
        if (key == NULL) {
            rq_resp_null(w);
            return;
        }
    }
    if (is_word(argv[at], "MINID") && argc > at + 3 &&
        entry_parse(argv[at + 2], &low) == 0)
        at += 3;
    if (argc != at + 3 || entry_parse(argv[at], &id) < 0) {
        rq_resp_error(w, "ERR", "wrong number of arguments for 'xadd' command");
        return;
    }
    int rc = key != NULL ? 0 : keys_need(&r->keys, argv[1], &key);
    if (rc == 0)
        rc = keys_add(key, id, argv[at + 1], argv[at + 2]);
    if (rc < 0) {
        rq_resp_error(w, "ERR",
                      rc == -ESTALE
                          ? "The ID specified in XADD is equal or smaller than "
                            "the target stream top item"
                          : "no memory");
        return;
    }
    if (entry_compare(low, key->low) > 0 && world_one_in(r->world, 4))
        key->low = low; /* "~": when it is worth it */
    write_id(w, id);
}

/* A bound of XRANGE: id or (id. */
static bool parse_bound(struct rq_slice text, struct entry_id *out, bool *out_open)
{
    *out_open = text.len > 0 && text.ptr[0] == '(';
    if (*out_open)
        text = rq_slice(text.ptr + 1, text.len - 1);
    return entry_parse(text, out) == 0;
}

/* XRANGE key from to [COUNT n] */
static void run_xrange(struct redis *r, const struct rq_slice *argv, size_t argc,
                       struct rq_resp_writer *w)
{
    const struct key *key = keys_find(&r->keys, argv[1]);
    struct entry_id from, to;
    bool after, before;
    uint64_t max = UINT64_MAX;
    size_t first = 0, n = 0;

    if (argc < 4 || !parse_bound(argv[2], &from, &after) ||
        !parse_bound(argv[3], &to, &before) ||
        (argc == 6 && rq_num_u64(argv[5], 1, UINT64_MAX, &max) < 0)) {
        rq_resp_error(w, "ERR", "syntax error");
        return;
    }
    size_t count = key == NULL ? 0 : key->count;
    while (first < count &&
           entry_compare(key->entries[first].id, from) < (after ? 1 : 0))
        first++;
    while (n < max && first + n < count &&
           entry_compare(key->entries[first + n].id, to) < (before ? 0 : 1))
        n++;
    rq_resp_array(w, n);
    for (size_t i = first; i < first + n; i++) {
        const struct keys_entry *e = &key->entries[i];

        rq_resp_array(w, 2);
        write_id(w, e->id);
        rq_resp_array(w, 2);
        rq_resp_bulk(w, rq_slice(e->bytes, e->field_len));
        rq_resp_bulk(w, rq_slice(e->bytes + e->field_len, e->value_len));
    }
}

static void run_xinfo(struct redis *r, struct rq_slice name, struct rq_resp_writer *w)
{
    const struct key *key = keys_find(&r->keys, name);

    if (key == NULL) {
        rq_resp_error(w, "ERR", "no such key");
        return;
    }
    rq_resp_array(w, 4);
    rq_resp_bulk_str(w, "length");
    rq_resp_int(w, (int64_t)key->count);
    rq_resp_bulk_str(w, "last-generated-id");
    write_id(w, key->last);
}

static void run_set(struct redis *r, const struct rq_slice *argv,
                    struct rq_resp_writer *w)
{
    struct key *key;

    if (argv[2].len >= KEYS_TEXT || keys_need(&r->keys, argv[1], &key) < 0) {
        rq_resp_error(w, "ERR", "no memory");
        return;
    }
    memset(key->text, 0, sizeof key->text);
    memcpy(key->text, argv[2].ptr, argv[2].len);
    rq_resp_simple(w, "OK");
}

static void run_config(struct rq_resp_writer *w)
{
    static const char *const values[] = {
        "appendonly", "yes", "appendfsync", "always", "no-appendfsync-on-rewrite",
        "no"};

    rq_resp_array(w, 6);
    for (size_t i = 0; i < 6; i++)
        rq_resp_bulk_str(w, values[i]);
}

static void run_on_key(struct redis *r, const struct rq_slice *argv, size_t argc,
                       struct rq_resp_writer *w)
{
    struct key *key = keys_find(&r->keys, argv[1]);

    if (is_word(argv[0], "GET") && key == NULL) {
        rq_resp_null(w);
    } else if (is_word(argv[0], "GET")) {
        rq_resp_bulk_str(w, key->text);
    } else if (is_word(argv[0], "PEXPIRE")) {
        rq_resp_int(w, key != NULL);
    } else if (is_word(argv[0], "XTRIM") && argc == 4) {
        rq_resp_int(w, key != NULL ? (int64_t)key->count : 0);
        if (key != NULL)
            keys_trim_all(key);
    } else if (is_word(argv[0], "UNLINK")) {
        rq_resp_int(w, key != NULL);
        if (key != NULL)
            keys_remove(key);
    } else {
        rq_resp_error(w, "ERR", "unknown command");
    }
}

static void run(struct redis *r, const struct rq_slice *argv, size_t argc,
                struct rq_resp_writer *w)
{
    if (is_word(argv[0], "INFO"))
        rq_resp_bulk_str(w, "redis_version:7.0.15\r\nrole:master\r\n"
                            "maxmemory_policy:noeviction\r\n");
    else if (is_word(argv[0], "CONFIG"))
        run_config(w);
    else if (is_word(argv[0], "CLIENT"))
        rq_resp_simple(w, "OK");
    else if (is_word(argv[0], "XADD") && argc >= 5)
        run_xadd(r, argv, argc, w);
    else if (is_word(argv[0], "XRANGE"))
        run_xrange(r, argv, argc, w);
    else if (is_word(argv[0], "XINFO") && argc == 3)
        run_xinfo(r, argv[2], w);
    else if (is_word(argv[0], "SET") && argc == 3)
        run_set(r, argv, w);
    else if (sim_hash_run(&r->keys, argv, argc, w))
        return;
    else if (argc >= 2)
        run_on_key(r, argv, argc, w);
    else
        rq_resp_error(w, "ERR", "unknown command");
}

/* EVAL script 1 key command argument...: the script runs the command on the key. */
static void run_script(struct redis *r, const struct rq_cmd *cmd,
                       struct rq_resp_writer *w)
{
    static struct rq_slice argv[ARGS_MAX]; /* nothing suspends meanwhile */
    size_t argc = cmd->argc - 3;

    if (cmd->argc < 6 || argc > ARGS_MAX) {
        rq_resp_error(w, "ERR", "wrong number of arguments");
        return;
    }
    argv[0] = cmd->argv[4];
    argv[1] = cmd->argv[3];
    for (size_t i = 2; i < argc; i++)
        argv[i] = cmd->argv[i + 3];
    run(r, argv, argc, w);
}

/* ---- faults ---- */

enum mishap { NONE, CUT_BEFORE, CUT_AFTER, SLOW, HANG };

static bool is_write(const struct rq_cmd *cmd)
{
    return is_word(cmd->argv[0], "XADD") || is_word(cmd->argv[0], "EVAL") ||
           is_word(cmd->argv[0], "SET") || is_word(cmd->argv[0], "HSET") ||
           is_word(cmd->argv[0], "HDEL");
}

static enum mishap draw_mishap(struct redis *r, const struct rq_cmd *cmd)
{
    struct world *w = r->world;

    if (w->is_calm)
        return NONE;
    if (r->is_aimed && is_write(cmd)) {
        r->is_aimed = false;
        return world_one_in(w, 2) ? SLOW : world_one_in(w, 2) ? CUT_BEFORE : CUT_AFTER;
    }
    if (r->is_held && is_write(cmd)) {
        r->is_held = false;
        return SLOW;
    }
    if (!world_one_in(w, 150))
        return NONE;
    switch (world_between(w, 0, 4)) {
    case 0:
        r->full_until_ns = rio_now() + world_between(w, 1, 100) * RIO_MS;
        return NONE;
    case 1:
        r->readonly_until_ns = rio_now() + world_between(w, 1, 100) * RIO_MS;
        return NONE;
    case 2:
        return HANG;
    case 3:
        return CUT_BEFORE;
    default:
        return CUT_AFTER;
    }
}

/* An error reply that stands for the state we are in; false: none. */
static bool refuse(const struct redis *r, const struct rq_cmd *cmd,
                   struct rq_resp_writer *w)
{
    int64_t now = rio_now();

    if (r->world->is_calm)
        return false;
    if (now < r->loading_until_ns)
        rq_resp_error(w, "LOADING", "Redis is loading the dataset in memory");
    else if (is_write(cmd) && now < r->readonly_until_ns)
        rq_resp_error(w, "READONLY", "You can't write against a read only replica.");
    else if (is_write(cmd) && !is_word(cmd->argv[0], "EVAL") &&
             !is_word(cmd->argv[0], "HDEL") && now < r->full_until_ns)
        rq_resp_error(w, "OOM", "command not allowed when used memory > 'maxmemory'.");
    else
        return false;
    return true;
}

/* ---- a connection ---- */

static bool is_gone(const struct link_in *l)
{
    return l->generation != l->redis->generation;
}

RIO_AWAITS static int pause_for(struct redis *r, int64_t min_us, int64_t max_us)
{
    return await(rio_sleep(world_between(r->world, min_us, max_us) * 1000));
}

/* Executes one command and writes its reply.
 * Errors  -ECONNRESET  the connection has ended, with the command executed or not */
RIO_AWAITS static long execute(struct link_in *l, const struct rq_cmd *cmd)
{
    struct redis *r = l->redis;
    enum mishap mishap = draw_mishap(r, cmd);
    bool writes = is_write(cmd);

    world_trace(r->world, "redis %.*s%s", (int)cmd->argv[0].len,
                (const char *)cmd->argv[0].ptr, mishap != NONE ? " with a mishap" : "");
    if (mishap == SLOW)
        RIO_TRY(await(pause_for(r, 10000, 150000)));
    if (mishap == HANG) /* longer than the store waits */
        RIO_TRY(await(rio_sleep(world_between(r->world, 100, 1500) * RIO_MS)));
    if (is_gone(l) || mishap == CUT_BEFORE)
        return -ECONNRESET;
    rq_buf_clear(&l->out);
    if (!refuse(r, cmd, &l->w)) {
        if (is_word(cmd->argv[0], "EVAL"))
            run_script(r, cmd, &l->w);
        else
            run(r, cmd->argv, cmd->argc, &l->w);
        if (writes) {
            RIO_TRY(await(pause_for(r, 20, world_one_in(r->world, 8) ? 20000 : 800)));
            if (is_gone(l))
                return -ECONNRESET;
            keys_sync(&r->keys);
            r->commits++;
        }
    }
    if (mishap == CUT_AFTER)
        return -ECONNRESET;
    return rio_stream_write(l->stream, l->out.ptr + l->out.start, l->out.len);
}

/* What has come moves into our own buffer: the stream's may move while a command waits.
 */
RIO_AWAITS static long take_more(struct link_in *l)
{
    const void *bytes;
    ssize_t more = await(rio_stream_fill(l->stream));

    if (more <= 0)
        return more;
    size_t len = rio_stream_peek(l->stream, &bytes);
    int rc = rq_buf_append(&l->in, bytes, len);
    if (rc < 0)
        return rc;
    rio_stream_consume(l->stream, len);
    return (long)len;
}

RIO_AWAITS static long serve(struct link_in *l)
{
    for (;;) {
        struct rq_cmd cmd;
        long n =
            l->in.len == 0 ? 0 : rq_resp_read(&l->reader, rq_buf_slice(&l->in), &cmd);

        if (n < 0)
            return n;
        if (n == 0) {
            long more = await(take_more(l));
            if (more <= 0)
                return more;
            continue;
        }
        long rc = await(execute(l, &cmd));
        if (rc < 0)
            return rc;
        rq_buf_consume(&l->in, (size_t)n);
    }
}

static long on_link(rio_stream *stream, void *arg)
{
    struct redis *r = arg;
    struct link_in *l = calloc(1, sizeof *l);
    size_t place = 0;

    while (place < REDIS_LINKS && r->open[place] != NULL)
        place++;
    if (l == NULL || place == REDIS_LINKS) {
        free(l);
        return -ENOMEM;
    }
    r->open[place] = stream;
    rio_stream_set_limits(stream, ROOM, ROOM);
    l->redis = r;
    l->stream = stream;
    l->generation = r->generation;
    rq_resp_reader_init(&l->reader, FRAME_MAX, FRAME_MAX);
    rq_buf_init(&l->in, FRAME_MAX);
    rq_buf_init(&l->out, FRAME_MAX);
    l->w = (struct rq_resp_writer){.out = &l->out, .protocol = 2};
    long rc = await(serve(l));
    if (rc < 0)
        rio_stream_abort(stream);
    r->open[place] = NULL;
    rq_resp_reader_fini(&l->reader);
    rq_buf_fini(&l->in);
    rq_buf_fini(&l->out);
    free(l);
    return 0;
}

/* ---- life ---- */

int sim_redis_start(struct redis *r, struct world *w, const char *url)
{
    memset(r, 0, sizeof *r);
    r->world = w;
    return await(rio_start_server(on_link, r, url, "", &r->server));
}

void redis_cut(struct redis *r)
{
    r->generation++;
    for (size_t i = 0; i < REDIS_LINKS; i++)
        if (r->open[i] != NULL)
            rio_stream_abort(r->open[i]);
}

void redis_restart(struct redis *r)
{
    redis_cut(r);
    keys_restart(&r->keys);
    r->loading_until_ns = rio_now() + world_between(r->world, 0, 200) * RIO_MS;
}

void redis_aim(struct redis *r)
{
    r->is_aimed = true;
}

void redis_hold(struct redis *r)
{
    r->is_held = true;
}

void redis_fill(struct redis *r)
{
    r->full_until_ns = rio_now() + world_between(r->world, 1, 20) * RIO_MS;
}

int sim_redis_stop(struct redis *r)
{
    rio_server_close(r->server);
    redis_cut(r);
    RIO_IGNORE(await(rio_server_wait_closed(r->server)));
    keys_fini(&r->keys);
    return 0;
}
