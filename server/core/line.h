/* line.h - those who wait for something, in order.
 *
 * Almost always whoever comes, comes behind all others: he goes to the end of a list,
 * which therefore is in order.  One that comes before its end goes into a heap instead,
 * as late jobs do (ready.c).
 * Private to core/.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include "base/heap.h"
#include "base/list.h"

struct line {
    struct rq_list list;
    struct rq_heap late;
};

/* Inside what stands in a line: in the list, in the heap, or in neither. */
struct line_place {
    struct rq_list link;
    struct rq_heap_node late;
};

/* `less` compares the `late` of two places. */
void line_init(struct line *line, rq_heap_less *less);
void line_fini(struct line *line); /* frees nobody who stands there */
void line_place_init(struct line_place *at);
/* Makes sure that there is room for so many.  Errors  -ENOMEM */
RQ_MUST_CHECK int line_reserve(struct line *line, size_t count);
void line_enter(struct line *line, struct line_place *at); /* there is room */
/* Does nothing when it stands nowhere.  Its key may have changed before. */
void line_leave(struct line *line, struct line_place *at);
bool line_has(const struct line_place *at);             /* does it stand in one? */
struct line_place *line_first(const struct line *line); /* NULL: it is empty */
/* Up to `max` of those in front: half of them from the list, where they stand in order,
 * half from the heap, whose first places are near enough.  Returns  how many */
size_t line_front(const struct line *line, struct line_place **out, size_t max);
struct line_place *line_of_node(const struct rq_heap_node *late);
/* Asserts that it is in order.  Returns  how many stand there. */
size_t line_check(const struct line *line);

#endif
