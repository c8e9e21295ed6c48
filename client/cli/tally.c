/* tally - what became of the lines of a file: counted, told, and saved.
 * SPDX-License-Identifier: MIT */
#include "cli/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/units.h"

enum {
    TOLD_MAX = 10, /* rejected lines that are named on stderr */
};

int tally_open(struct tally *t, const char *path, int input_fd)
{
    struct stat input, rejects;

    if (path == NULL)
        return EXITS_OK;
    /* Without O_TRUNC: it might be the file we are about to read. */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_usage("cannot write %s: %s", path, strerror(errno));
    bool known = fstat(fd, &rejects) == 0 && fstat(input_fd, &input) == 0;
    bool same =
        known && rejects.st_dev == input.st_dev && rejects.st_ino == input.st_ino;
    /* A device or a pipe has no length. */
    bool ready = known && !same && (!S_ISREG(rejects.st_mode) || ftruncate(fd, 0) == 0);
    t->rejects = ready ? fdopen(fd, "w") : NULL;
    t->rejects_path = path;
    if (t->rejects != NULL)
        return EXITS_OK;
    int error = errno;
    (void)close(fd);
    return cli_usage("cannot write %s: %s", path,
                     same ? "it is the input" : strerror(error));
}

int tally_close(struct tally *t)
{
    if (t->rejects == NULL)
        return EXITS_OK;
    bool failed = ferror(t->rejects) != 0;
    if (fclose(t->rejects) == 0 && !failed)
        return EXITS_OK;
    (void)fprintf(stderr, "ringq: cannot write %s\n", t->rejects_path);
    return EXITS_INTERNAL;
}

void tally_save(struct tally *t, const char *text, size_t len, bool newline)
{
    if (t->rejects == NULL)
        return;
    (void)fwrite(text, 1, len, t->rejects);
    if (newline)
        (void)putc('\n', t->rejects);
}

void tally_reject(struct tally *t, uint64_t number, const char *why)
{
    t->rejected++;
    if (t->rejected > TOLD_MAX)
        return;
    progress_end(&t->progress);
    (void)fprintf(stderr, "ringq: %s:%" PRIu64 ": ", t->input, number);
    output_clean(stderr, why, strlen(why));
    (void)fputs(t->rejected == TOLD_MAX ? "\n  (more of them are only counted)\n"
                                        : "\n",
                stderr);
}

void tally_lose(struct tally *t, const struct batch *batch, bool unknown)
{
    size_t len;

    *(unknown ? &t->unknown : &t->not_stored) += batch->count;
    for (size_t i = 0; !unknown && i < batch->count; i++) {
        const char *line = batch_line(batch, i, &len);
        tally_save(t, line, len, true);
    }
    progress_end(&t->progress);
    (void)fprintf(stderr, "ringq: %s: lines %" PRIu64 " to %" PRIu64 " %s\n", t->input,
                  batch->numbers[0], batch->numbers[batch->count - 1],
                  unknown ? "may have been put, or not" : "were not put");
}

static void report_json(const struct tally *t)
{
    struct json j = {.out = stdout};

    json_begin(&j, '{');
    json_key(&j, "queue");
    json_string(&j, t->queue);
    json_key(&j, "put");
    json_integer(&j, (int64_t)t->put);
    json_key(&j, "rejected");
    json_integer(&j, (int64_t)t->rejected);
    json_key(&j, "not_stored");
    json_integer(&j, (int64_t)t->not_stored);
    json_key(&j, "unknown");
    json_integer(&j, (int64_t)t->unknown);
    json_key(&j, "seconds");
    json_number(&j, (double)progress_elapsed_us(&t->progress) / 1e6);
    json_end(&j, '}');
    json_line(&j);
}

void tally_report(const struct tally *t)
{
    char count[UNITS_TEXT_SIZE], rate[UNITS_TEXT_SIZE], time[UNITS_TEXT_SIZE];
    int64_t us = progress_elapsed_us(&t->progress);

    if (t->cli->json)
        report_json(t);
    if (t->cli->quiet)
        return;
    (void)units_count(count, (int64_t)t->put);
    (void)units_count(rate,
                      (int64_t)((double)t->put * 1e6 / (double)(us > 0 ? us : 1)));
    (void)fprintf(stderr, "%s jobs put into %s in %s (%s/s)", count, t->queue,
                  units_duration(time, us), rate);
    if (t->rejected > 0)
        (void)fprintf(stderr, ", %s lines rejected",
                      units_count(count, (int64_t)t->rejected));
    if (t->not_stored > 0)
        (void)fprintf(stderr, ", %s lines not put",
                      units_count(count, (int64_t)t->not_stored));
    if (t->unknown > 0)
        (void)fprintf(stderr, ", %s lines not known",
                      units_count(count, (int64_t)t->unknown));
    (void)putc('\n', stderr);
}
