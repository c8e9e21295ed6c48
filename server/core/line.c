/* line - see line.h.
 * SPDX-License-Identifier: MIT */
#include "core/line.h"

#include "base/assert.h"

static struct line_place *of_link(const struct rq_list *link)
{
    return RQ_CONTAINER_OF(link, struct line_place, link);
}

struct line_place *line_of_node(const struct rq_heap_node *late)
{
    return RQ_CONTAINER_OF(late, struct line_place, late);
}

void line_init(struct line *line, rq_heap_less *less)
{
    rq_list_init(&line->list);
    rq_heap_init(&line->late, less);
}

void line_fini(struct line *line)
{
    rq_heap_fini(&line->late);
}

void line_place_init(struct line_place *at)
{
    rq_list_init(&at->link);
    at->late.place = 0;
}

int line_reserve(struct line *line, size_t count)
{
    return count > line->late.count
               ? rq_heap_reserve(&line->late, count - line->late.count)
               : 0;
}

static bool goes_before(const struct line *line, const struct line_place *a,
                        const struct line_place *b)
{
    return line->late.less(&a->late, &b->late);
}

void line_enter(struct line *line, struct line_place *at)
{
    if (rq_list_empty(&line->list) ||
        !goes_before(line, at, of_link(line->list.prev))) {
        rq_list_push_back(&line->list, &at->link);
        return;
    }
    int rc = rq_heap_push(&line->late, &at->late);
    ASSERT(rc == 0); /* reserved */
}

void line_leave(struct line *line, struct line_place *at)
{
    rq_list_remove(&at->link);
    rq_heap_remove(&line->late, &at->late);
}

bool line_has(const struct line_place *at)
{
    return !rq_list_empty(&at->link) || at->late.place != 0;
}

struct line_place *line_first(const struct line *line)
{
    const struct rq_heap_node *node = rq_heap_min(&line->late);
    struct line_place *late = node == NULL ? NULL : line_of_node(node);

    if (rq_list_empty(&line->list))
        return late;
    struct line_place *first = of_link(line->list.next);
    return late != NULL && goes_before(line, late, first) ? late : first;
}

size_t line_front(const struct line *line, struct line_place **out, size_t max)
{
    struct rq_list *link = line->list.next;
    size_t count = 0, late = 0;

    while (count < max && (late < line->late.count || link != &line->list)) {
        if (late < line->late.count)
            out[count++] = line_of_node(line->late.nodes[late++]);
        if (count < max && link != &line->list) {
            out[count++] = of_link(link);
            link = link->next;
        }
    }
    return count;
}

size_t line_check(const struct line *line)
{
    const struct rq_heap *h = &line->late;
    const struct line_place *previous = NULL;
    size_t count = h->count;

    RQ_LIST_EACH(link, &line->list)
    {
        const struct line_place *at = of_link(link);

        ASSERT(link->next->prev == link && at->late.place == 0);
        ASSERT(previous == NULL || !goes_before(line, at, previous));
        previous = at;
        count++;
    }
    for (size_t i = 0; i < h->count; i++) {
        ASSERT(h->nodes[i]->place == i + 1);
        ASSERT(i == 0 || !h->less(h->nodes[i], h->nodes[(i - 1) / 4]));
    }
    return count;
}
