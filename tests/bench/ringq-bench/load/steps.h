/* steps - what one connection has asked for and not been told yet, in order: a ring
 * that grows. SPDX-License-Identifier: MIT */
#ifndef LOAD_STEPS_H
#define LOAD_STEPS_H

#include <stdint.h>

#include "load/dialect.h"

struct step {
    enum verb verb;
    unsigned slot, count;
    int64_t since_ns;
};

struct steps {
    struct step *ring; /* owned */
    size_t cap, head, count;
};

/* Makes room for `cap` to begin with.  Errors  -ENOMEM */
int steps_init(struct steps *s, size_t cap);
void steps_fini(struct steps *s);
/* Errors  -ENOMEM */
int steps_push(struct steps *s, struct step step);
/* Of those that are there.  Owns  lends: until the next push */
const struct step *steps_first(const struct steps *s);
void steps_drop_first(struct steps *s);
/* Brings the first step of this kind to the front. */
void steps_bring(struct steps *s, enum verb verb);

#endif
