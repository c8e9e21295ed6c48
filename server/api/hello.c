/* hello.c - HELLO, PING, QUIT and what ordinary Redis clients ask on connecting.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "api/api.h"
#include "base/err.h"
#include "base/num.h"
#include "core/limits.h"

/* What a peer calls itself, a valid name or empty: shown in logs, so only plain
 * characters. */
static void set_name(struct api_client *c, struct rq_slice name)
{
    if (name.len > 0)
        memcpy(c->name, name.ptr, name.len);
    c->name[name.len] = '\0';
}

static const char NAME_GRAMMAR[] = "a name is 1 to 128 of A-Z a-z 0-9 . _ -";

/* ---- HELLO ---- */

static void say_hello(struct api_client *c, struct reply *r)
{
    const struct api_server *s = c->server;
    r->protocol = c->protocol;
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_map(&w, 14);
    reply_pair_str(&w, "server", "ringq");
    reply_pair_str(&w, "version", s->version);
    reply_pair_u64(&w, "proto", (uint64_t)c->protocol);
    reply_pair_u64(&w, "id", c->id);
    reply_pair_str(&w, "mode", "standalone");
    reply_pair_str(&w, "role", "master");
    rq_resp_bulk(&w, RQ_LIT("modules"));
    rq_resp_array(&w, 0);
    reply_pair_str(&w, "durability", broker_reached(s->broker));
    reply_pair_u64(&w, "body_max", s->body_max);
    reply_pair_u64(&w, "frame_max", s->frame_max);
    reply_pair_u64(&w, "pipeline_max", LIMIT_PIPELINE_DEPTH);
    reply_pair_u64(&w, "waits_max", LIMIT_WAITERS_PER_CONNECTION);
    reply_pair_u64(&w, "leases_max", LIMIT_LEASES_PER_CONNECTION);
    reply_pair_u64(&w, "connections_max", s->connections_max);
    reply_resolve(r, &w);
}

struct hello {
    uint64_t protocol;
    struct rq_slice name; /* empty: not said */
    bool keeps;           /* KEEPLEASES */
};

/* Reads [2|3] [NAME worker] [KEEPLEASES].  Returns  what is wrong; NULL: nothing */
static const char *read_hello(const struct rq_cmd *cmd, struct hello *out)
{
    static const char form[] = "say HELLO [2|3] [NAME worker] [KEEPLEASES]";
    size_t at = 1;

    if (at < cmd->argc && rq_num_u64(cmd->argv[at], 0, UINT64_MAX, &out->protocol) == 0)
        at++;
    while (at < cmd->argc) {
        struct rq_slice word = cmd->argv[at++];
        bool is_name = rq_slice_eq_nocase(word, RQ_LIT("NAME")) ||
                       rq_slice_eq_nocase(word, RQ_LIT("SETNAME"));

        if (rq_slice_eq_nocase(word, RQ_LIT("KEEPLEASES")) && !out->keeps) {
            out->keeps = true;
            continue;
        }
        if (!is_name || out->name.len > 0 || at == cmd->argc)
            return form;
        out->name = cmd->argv[at++];
        if (!rq_name_is_valid(out->name))
            return NAME_GRAMMAR;
    }
    return NULL;
}

/* Under the name that is said now, or was said before. */
static int keep_leases(struct api_client *c, struct rq_slice name)
{
    if (name.len == 0)
        name = rq_slice_str(c->name);
    return name.len == 0 ? RQ_E_BADARG : member_keep_leases(c->member, name);
}

void api_hello(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct hello h = {.protocol = (uint64_t)c->protocol};
    const char *wrong = read_hello(cmd, &h);

    if (h.protocol != 2 && h.protocol != 3) {
        /* The word that makes Redis clients fall back to RESP2. */
        struct rq_resp_writer w = reply_writer(r);
        rq_resp_error(&w, "NOPROTO", "unsupported protocol version; ask for 2 or 3");
        reply_resolve(r, &w);
        return;
    }
    if (wrong != NULL) {
        reply_error(r, RQ_E_BADARG, wrong);
        return;
    }
    int rc = h.keeps ? keep_leases(c, h.name) : 0;
    if (rc == RQ_E_BADARG) {
        reply_error(r, rc, "KEEPLEASES needs a NAME, by which it is known again");
        return;
    }
    if (rc < 0) {
        reply_refuse(r, rc);
        return;
    }
    if (h.name.len > 0)
        set_name(c, h.name);
    c->protocol = (int)h.protocol;
    say_hello(c, r);
}

/* ---- small talk ---- */

static void reply_bulk(struct reply *r, struct rq_slice s)
{
    struct rq_resp_writer w = reply_writer(r);

    rq_resp_bulk(&w, s);
    reply_resolve(r, &w);
}

void api_ping(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);

    (void)c;
    if (cmd->argc > 2) {
        reply_error(r, RQ_E_MALFORMED, "say PING [text]");
        return;
    }
    if (cmd->argc == 2)
        rq_resp_bulk(&w, cmd->argv[1]);
    else
        rq_resp_simple(&w, "PONG");
    reply_resolve(r, &w);
}

void api_echo(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)c;
    reply_bulk(r, cmd->argv[1]);
}

void api_quit(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)c;
    (void)cmd;
    r->close_after = true;
    reply_ok(r);
}

void api_reset(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)cmd;
    c->protocol = 2;
    c->name[0] = '\0';
    rq_ignore(member_keep_leases(c->member, RQ_LIT("")) < 0); /* needs no memory */
    r->protocol = 2;
    struct rq_resp_writer w = reply_writer(r);
    rq_resp_simple(&w, "RESET");
    reply_resolve(r, &w);
}

void api_select(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)c;
    if (rq_slice_eq(cmd->argv[1], RQ_LIT("0")))
        reply_ok(r);
    else
        reply_error(r, RQ_E_BADARG,
                    "ringq has one database: SELECT 0; use queue names instead");
}

void api_auth(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    (void)c;
    (void)cmd;
    reply_error(r, RQ_E_BADARG,
                "ringq has no passwords: it listens on loopback and unix sockets only; "
                "connect without AUTH");
}

void api_client(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_slice what = cmd->argv[1];

    if (rq_slice_eq_nocase(what, RQ_LIT("ID")) && cmd->argc == 2) {
        reply_int(r, (int64_t)c->id);
    } else if (rq_slice_eq_nocase(what, RQ_LIT("GETNAME")) && cmd->argc == 2) {
        reply_bulk(r, rq_slice_str(c->name));
    } else if (rq_slice_eq_nocase(what, RQ_LIT("SETINFO")) && cmd->argc == 4) {
        reply_ok(r); /* a client library's name and version: nothing depends on them */
    } else if (rq_slice_eq_nocase(what, RQ_LIT("SETNAME")) && cmd->argc == 3) {
        if (cmd->argv[2].len > 0 && !rq_name_is_valid(cmd->argv[2])) {
            reply_error(r, RQ_E_BADARG, NAME_GRAMMAR);
            return;
        }
        set_name(c, cmd->argv[2]);
        reply_ok(r);
    } else {
        reply_error(r, RQ_E_BADARG,
                    "say CLIENT SETNAME name, SETINFO key value, GETNAME or ID");
    }
}

/* ---- what redis-cli and redis-benchmark ask ---- */

void api_command(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_resp_writer w = reply_writer(r);

    (void)c;
    if (cmd->argc > 1 && rq_slice_eq_nocase(cmd->argv[1], RQ_LIT("COUNT")))
        rq_resp_int(&w, RQ_COMMAND_COUNT);
    else if (cmd->argc > 1 && rq_slice_eq_nocase(cmd->argv[1], RQ_LIT("DOCS")))
        rq_resp_map(&w, 0);
    else
        rq_resp_array(&w, 0);
    reply_resolve(r, &w);
}

void api_config(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    enum store_level level = broker_level(c->server->broker);
    const struct {
        const char *name, *value;
    } settings[] = {
        {"appendonly", level >= STORE_EVERYSEC ? "yes" : "no"},
        {"appendfsync", level == STORE_FSYNC ? "always" : "everysec"},
        {"durability", broker_reached(c->server->broker)},
        {"save", ""},
    };
    enum { N = sizeof settings / sizeof *settings };
    bool matches[N];
    size_t count = 0;

    if (!rq_slice_eq_nocase(cmd->argv[1], RQ_LIT("GET"))) {
        reply_error(r, RQ_E_BADARG,
                    "only CONFIG GET; settings are changed where ringqd is started");
        return;
    }
    for (size_t i = 0; i < N; i++) {
        matches[i] = rq_name_matches(rq_slice_str(settings[i].name), cmd->argv[2]);
        count += matches[i];
    }
    struct rq_resp_writer w = reply_writer(r);
    rq_resp_map(&w, count);
    for (size_t i = 0; i < N; i++)
        if (matches[i])
            reply_pair_str(&w, settings[i].name, settings[i].value);
    reply_resolve(r, &w);
}

void api_info(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    const struct api_server *s = c->server;
    struct core_sums sums;
    char text[1024];

    (void)cmd;
    core_sums(broker_core(s->broker), &sums);
    int len = snprintf(
        text, sizeof text,
        "# "
        "Server\r\nringq_version:%s\r\nredis_mode:standalone\r\nuptime_in_seconds:%"
        "lld\r\n"
        "\r\n# Clients\r\nconnected_clients:%zu\r\nmaxclients:%zu\r\n"
        "\r\n# Persistence\r\nloading:%d\r\ndurability:%s\r\n"
        "\r\n# "
        "Jobs\r\nqueues:%llu\r\njobs:%llu\r\nready:%llu\r\ndelayed:%llu\r\nleased:%"
        "llu\r\n"
        "dead:%llu\r\nunfinished:%llu\r\n",
        s->version, (long long)((rio_now() - s->started_ns) / RIO_SEC), s->connections,
        s->connections_max, broker_state(s->broker) == BROKER_LOADING,
        broker_reached(s->broker), (unsigned long long)sums.queues,
        (unsigned long long)sums.jobs, (unsigned long long)sums.ready,
        (unsigned long long)sums.delayed, (unsigned long long)sums.leased,
        (unsigned long long)sums.dead, (unsigned long long)sums.unfinished);
    reply_bulk(r, rq_slice(text, (size_t)len));
}
