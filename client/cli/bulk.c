/* bulk - one job per line of a file, streamed: MPUT batches in a pipeline.
 *
 * At most PIPELINE batches are under way, so memory is constant; each keeps its lines
 * until the server has answered.  Answers come in order, so the batches form a ring:
 * the one at `next` is being filled and never under way.
 *
 * What became of the lines is counted and told by tally.c.
 * SPDX-License-Identifier: MIT */
#include "cli/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/put_options.h"
#include "cli/tally.h"

enum {
    PIPELINE = 16,
    HELD_MAX = 8 * 1024 * 1024, /* bytes under way before all of it is awaited */
    BODY_MAX_DEFAULT = 64 * 1024 * 1024, /* of a server that does not say */
    WORDS_MAX = BATCH_LINES + PUT_ARGV_MAX + 4,
};

struct flight {
    struct bulk *bulk;
    struct batch batch;
    bool too_big; /* refused as a whole: try its lines one by one */
};

struct bulk {
    const struct cli *cli;
    const struct bulk_options *options;
    ringq *q;
    struct input in;
    struct tally tally;

    struct flight flights[PIPELINE];
    size_t next;
    size_t held; /* bytes of the lines under way */
    struct put_argv argv;
    const char *words[WORDS_MAX];
    size_t lens[WORDS_MAX];

    int64_t input_end; /* bytes of the input that are answered */
    int exit;          /* EXITS_OK while nothing stops us */
};

static volatile sig_atomic_t is_interrupted;
static int interrupt_pipe[2] = {-1, -1}; /* wakes whoever waits for input */

static void on_interrupt(int number)
{
    int error = errno;
    ssize_t n = write(interrupt_pipe[1], "", 1);

    (void)n;
    (void)number;
    is_interrupted = 1;
    errno = error;
}

/* The first one ends the input and still reports; the second one ends the process. */
static void catch_interrupts(struct input *in)
{
    struct sigaction once = {.sa_handler = on_interrupt};

    if (pipe2(interrupt_pipe, O_CLOEXEC) < 0)
        return; /* then the first one ends the process, too */
    in->wake_fd = interrupt_pipe[0];
    once.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(SIGINT, &once, NULL);
}

static struct batch *filling(struct bulk *b)
{
    return &b->flights[b->next].batch;
}

/* ---- what became of the lines ---- */

/* Ends the work; the first reason is the one that counts. */
static void stop(struct bulk *b, int exit)
{
    if (b->exit == EXITS_OK)
        b->exit = exit;
}

static void lose_batch(struct bulk *b, const struct batch *batch, int error,
                       const char *text)
{
    tally_lose(&b->tally, batch, error == RINGQ_UNKNOWN);
    if (b->exit == EXITS_OK)
        stop(b, cli_error(b->cli, error, text));
}

static void print_ids(const ringq_reply *ids)
{
    for (size_t i = 0; i < ringq_reply_count(ids); i++)
        (void)printf("%s\n", ringq_reply_string(ringq_reply_at(ids, i), NULL));
}

static void on_answer(void *arg, int error, const char *text, const ringq_reply *reply)
{
    struct flight *f = arg;
    struct bulk *b = f->bulk;

    b->held -= f->batch.len;
    if (error == RINGQ_TOOBIG) {
        f->too_big = true;
        return;
    }
    if (error < 0) {
        lose_batch(b, &f->batch, error, text);
    } else {
        b->tally.put += f->batch.count;
        if (b->cli->quiet)
            print_ids(reply);
    }
    b->input_end = f->batch.input_end;
    batch_clear(&f->batch);
}

/* Somewhere in the batch stands a line that the server does not take: find it. */
static void put_singly(struct bulk *b, const struct batch *batch)
{
    ringq_receipt receipt;
    size_t len;

    for (size_t i = 0; i < batch->count && b->exit == EXITS_OK; i++) {
        const char *line = batch_line(batch, i, &len);
        int rc =
            ringq_put(b->q, b->options->queue, line, len, b->options->put, &receipt);
        if (rc == 0) {
            b->tally.put++;
            if (b->cli->quiet)
                (void)printf("%s\n", receipt.id);
        } else if (rc == RINGQ_TOOBIG) {
            tally_save(&b->tally, line, len, true);
            tally_reject(&b->tally, batch->numbers[i], ringq_error_text(b->q));
        } else {
            (void)fprintf(stderr, "ringq: %s: stopped at line %" PRIu64 "\n",
                          b->in.name, batch->numbers[i]);
            b->tally.unknown += rc == RINGQ_UNKNOWN;
            b->tally.not_stored += batch->count - i - (rc == RINGQ_UNKNOWN);
            stop(b, cli_failed(b->cli, b->q));
        }
    }
}

/* ---- to the server ---- */

/* Sends, and waits until at most `pending_max` batches are unanswered. */
static void flush_to(struct bulk *b, size_t pending_max)
{
    int rc = ringq_flush(b->q, pending_max);

    if (rc < 0 && b->exit == EXITS_OK)
        stop(b, cli_failed(b->cli, b->q));
    for (size_t i = 0; i < PIPELINE; i++) {
        struct flight *f = &b->flights[i];
        if (!f->too_big)
            continue;
        f->too_big = false;
        put_singly(b, &f->batch);
        b->input_end = f->batch.input_end;
        batch_clear(&f->batch);
    }
    progress_show(&b->tally.progress, b->tally.put, b->input_end);
}

static void add_word(struct bulk *b, size_t *count, const char *word, size_t len)
{
    b->words[*count] = word;
    b->lens[*count] = len;
    (*count)++;
}

/* MPUT queue [options] BODIES n body... */
static size_t write_command(struct bulk *b, const struct batch *batch, char *number,
                            size_t number_size)
{
    size_t count = 0, len;

    add_word(b, &count, "MPUT", 4);
    add_word(b, &count, b->options->queue, strlen(b->options->queue));
    for (size_t i = 0; i < b->argv.count; i++)
        add_word(b, &count, b->argv.words[i], strlen(b->argv.words[i]));
    add_word(b, &count, "BODIES", 6);
    (void)snprintf(number, number_size, "%zu", batch->count);
    add_word(b, &count, number, strlen(number));
    for (size_t i = 0; i < batch->count; i++) {
        const char *line = batch_line(batch, i, &len);
        add_word(b, &count, line, len);
    }
    return count;
}

/* Sends the batch that is being filled; the next one is free when this returns. */
static void submit(struct bulk *b)
{
    struct flight *f = &b->flights[b->next];
    char number[24];

    if (f->batch.count == 0)
        return;
    size_t count = write_command(b, &f->batch, number, sizeof number);
    b->held += f->batch.len;
    int rc = ringq_submit(b->q, count, b->words, b->lens, on_answer, f);
    if (rc < 0) {
        b->held -= f->batch.len;
        lose_batch(b, &f->batch, rc, ringq_error_text(b->q));
        batch_clear(&f->batch);
        return;
    }
    b->next = (b->next + 1) % PIPELINE;
    flush_to(b, b->held > HELD_MAX ? 0 : PIPELINE - 1);
}

/* ---- from the file ---- */

static bool reject_line(struct bulk *b, const struct input_line *line)
{
    char why[160];
    size_t at = 0;
    const char *wrong = NULL;

    if (line->is_long) {
        /* Its first piece counts; the others are only saved. */
        (void)snprintf(why, sizeof why,
                       "longer than the %zu bytes that this server takes",
                       b->in.line_max);
        if (line->is_first)
            tally_reject(&b->tally, line->number, why);
        tally_save(&b->tally, line->text, line->len, line->is_last);
        return true;
    }
    if (b->options->jsonl)
        wrong = json_check(line->text, line->len, &at);
    if (wrong == NULL)
        return false;
    (void)snprintf(why, sizeof why, "not JSON: %s, at byte %zu", wrong, at + 1);
    tally_reject(&b->tally, line->number, why);
    tally_save(&b->tally, line->text, line->len, true);
    return true;
}

static void take_line(struct bulk *b, const struct input_line *line)
{
    if (line->len == 0 && !line->is_long)
        return;
    if (reject_line(b, line))
        return;
    if (batch_is_full(filling(b), line->len))
        submit(b);
    if (batch_add(filling(b), line->text, line->len, line->number, line->end) < 0)
        stop(b, cli_no_memory());
}

static void read_lines(struct bulk *b)
{
    struct input_line line;

    while (b->exit == EXITS_OK && !is_interrupted) {
        if (!input_is_ready(&b->in)) {
            /* Nothing to read for now: what is here should not wait for it. */
            submit(b);
            flush_to(b, 0);
        }
        int rc = input_line(&b->in, &line);
        if (rc == 0)
            return;
        if (rc > 0) {
            take_line(b, &line);
        } else if (rc != -EINTR) {
            (void)fprintf(stderr, "ringq: cannot read %s: %s\n", b->in.name,
                          strerror(-rc));
            stop(b, EXITS_INTERNAL);
        }
    }
}

/* ---- beginning and end ---- */

/* Lines that the server would refuse are found here: it may answer them by closing. */
static size_t body_max(ringq *q)
{
    int64_t max = ringq_reply_integer(ringq_reply_field(ringq_server(q), "body_max"));

    return max > 0 && max < BODY_MAX_DEFAULT ? (size_t)max : BODY_MAX_DEFAULT;
}

/* Where to go on when it did not get to the end. */
static void report_rest(struct bulk *b)
{
    const struct batch *unsent = filling(b);
    uint64_t first = unsent->count > 0 ? unsent->numbers[0] : b->in.number + 1;

    if (unsent->count > 0 || !b->in.eof)
        (void)fprintf(stderr, "ringq: %s: nothing from line %" PRIu64 " on was sent\n",
                      b->in.name, first);
}

static int transfer(struct bulk *b)
{
    catch_interrupts(&b->in);
    put_options_argv(b->options->put, &b->argv);
    b->in.line_max = body_max(b->q);
    progress_begin(&b->tally.progress, &b->cli->err, !b->cli->quiet, b->in.size);
    read_lines(b);
    if (b->exit == EXITS_OK)
        submit(b);
    flush_to(b, 0);
    progress_end(&b->tally.progress);
    if (b->exit != EXITS_OK || is_interrupted)
        report_rest(b);
    tally_report(&b->tally);
    if (b->exit == EXITS_OK && is_interrupted)
        return EXITS_INTERRUPTED;
    return b->exit == EXITS_OK && b->tally.rejected > 0 ? EXITS_USAGE : b->exit;
}

int bulk_put(const struct cli *cli, const struct bulk_options *options)
{
    struct bulk *b = calloc(1, sizeof *b);

    if (b == NULL)
        return cli_no_memory();
    b->cli = cli;
    b->options = options;
    for (size_t i = 0; i < PIPELINE; i++)
        b->flights[i].bulk = b;

    int rc = input_open(&b->in, options->path, BODY_MAX_DEFAULT);
    if (rc < 0) {
        free(b);
        return cli_usage("cannot read %s: %s", options->path, strerror(-rc));
    }
    b->tally = (struct tally){.cli = cli, .queue = options->queue, .input = b->in.name};
    int exit = tally_open(&b->tally, options->rejects_path, b->in.fd);
    if (exit == EXITS_OK)
        exit = cli_connect(cli, NULL, &b->q);
    if (exit == EXITS_OK)
        exit = transfer(b);
    int closed = tally_close(&b->tally);
    ringq_close(b->q);
    input_close(&b->in);
    for (size_t i = 0; i < PIPELINE; i++)
        batch_fini(&b->flights[i].batch);
    free(b);
    return exit != EXITS_OK ? exit : closed;
}
