/* filter.h - does a job fit the terms of a MATCH?
 * SPDX-License-Identifier: MIT */
#ifndef API_FILTER_H
#define API_FILTER_H

#include "broker/broker.h"
#include "wire/command.h"

struct filter {
    const struct rq_term *terms;
    size_t count;
    int64_t now_wall_ms;
    size_t work; /* steps that may be taken yet; 0: false says nothing */
};

/* All of the terms must hold. */
bool filter_fits(struct filter *f, const struct job_view *job);

#endif
