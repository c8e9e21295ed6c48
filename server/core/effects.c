/* effects - the list of what a command caused.
 * SPDX-License-Identifier: MIT */
#include "core/effects.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"

enum { FIRST_CAP = 16 };

void effects_init(struct effects *fx)
{
    *fx = (struct effects){NULL, 0, 0};
}

void effects_fini(struct effects *fx)
{
    free(fx->items);
    effects_init(fx);
}

int effects_reserve(struct effects *fx, size_t n)
{
    size_t cap = fx->cap < FIRST_CAP ? FIRST_CAP : fx->cap;

    ASSERT(fx->count <= fx->cap);
    if (n <= fx->cap - fx->count)
        return 0;
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

    *e = (struct effect){.kind = kind};
    return e;
}
