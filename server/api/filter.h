/* filter.h - does a job fit the terms of a MATCH?
 * SPDX-License-Identifier: MIT */
#ifndef API_FILTER_H
#define API_FILTER_H

#include "broker/broker.h"
#include "wire/command.h"

/* All of the terms must hold. */
bool filter_fits(const struct rq_term *terms, size_t count, const struct job_view *job,
                 int64_t now_wall_ms);

#endif
