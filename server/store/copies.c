/* copies - how many replicas have what the log has: WAIT.
 *
 * Behind each commit goes, in the same write, WAIT N.  Redis answers when N replicas
 * have all that this link has written, or when --replica-wait is over, with how many
 * have.  So a commit is in the log with the first answer and confirmed with the
 * second; too few copies do not fail it, its reply names the lower level.  WAIT
 * blocks only our link.
 *
 * A commit that was refused has its WAIT, too.  That one tells about the commits
 * before, which is as true, and confirms nothing.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/num.h"
#include "rio/rio.h"
#include "store/inner.h"

int copies__ask(struct store *s)
{
    char count[RQ_NUM_DIGITS + 1], patience[RQ_NUM_DIGITS + 1];

    if (s->config.copies == 0)
        return 0;
    snprintf(count, sizeof count, "%u", s->config.copies);
    snprintf(patience, sizeof patience, "%lld",
             (long long)(s->config.copies_wait_ns / RIO_MS));
    int rc = link_send(s->link, (const char *[]){"WAIT", count, patience, NULL});
    if (rc < 0)
        return rc;
    flow__want(s, WANT_COPIES);
    return 1;
}

/* Says so when copies begin to be missing, and when they are all there again. */
static void report(struct store *s, const char *why)
{
    bool are_missing = s->copies < s->config.copies;

    if (are_missing == s->are_copies_missing)
        return;
    s->are_copies_missing = are_missing;
    if (are_missing)
        LOG_WARN("event=durability_lower wanted=replica:%u holds=%s why=\"%s\" "
                 "action=\"look at INFO replication of Redis\"",
                 s->config.copies, store_reached(s),
                 why[0] != '\0' ? why : "too few replicas have it in time");
    else
        LOG_INFO("event=durability_restored holds=%s", store_reached(s));
}

int copies__answer(struct store *s)
{
    char why[LINK_WHY] = "";
    int64_t count = 0;

    /* An ACL may forbid WAIT: then nobody knows of a copy. */
    if (link_refusal(s->link, why) == 0 &&
        (link_take_integer(s->link, &count) < 0 || count < 0)) {
        snprintf(s->why, sizeof s->why,
                 "Redis answered WAIT with something strange; is there a proxy?");
        return -EBADMSG;
    }
    s->copies = count < (int64_t)s->config.copies ? (unsigned)count : s->config.copies;
    report(s, why);
    return flow__copied(s);
}
