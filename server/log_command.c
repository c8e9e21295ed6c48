/* log_command - see log_command.h.
 * SPDX-License-Identifier: MIT */
#include "log_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "rio/rio.h"
#include "store/survey.h"

enum { EXIT_DAMAGED = 1, EXIT_UNREAD = 78, TYPES = RECORD_TOTALS + 1 };

struct report {
    const char *url;
    enum log_command command;
    char why[LINK_WHY];
    char id[ENTRY_TEXT]; /* of the entry at hand */
    uint64_t entries, claims, records, bytes, damaged;
    uint64_t by_type[TYPES], body_bytes;
    uint64_t bodies, bodies_bytes, bodies_damaged; /* that stand apart */
    struct entry_id first, last;
};

static const char *const type_names[TYPES] = {
    [RECORD_PUT] = "PUT",   [RECORD_LEASE] = "LEASE", [RECORD_STATE] = "STATE",
    [RECORD_DONE] = "DONE", [RECORD_MOVE] = "MOVE",   [RECORD_QUEUE] = "QUEUE",
    [RECORD_CRON] = "CRON", [RECORD_BATCH] = "BATCH", [RECORD_TOTALS] = "TOTALS",
};

int log_command_parse(const char *word, enum log_command *out)
{
    static const char *const words[] = {[LOG_COMMAND_CHECK] = "check",
                                        [LOG_COMMAND_DUMP] = "dump",
                                        [LOG_COMMAND_STATS] = "stats"};

    for (size_t i = LOG_COMMAND_CHECK; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum log_command)i;
            return 0;
        }
    return -EINVAL;
}

/* What came from outside, without what a terminal would obey. */
static void print_text(const char *name, struct rq_slice text)
{
    printf(" %s=\"", name);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* ---- dump ---- */

static void print_state(const struct record *r)
{
    static const char *const states[] = {[RECORD_READY] = "ready",
                                         [RECORD_DELAYED] = "delayed",
                                         [RECORD_DEAD] = "dead",
                                         [RECORD_CANCELLING] = "cancelling"};
    size_t known = sizeof states / sizeof *states;

    printf(" state=%s attempts=%u",
           r->state > 0 && (size_t)r->state < known ? states[r->state] : "?",
           (unsigned)r->attempts);
    if (r->error.len > 0)
        print_text("error", r->error);
}

static void print_end(const struct record *r)
{
    static const char *const ends[] = {[RECORD_END_DONE] = "done",
                                       [RECORD_END_EXPIRED] = "expired",
                                       [RECORD_END_CANCELLED] = "cancelled"};

    size_t known = sizeof ends / sizeof *ends;

    printf(" end=%s", r->end > 0 && (size_t)r->end < known ? ends[r->end] : "?");
    if (r->kept_wall_ms > 0)
        printf(" kept_until_ms=%lld result_bytes=%zu", (long long)r->kept_wall_ms,
               r->result.len);
}

static void print_job(const struct record *r)
{
    print_text("queue", r->queue);
    printf(" pri=%u put_ms=%lld due_ms=%lld body_bytes=%zu", (unsigned)r->policy.pri,
           (long long)r->put_wall_ms, (long long)r->due_wall_ms,
           r->apart.epoch > 0 ? (size_t)r->apart.len : r->body.len);
    if (r->apart.epoch > 0)
        printf(" apart=%llu-%llu", (unsigned long long)r->apart.epoch,
               (unsigned long long)r->apart.number);
}

static void print_batch(const struct record_batch *b)
{
    static const char *const states[] = {"open", "closed", "gone"};

    printf(" state=%s", states[b->state]);
    if (b->state != RECORD_BATCH_GONE)
        printf(" done=%llu expired=%llu cancelled=%llu purged=%llu",
               (unsigned long long)b->done, (unsigned long long)b->expired,
               (unsigned long long)b->cancelled, (unsigned long long)b->purged);
}

static void print_hold(const struct record *r)
{
    if (r->hold.n == 0)
        return;
    printf(" lease=%llu ttr=%u", (unsigned long long)r->hold.n,
           (unsigned)r->hold.ttr_ms);
    print_text("worker", r->hold.worker);
}

static void print_record(const struct record *r)
{
    switch (r->type) {
    case RECORD_MOVE:
        print_state(r);
        /* fall through - a MOVE has all that a PUT has */
    case RECORD_PUT:
        print_job(r);
        break;
    case RECORD_LEASE:
        printf(" attempts=%u", (unsigned)r->attempts);
        print_hold(r);
        break;
    case RECORD_STATE:
        print_state(r);
        break;
    case RECORD_DONE:
        print_end(r);
        break;
    case RECORD_QUEUE:
        print_text("queue", r->queue);
        break;
    case RECORD_CRON:
        print_text("name", r->name);
        print_text("queue", r->queue);
        break;
    case RECORD_BATCH:
        print_batch(&r->batch);
        break;
    case RECORD_TOTALS:
        print_text("queue", r->queue);
        printf(" put=%llu done=%llu dead=%llu", (unsigned long long)r->totals.put,
               (unsigned long long)r->totals.done, (unsigned long long)r->totals.dead);
        break;
    }
}

/* ---- all of them ---- */

static void on_record(void *arg, const struct record *r)
{
    struct report *report = arg;

    report->records++;
    report->by_type[r->type]++;
    report->body_bytes += r->body.len;
    if (report->command != LOG_COMMAND_DUMP)
        return;
    printf("%s %s", report->id, type_names[r->type]);
    if (record_has_job(r->type))
        printf(" job=%llu-%llu", (unsigned long long)r->job.epoch,
               (unsigned long long)r->job.number);
    print_record(r);
    putchar('\n');
}

static void damaged(struct report *r, const char *what)
{
    r->damaged++;
    printf("%s DAMAGED: the entry %s\n", r->id, what);
}

static void on_entry(void *arg, const struct survey_entry *e)
{
    struct report *r = arg;

    entry_format(e->id, r->id);
    if (r->entries++ == 0)
        r->first = e->id;
    r->last = e->id;
    r->bytes += e->bytes;
    r->claims += e->is_claim ? 1 : 0;
    if (e->damage != NULL) {
        damaged(r, e->damage);
        return;
    }
    if (e->is_claim && r->command == LOG_COMMAND_DUMP) {
        printf("%s CLAIM", r->id);
        print_text("owner", e->text);
        putchar('\n');
    }
    if (e->is_claim)
        return;
    int rc = survey_records(e->text, on_record, r);
    if (rc < 0)
        damaged(r, rc == -ENOTSUP ? "holds a record of a newer version"
                                  : "has a good checksum, but cannot be read");
}

static void on_body(void *arg, const struct survey_body *b)
{
    struct report *r = arg;

    r->bodies++;
    r->bodies_bytes += b->len;
    if (b->damage == NULL)
        return;
    r->bodies_damaged++;
    printf("big %s DAMAGED: the body %s\n", b->field, b->damage);
}

static long read_log(void *arg)
{
    struct report *r = arg;

    return await(survey_read(r->url, on_entry, on_body, r, r->why));
}

static void print_stats(const struct report *r)
{
    char first[ENTRY_TEXT], last[ENTRY_TEXT];

    entry_format(r->first, first);
    entry_format(r->last, last);
    printf("entries %llu\nfirst %s\nlast %s\nclaims %llu\nbytes %llu\nrecords %llu\n",
           (unsigned long long)r->entries, first, last, (unsigned long long)r->claims,
           (unsigned long long)r->bytes, (unsigned long long)r->records);
    for (size_t i = 0; i < TYPES; i++)
        if (type_names[i] != NULL)
            printf("records_%s %llu\n", type_names[i],
                   (unsigned long long)r->by_type[i]);
    printf("body_bytes %llu\ndamaged %llu\n", (unsigned long long)r->body_bytes,
           (unsigned long long)r->damaged);
    printf("big_bodies %llu\nbig_bytes %llu\nbig_damaged %llu\n",
           (unsigned long long)r->bodies, (unsigned long long)r->bodies_bytes,
           (unsigned long long)r->bodies_damaged);
}

static void print_verdict(const struct report *r)
{
    if (r->bodies_damaged > 0)
        printf("%llu of %llu large bodies are damaged; restore Redis from a backup, or "
               "let ringqd start: their jobs will be dead\n",
               (unsigned long long)r->bodies_damaged, (unsigned long long)r->bodies);
    if (r->damaged + r->bodies_damaged == 0) {
        printf("good: %llu entries, %llu records, %llu bytes",
               (unsigned long long)r->entries, (unsigned long long)r->records,
               (unsigned long long)r->bytes);
        if (r->bodies > 0)
            printf("; %llu large bodies, %llu bytes", (unsigned long long)r->bodies,
                   (unsigned long long)r->bodies_bytes);
        putchar('\n');
    }
    if (r->damaged > 0)
        printf("%llu of %llu entries are damaged; restore Redis from a backup, or give "
               "their jobs up: start ringqd once with --bad-entries set-aside\n",
               (unsigned long long)r->damaged, (unsigned long long)r->entries);
}

int log_command_run(const struct config *c, enum log_command command)
{
    struct report r = {.url = c->redis, .command = command};
    static char own[4096 + 32];

    if (c->redis == NULL) {
        snprintf(own, sizeof own, "unix:%s/redis.sock", c->data_dir);
        r.url = own;
    }
    long rc = rio_run(read_log, &r);
    if (rc < 0) {
        fprintf(stderr, "ringqd: the log cannot be read: %s\n",
                r.why[0] != '\0' ? r.why : rq_err_text(rc));
        return EXIT_UNREAD;
    }
    if (command == LOG_COMMAND_STATS)
        print_stats(&r);
    if (command == LOG_COMMAND_CHECK)
        print_verdict(&r);
    return r.damaged + r.bodies_damaged > 0 ? EXIT_DAMAGED : 0;
}
