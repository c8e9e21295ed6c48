/* bodies.h - bodies that are not in memory are read from the log.
 *
 * One task reads for everybody: first for those who only look at a job, then what the
 * rules want back (core/away.h), a page at a time.  What Redis cannot say now is asked
 * again; what the log has lost is told to the rules, and to the operator.
 * SPDX-License-Identifier: MIT */
#ifndef BROKER_BODIES_H
#define BROKER_BODIES_H

#include "base/list.h"
#include "rio/rio.h"
#include "store/fetch.h"

struct broker;

struct bodies {
    rio_event wake;
    struct rq_list looks; /* struct look, in the order of their coming */
    bool has_ended;       /* nothing is read any more */
    /* of the page that is being read */
    struct look *look; /* it is for this one; NULL: for the rules */
    bool is_unsure;    /* something is to be asked again */
    size_t lost;
    struct job_id lost_first;
    int lost_code;
};

void bodies_init(struct broker *b);
/* Errors  -ENOMEM */
RQ_MUST_CHECK int bodies_start(struct broker *b, rio_group *group);
/* The rules may want something. */
void bodies_look(struct broker *b);

#endif
