/* options_fuzz - whatever reads as a command is either refused with a printable
 * reason or gives a struct whose every field is within its range; and what the client's
 * side writes, the server's side reads back.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "base/name.h"
#include "fuzz/fuzz.h"
#include "wire/command.h"
#include "wire/reply.h"

/* Returns  was it taken? */
static bool check(int rc, const struct rq_complaint *why)
{
    if (rc == 0)
        return true;
    ASSERT(rc == why->code);
    ASSERT(rc == RQ_E_BADARG || rc == RQ_E_MALFORMED || rc == RQ_E_LIMIT);

    size_t len = strnlen(why->text, sizeof why->text);
    ASSERT(len > 0 && len < sizeof why->text);
    for (size_t i = 0; i < len; i++)
        ASSERT(why->text[i] >= 0x20 && why->text[i] < 0x7f);
    return false;
}

static void check_put(const struct rq_cmd *cmd, const struct rq_put *p)
{
    ASSERT(rq_name_is_valid(p->queue));
    ASSERT(p->body_count >= 1);
    ASSERT(p->bodies > cmd->argv && p->bodies + p->body_count <= cmd->argv + cmd->argc);
    ASSERT(p->delay_ms >= -1 && p->delay_ms <= RQ_DELAY_MAX_MS);
    ASSERT(p->at_unix_ms >= 0 && (p->at_unix_ms == 0 || p->delay_ms == -1));
    ASSERT(p->jitter_pct <= 100 && p->block_ms >= -1 &&
           p->header_count <= RQ_HEADERS_MAX);
    ASSERT(p->ttr_ms == 0 ||
           (p->ttr_ms >= RQ_TTR_MIN_MS && p->ttr_ms <= RQ_TTR_MAX_MS));
    ASSERT(p->keep_ms >= 0 && p->keep_ms <= RQ_KEEP_MAX_MS);
    ASSERT(p->batch.epoch == 0 || !p->replace);
    ASSERT(p->ttl_ms >= 0 && p->ttl_ms <= RQ_DELAY_MAX_MS);
    ASSERT(p->group.len <= RQ_KEY_MAX);
    ASSERT(p->backoff <= RQ_BACKOFF_EXP);
    ASSERT(p->backoff_base_ms <= p->backoff_max_ms);
    ASSERT(p->backoff_max_ms <= RQ_BACKOFF_LIMIT_MS);
}

static void check_queues(const struct rq_slice *queues, size_t count, int64_t block_ms)
{
    ASSERT(count >= 1 && count <= RQ_GET_QUEUES_MAX);
    for (size_t i = 0; i < count; i++)
        ASSERT(rq_name_is_valid(queues[i]));
    ASSERT(block_ms >= -1 && block_ms <= RQ_BLOCK_MAX_MS);
}

/* A lease has one spelling. */
static void check_lease(struct rq_slice word)
{
    struct rq_lease lease;
    char text[RQ_LEASE_TEXT_MAX];
    int rc = rq_lease_parse(word, &lease);

    ASSERT(rc == 0 && lease.epoch > 0 && lease.number > 0 && lease.n > 0);
    ASSERT(rq_slice_eq(word, rq_slice(text, rq_lease_format(&lease, text))));
}

static void check_leases(const struct rq_leases *l)
{
    ASSERT(l->all ? l->count == 0 : l->count >= 1 && l->count <= RQ_LEASES_MAX);
    for (size_t i = 0; i < l->count; i++)
        check_lease(l->words[i]);
    ASSERT(!l->has_result || l->count == 1);
    ASSERT(l->ttr_ms == 0 ||
           (l->ttr_ms >= RQ_TTR_MIN_MS && l->ttr_ms <= RQ_TTR_MAX_MS));
}

/* An id has one spelling, and a lease is no id. */
static void check_words(const struct rq_cmd *cmd)
{
    for (size_t i = 0; i < cmd->argc; i++) {
        struct rq_lease id;
        char text[RQ_ID_TEXT_MAX];

        if (rq_id_parse(cmd->argv[i], &id) < 0)
            continue;
        size_t len = rq_id_format(id.epoch, id.number, text);
        ASSERT(id.n == 0 && rq_slice_eq(cmd->argv[i], rq_slice(text, len)));
        ASSERT(rq_lease_parse(cmd->argv[i], &id) < 0);
    }
}

static void check_round_trip(const struct rq_cmd *cmd)
{
    struct rq_resp_reader r;
    struct rq_buf out;
    struct rq_cmd back;

    rq_buf_init(&out, SIZE_MAX);
    rq_resp_reader_init(&r, RQ_RESP_BODY_DEFAULT, SIZE_MAX);
    ASSERT(rq_reply_command(&out, cmd->argc, cmd->argv) == 0);
    long n = rq_resp_read(&r, rq_buf_slice(&out), &back);
    ASSERT(n > 0 && (size_t)n == out.len && back.argc == cmd->argc);
    for (size_t i = 0; i < cmd->argc; i++)
        ASSERT(rq_slice_eq(back.argv[i], cmd->argv[i]));
    rq_resp_reader_fini(&r);
    rq_buf_fini(&out);
}

static void try_puts(const struct rq_cmd *cmd)
{
    struct rq_complaint why = {0};
    struct rq_put put;

    if (check(rq_put_parse(cmd, &put, &why), &why)) {
        check_put(cmd, &put);
        ASSERT(put.body_count == 1);
    }
    if (check(rq_mput_parse(cmd, &put, &why), &why))
        check_put(cmd, &put);
}

static void try_waits(const struct rq_cmd *cmd)
{
    static struct rq_get get;
    static struct rq_join join;
    struct rq_complaint why = {0};

    if (check(rq_get_parse(cmd, &get, &why), &why)) {
        check_queues(get.queues, get.queue_count, get.block_ms);
        ASSERT(get.count >= 1 && get.count <= RQ_GET_COUNT_MAX);
        ASSERT(get.has_count || get.count == 1);
    }
    if (!check(rq_join_parse(cmd, &join, &why), &why))
        return;
    if (join.is_batch)
        ASSERT(join.batch.epoch > 0 && join.batch.number > 0 && join.batch.n == 0);
    else
        check_queues(join.queues, join.queue_count, join.block_ms);
}

static void try_leases(const struct rq_cmd *cmd)
{
    struct rq_complaint why = {0};
    struct rq_leases leases;
    struct rq_fail fail;
    struct rq_release release;

    if (check(rq_done_parse(cmd, &leases, &why), &why))
        check_leases(&leases);
    if (check(rq_touch_parse(cmd, &leases, &why), &why)) {
        check_leases(&leases);
        ASSERT(leases.progress >= -1 && leases.progress <= 100);
        ASSERT(leases.note.len <= RQ_NOTE_MAX);
        ASSERT(leases.progress >= 0 || leases.note.ptr == NULL);
        ASSERT(!leases.all || leases.progress == -1);
    }
    if (check(rq_fail_parse(cmd, &fail, &why), &why)) {
        ASSERT(fail.lease.n > 0 && fail.error.len <= RQ_ERROR_TEXT_MAX);
        ASSERT(fail.delay_ms >= -1 && fail.delay_ms <= RQ_DELAY_MAX_MS);
        ASSERT(!fail.dead || fail.delay_ms == -1);
    }
    if (check(rq_release_parse(cmd, &release, &why), &why))
        ASSERT(release.delay_ms >= 0 && release.delay_ms <= RQ_DELAY_MAX_MS);
}

static void check_ids(const struct rq_ids *ids)
{
    ASSERT(ids->count <= RQ_IDS_MAX);
    for (size_t i = 0; i < ids->count; i++) {
        struct rq_lease id;

        ASSERT(rq_id_parse(ids->words[i], &id) == 0);
    }
}

static void check_terms(const struct rq_peek *peek)
{
    ASSERT(peek->count >= 1 && peek->count <= RQ_PEEK_COUNT_MAX);
    ASSERT(peek->term_count <= RQ_TERMS_MAX);
    for (size_t i = 0; i < peek->term_count; i++) {
        const struct rq_term *t = &peek->terms[i];

        ASSERT(t->field <= RQ_TERM_AGE && t->name.len <= RQ_NAME_MAX);
        ASSERT(t->low >= 0 && (t->field == RQ_TERM_ID) == (t->id.epoch > 0));
    }
}

static void try_managing(const struct rq_cmd *cmd)
{
    static struct rq_peek peek;
    struct rq_complaint why = {0};
    struct rq_reschedule to;
    struct rq_requeue requeue;
    struct rq_queue_set said;
    struct rq_shutdown shutdown;
    struct rq_pause pause;
    struct rq_watch watch;
    struct rq_wait wait;
    struct rq_purge purge;
    struct rq_kick kick;
    struct rq_ids ids;

    if (check(rq_kick_parse(cmd, &kick, &why), &why)) {
        check_ids(&kick.ids);
        ASSERT(kick.count >= 1);
    }
    if (check(rq_cancel_parse(cmd, &ids, &why), &why)) {
        check_ids(&ids);
        ASSERT(ids.count >= 1);
    }
    if (check(rq_purge_parse(cmd, &purge, &why), &why))
        ASSERT(purge.states != 0 && !(purge.states & 1u << RQ_STATE_LEASED));
    if (check(rq_peek_parse(cmd, &peek, &why), &why))
        check_terms(&peek);
    if (check(rq_queue_set_parse(cmd, &said, &why), &why)) {
        ASSERT(said.rate >= -1 && said.rate <= RQ_RATE_MAX &&
               said.order <= RQ_ORDER_LIFO);
        ASSERT(said.tries >= -1 && said.tries <= RQ_TRIES_MAX);
        ASSERT(said.concurrency >= -1 && said.concurrency <= UINT32_MAX);
        ASSERT(said.grouplimit >= -1 && said.grouplimit <= UINT32_MAX);
    }
    if (check(rq_pause_parse(cmd, &pause, &why), &why))
        ASSERT(pause.in || pause.out);
    if (check(rq_wait_parse(cmd, &wait, &why), &why)) {
        check_ids(&wait.ids);
        ASSERT(wait.ids.count >= 1 && wait.ids.count <= RQ_WAIT_IDS_MAX);
    }
    if (check(rq_watch_parse(cmd, &watch, &why), &why))
        ASSERT(watch.every_ms >= RQ_WATCH_MIN_MS && watch.every_ms <= RQ_WATCH_MAX_MS);
    (void)check(rq_shutdown_parse(cmd, &shutdown, &why), &why);
    if (check(rq_reschedule_parse(cmd, &to, &why), &why))
        ASSERT(to.id.n == 0 && to.delay_ms >= -1 && to.delay_ms <= RQ_DELAY_MAX_MS);
    if (check(rq_requeue_parse(cmd, &requeue, &why), &why))
        ASSERT(requeue.id.n == 0 && requeue.queue.len > 0);
}

static void try_batch(const struct rq_cmd *cmd)
{
    struct rq_complaint why = {0};
    struct rq_batch batch;

    if (!check(rq_batch_parse(cmd, &batch, &why), &why))
        return;
    ASSERT(batch.keep_ms >= 0 && batch.keep_ms <= RQ_KEEP_MAX_MS);
    ASSERT((batch.verb == RQ_BATCH_CLOSE) == (batch.id.epoch > 0));
}

static void try_cron(const struct rq_cmd *cmd)
{
    static struct rq_cron cron;
    struct rq_complaint why = {0};

    if (!check(rq_cron_parse(cmd, &cron, &why), &why))
        return;
    ASSERT(cron.verb == RQ_CRON_LIST || rq_name_is_valid(cron.name));
    if (cron.verb != RQ_CRON_ADD)
        return;
    check_put(cmd, &cron.put);
    ASSERT(cron.put.body_count == 1 && cron.put.delay_ms >= 0);
    ASSERT(cron.put.block_ms == -1 && !cron.put.replace && cron.put.batch.epoch == 0);
    ASSERT(cron.zone.len >= 1 && cron.zone.len <= RQ_CRON_ZONE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rq_slice src = rq_slice(data, size);
    struct rq_resp_reader r;
    struct rq_cmd cmd;
    long n;

    rq_resp_reader_init(&r, RQ_RESP_BODY_DEFAULT, 2 * RQ_RESP_BODY_DEFAULT);
    while ((n = rq_resp_read(&r, src, &cmd)) > 0) {
        src = rq_slice(src.ptr + n, src.len - (size_t)n);
        if (cmd.argc == 0)
            continue;
        const struct rq_command *c = rq_command_find(cmd.argv[0]);
        ASSERT(c == NULL || rq_slice_eq_nocase(cmd.argv[0], rq_slice_str(c->name)));
        check_words(&cmd);
        check_round_trip(&cmd);
        try_puts(&cmd);
        try_waits(&cmd);
        try_leases(&cmd);
        try_managing(&cmd);
        try_cron(&cmd);
        try_batch(&cmd);
    }
    rq_resp_reader_fini(&r);
    return 0;
}
