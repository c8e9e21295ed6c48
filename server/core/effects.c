/* effects - the list of what a command caused.
 * SPDX-License-Identifier: MIT */
#include "core/effects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { FIRST_CAP = 16 };

/* What is zeroed: a record is large, all others are small beside it. */
#define SIZE_OF(part) sizeof(((struct effect *)0)->u.part)
static const size_t sizes[] = {
    [EFFECT_RECORD] = SIZE_OF(log),        [EFFECT_DELIVER] = SIZE_OF(deliver),
    [EFFECT_TIMEOUT] = SIZE_OF(timeout),   [EFFECT_JOINED] = SIZE_OF(joined),
    [EFFECT_ADMITTED] = SIZE_OF(admitted), [EFFECT_REFUSED] = SIZE_OF(refused),
    [EFFECT_WAITED] = SIZE_OF(waited),     [EFFECT_FORGET] = SIZE_OF(forget),
};

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
    memset(&e->u, 0, sizes[kind]);
    return e;
}
