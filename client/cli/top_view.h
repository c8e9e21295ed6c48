/* top_view.h - what `ringq top` shows: the figures, their order, and the frame.
 *
 * Nothing here speaks to a server or a terminal.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/screen.h"

enum top_column {
    TOP_NAME,
    TOP_READY,
    TOP_DELAYED,
    TOP_LEASED,
    TOP_DEAD,
    TOP_PUT,
    TOP_DONE,
    TOP_WAITING,
    TOP_OLDEST,
    TOP_COLUMNS
};

struct top_queue {
    char name[129];
    char state[12]; /* "paused", "shut", ...; "" */
    /* By column.  PUT, DONE: thousandths of a job a second; WAITING: workers, or
     * putters as a negative number; OLDEST: milliseconds. */
    int64_t figures[TOP_COLUMNS];
};

struct top_server {
    char address[128], version[32], durability[16];
    int64_t uptime_ms, connections;
    bool draining;
};

struct top {
    struct top_server server;
    struct top_queue *queues;
    size_t count, capacity;
    enum top_column sort;
    bool reversed, paused;
    size_t first;      /* the row at the top */
    char problem[200]; /* why there are no new figures; "" */
};

/* A zeroed queue behind the others; NULL: no memory. */
struct top_queue *top_add(struct top *t);
void top_fini(struct top *t);

/* Names from a to z, figures from the largest; `reversed` turns that round. */
void top_sort(struct top *t);
/* Moves the first row by `rows`, as far as there are any below. */
void top_scroll(struct top *t, int64_t rows, struct screen_size size);

/* Shape  size.rows 0: as many as there are, and no keys at the bottom
 *        ansi: lines end as a terminal in raw mode wants them, with attributes;
 *        color: with colours, too */
struct top_style {
    bool ansi, color;
};
void top_draw(const struct top *t, struct screen_size size, struct top_style style,
              FILE *out);

#endif
