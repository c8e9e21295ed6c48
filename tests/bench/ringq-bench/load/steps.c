/* steps - see steps.h.
 * SPDX-License-Identifier: MIT */
#include "load/steps.h"

#include <errno.h>
#include <stdlib.h>

static struct step *at(const struct steps *s, size_t i)
{
    return &s->ring[(s->head + i) % s->cap];
}

int steps_init(struct steps *s, size_t cap)
{
    *s = (struct steps){.ring = calloc(cap, sizeof *s->ring), .cap = cap};
    return s->ring == NULL ? -ENOMEM : 0;
}

void steps_fini(struct steps *s)
{
    free(s->ring);
}

static int grow(struct steps *s)
{
    struct steps grown;

    if (steps_init(&grown, s->cap * 2) < 0)
        return -ENOMEM;
    for (; grown.count < s->count; grown.count++)
        grown.ring[grown.count] = *at(s, grown.count);
    steps_fini(s);
    *s = grown;
    return 0;
}

int steps_push(struct steps *s, struct step step)
{
    if (s->count == s->cap && grow(s) < 0)
        return -ENOMEM;
    *at(s, s->count++) = step;
    return 0;
}

const struct step *steps_first(const struct steps *s)
{
    return at(s, 0);
}

void steps_drop_first(struct steps *s)
{
    s->head = (s->head + 1) % s->cap;
    s->count--;
}

void steps_bring(struct steps *s, enum verb verb)
{
    size_t i = 0;

    while (i + 1 < s->count && at(s, i)->verb != verb)
        i++;
    struct step found = *at(s, i);
    for (; i > 0; i--)
        *at(s, i) = *at(s, i - 1);
    *at(s, 0) = found;
}
