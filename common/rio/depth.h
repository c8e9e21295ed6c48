/* depth.h - how deep tasks use their stacks; debug mode paints them.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_DEPTH_H
#define RIO_DEPTH_H

#include <stdio.h>

#include "rio/task.h"

enum { RIO__DEPTH_NAMES = 32 };

/* The deepest task of each name, among those that have ended. */
struct rio__depths {
    size_t count, deepest;
    struct rio__depth {
        char name[32];
        size_t bytes;
    } of[RIO__DEPTH_NAMES]; /* the last one is for all names that find no place */
};

/* Bytes of its stack that a task has used so far, its own block included; 0: it is not
 * painted. */
size_t rio__depth_of(const struct rio__task *t);
/* Takes down the depth of a painted task that has ended. */
void rio__depth_record(struct rio__task *t);
/* One line for each name; nothing when nothing was taken down. */
void rio__depths_print(const struct rio_loop *l, FILE *f);

#endif
