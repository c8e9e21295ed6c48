/* effects - the list of what a command caused.
 * SPDX-License-Identifier: MIT */
#include "core/effects.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { FIRST_CAP = 16 };

static_assert(sizeof(((struct effect *)0)->u.joined) >=
                  sizeof(((struct effect *)0)->u.deliver),
              "the largest beside a record");

void effects_init(struct effects *fx)
{
    *fx = (struct effects){NULL, 0, 0};
}

void effects_fini(struct effects *fx)
{
    free(fx->items);
    effects_init(fx);
}

int effects_grow(struct effects *fx, size_t n)
{
    size_t cap = fx->cap < FIRST_CAP ? FIRST_CAP : fx->cap;

    ASSERT(fx->count <= fx->cap);
    if (n > SIZE_MAX / 2 / sizeof *fx->items - fx->count)
        return -ENOMEM;
    while (cap - fx->count < n)
        cap *= 2;

    struct effect *items = reallocarray(fx->items, cap, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    fx->items = items;
    fx->cap = cap;
    return 0;
}

struct effect *effects_add(struct effects *fx, enum effect_kind kind)
{
    ASSERT(fx->count < fx->cap);
    struct effect *e = &fx->items[fx->count++];

    e->kind = kind;
    if (kind == EFFECT_RECORD)
        memset(&e->u, 0, sizeof e->u);
    else /* all others are small beside a record */
        memset(&e->u, 0, sizeof e->u.joined);
    return e;
}
