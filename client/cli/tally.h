/* tally.h - what became of the lines of a file: counted, told, and saved.
 *
 * Every line that was read meets one of four ends:
 *     put         it is a job
 *     rejected    not JSON, or too long for the server
 *     not stored  the server refused its batch
 *     unknown     the connection broke in between
 * Rejected lines, and those that were not stored, go to a file that can be put again.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/progress.h"

struct tally {
    const struct cli *cli;
    const char *queue, *input; /* their names */
    struct progress progress;
    uint64_t put, rejected, not_stored, unknown;
    /* private */
    FILE *rejects; /* NULL: nobody wants them */
    const char *rejects_path;
};

/* Opens the file for rejected lines; a NULL path: none.  It may not be the input.
 * Returns  the exit code; what is wrong has been said
 * Keeps    path */
int tally_open(struct tally *t, const char *path, int input_fd);
/* Returns the exit code. */
int tally_close(struct tally *t);

/* Saves a line, or a piece of one without the newline, for another attempt. */
void tally_save(struct tally *t, const char *text, size_t len, bool newline);
/* Counts a rejected line and says why, unless there are too many of them. */
void tally_reject(struct tally *t, uint64_t number, const char *why);
/* Counts a batch that was not put, or whose outcome is unknown, and says so. */
void tally_lose(struct tally *t, const struct batch *batch, bool unknown);
/* The last line for people, or the counts in JSON. */
void tally_report(const struct tally *t);

#endif
