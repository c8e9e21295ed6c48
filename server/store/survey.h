/* survey.h - the log looked at from outside: nothing is claimed, nothing is written,
 * and damage does not end it. SPDX-License-Identifier: MIT */
#ifndef STORE_SURVEY_H
#define STORE_SURVEY_H

#include "store/encode.h"
#include "store/entry.h"
#include "store/link.h"

struct survey_entry {
    struct entry_id id;
    size_t bytes;         /* of its value */
    const char *damage;   /* what is wrong with it; NULL: nothing */
    bool is_claim;        /* `text` is who claimed; else a commit's plain text */
    struct rq_slice text; /* lends: until the call returns; empty when damaged */
};

/* A body that stands apart, and that the log needs at its end. */
struct survey_body {
    const char *field;  /* its name in the hash */
    uint64_t len;       /* as its record says */
    const char *damage; /* what is wrong with it; NULL: nothing */
};

/* Neither may suspend. */
typedef void survey_body_visit(void *arg, const struct survey_body *body);
typedef void survey_visit(void *arg, const struct survey_entry *entry);

/* Reads the whole log of the Redis at `url`, as it is when each page is read, and calls
 * `visit` for every entry; then reads the bodies that stand apart and calls `bodies`
 * for every one. Errors  -EINVAL   a bad url;  -EBADMSG  the log is no stream of ours
 *         -ESTALE   an entry stands before the one that came before it
 *         as link_open, link_greet, link_reply, with a sentence in `why` (LINK_WHY) */
RIO_AWAITS int survey_read(const char *url, survey_visit *visit,
                           survey_body_visit *bodies, void *arg, char *why);

/* Calls `visit` for each record of a commit.
 * Errors  RQ_E_MALFORMED, -ENOTSUP  at the first that cannot be read */
RQ_MUST_CHECK int survey_records(struct rq_slice plain,
                                 void (*visit)(void *arg, const struct record *record),
                                 void *arg);

#endif
