/* probe - is the log still ours, is it all there, has Redis room?
 *
 * The first two are asked when nothing was heard for a while: every commit answers
 * them, too.  Room is asked for at all times, since a full Redis can be emptied only by
 * changes that must be stored themselves: PUTs are refused while there is room for
 * those. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/inner.h"
#include "store/names.h"

/* Units  ns, but for its name */
static const int64_t MEMORY_EVERY = RIO_SEC, MEMORY_SOON = 200 * RIO_MS;

int probe__ask(struct store *s)
{
    int rc = link_send(s->link, (const char *[]){"GET", NAMES_EPOCH, NULL});

    if (rc < 0)
        return rc;
    flow__want(s, WANT_EPOCH);
    rc = link_send(s->link, (const char *[]){"XLEN", NAMES_LOG, NULL});
    if (rc == 0)
        flow__want(s, WANT_LENGTH);
    return rc;
}

/* An idle owner notices that way that it was fenced, or that Redis has forgotten all.
 */
static int answer_epoch(struct store *s)
{
    struct rq_slice text;

    int rc = link_refusal(s->link, s->why);
    if (rc < 0)
        return rc;
    if (link_take_bytes(s->link, &text) == 0 && fence_is_ours(&s->fence, text)) {
        s->heard_ns = rio_now();
        return 0;
    }
    snprintf(s->why, sizeof s->why, NAMES_EPOCH " is not ours any more");
    return -ENOENT;
}

/* Fewer entries than there are commits in which something lives: somebody has removed
 * the log, or cut it. */
static int answer_length(struct store *s)
{
    char why[LINK_WHY];
    int64_t length;

    int rc = link_refusal(s->link, why);
    if (rc == -EPERM)
        return 0; /* what must not be looked at is not checked */
    if (rc == 0)
        rc = link_take_integer(s->link, &length);
    if (rc < 0)
        return rc;
    if ((uint64_t)length + s->commits.count >= s->ledger.live)
        return 0;
    s->has_hole = true;
    snprintf(s->why, sizeof s->why,
             "entries of " NAMES_LOG " have vanished from Redis");
    return -ENOENT;
}

/* ---- room ---- */

int probe__memory(struct store *s)
{
    int64_t now = rio_now();

    if (now - s->memory_ns < (s->is_crowded ? MEMORY_SOON : MEMORY_EVERY) ||
        s->asks_memory || s->state != STORE_UP)
        return 0;
    int rc = link_send(s->link, (const char *[]){"INFO", "memory", NULL});
    if (rc < 0)
        return rc;
    s->memory_ns = now;
    s->asks_memory = true;
    flow__want(s, WANT_MEMORY);
    return 0;
}

static int answer_memory(struct store *s)
{
    struct rq_slice info;
    char why[LINK_WHY];

    s->asks_memory = false;
    int rc = link_refusal(s->link, why);
    if (rc == -EPERM)
        return 0; /* what must not be looked at is not known: OOM says it later */
    if (rc == 0)
        rc = link_take_bytes(s->link, &info);
    if (rc < 0)
        return rc;
    bool is_crowded = settings_is_crowded(info);
    if (is_crowded && !s->is_crowded)
        LOG_WARN("event=redis_nearly_full action=\"PUTs are refused until jobs have "
                 "ended, or maxmemory is raised\"");
    if (!is_crowded && s->is_crowded)
        LOG_INFO("event=redis_has_room");
    s->is_crowded = is_crowded;
    return 0;
}

int probe__answer(struct store *s, enum want want)
{
    switch (want) {
    case WANT_EPOCH:
        return answer_epoch(s);
    case WANT_LENGTH:
        return answer_length(s);
    case WANT_MEMORY:
    case WANT_BODIES: /* not ours */
    case WANT_COMMIT:
    case WANT_COPIES:
    case WANT_WASTE:
        break;
    }
    return answer_memory(s);
}
