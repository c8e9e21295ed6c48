/* progress - a bar on stderr for work that takes long.
 * SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdio.h>

#include "cli/clock.h"
#include "cli/units.h"

enum {
    BAR_CELLS = 24,
    FIRST_US = 500000, /* what ends sooner needs no bar */
    EVERY_US = 100000,
};

void progress_begin(struct progress *p, const struct output *output, bool wanted,
                    int64_t total)
{
    *p = (struct progress){
        .output = output,
        .wanted = wanted && output->terminal,
        .total = total,
        .start_us = clock_us(),
    };
}

int64_t progress_elapsed_us(const struct progress *p)
{
    return clock_us() - p->start_us;
}

static void write_bar(char *out, double done, bool utf8)
{
    const char *full = utf8 ? "█" : "#", *empty = utf8 ? "░" : ".";
    int cells = (int)(done * BAR_CELLS);
    size_t at = 0;

    for (int i = 0; i < BAR_CELLS; i++)
        at += (size_t)snprintf(out + at, 4, "%s", i < cells ? full : empty);
}

void progress_text(char *out, uint64_t jobs, int64_t bytes, int64_t total,
                   int64_t elapsed_us, bool utf8)
{
    char count[UNITS_TEXT_SIZE], rate[UNITS_TEXT_SIZE], left[UNITS_TEXT_SIZE];
    char bar[3 * BAR_CELLS + 1];
    double seconds = (double)(elapsed_us > 0 ? elapsed_us : 1) / 1e6;
    double done = total > 0 ? (double)bytes / (double)total : 0;

    (void)units_count(count, (int64_t)jobs);
    (void)units_count(rate, (int64_t)((double)jobs / seconds));
    if (total <= 0) {
        (void)snprintf(out, PROGRESS_TEXT_SIZE, "%s jobs  %s/s", count, rate);
        return;
    }
    if (done > 1)
        done = 1; /* the file grows while we read */
    write_bar(bar, done, utf8);
    if (done > 0)
        (void)units_duration(left, (int64_t)(seconds * 1e6 * (1 - done) / done));
    else
        (void)snprintf(left, sizeof left, "?");
    (void)snprintf(out, PROGRESS_TEXT_SIZE, "%s %3d%%  %s jobs  %s/s  %s left", bar,
                   (int)(done * 100), count, rate, left);
}

void progress_show(struct progress *p, uint64_t jobs, int64_t bytes)
{
    char text[PROGRESS_TEXT_SIZE];

    if (!p->wanted)
        return;
    int64_t now = clock_us();
    int64_t due = p->drawn_us == 0 ? p->start_us + FIRST_US : p->drawn_us + EVERY_US;
    if (now < due)
        return;
    p->drawn_us = now;
    progress_text(text, jobs, bytes, p->total, now - p->start_us, p->output->utf8);
    (void)fprintf(stderr, "\r\x1b[K%s", text);
    (void)fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->drawn_us != 0)
        (void)fputs("\r\x1b[K", stderr);
    p->drawn_us = 0;
}
