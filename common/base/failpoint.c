/* failpoint - see failpoint.h; compiled into builds with RINGQ_FAILPOINTS alone.
 * SPDX-License-Identifier: MIT */
#include "base/failpoint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/slice.h"

enum { ERRNO_MAX = 200, DELAY_MAX = 60000, HITS_MAX = 1000000 };

extern struct rq_failpoint __start_rq_failpoints[], __stop_rq_failpoints[];

static struct {
    struct rq_failpoint *point;
    enum { KILL, DELAY, FAIL } action;
    uint64_t at; /* the visit that counts, from 1 */
    uint64_t delay_ms;
    int error;
} plan;

const struct rq_failpoint *rq_failpoint_at(size_t i)
{
    struct rq_failpoint *point = __start_rq_failpoints + i;

    return point < __stop_rq_failpoints ? point : NULL;
}

static struct rq_failpoint *find(struct rq_slice name)
{
    for (struct rq_failpoint *p = __start_rq_failpoints; p < __stop_rq_failpoints; p++)
        if (rq_slice_eq(name, rq_slice_str(p->name)))
            return p;
    return NULL;
}

/* By its name in errno.h. */
static int parse_error(struct rq_slice name)
{
    for (int e = 1; e < ERRNO_MAX; e++) {
        const char *known = strerrorname_np(e);

        if (known != NULL && rq_slice_eq(name, rq_slice_str(known)))
            return -e;
    }
    return 0;
}

static int parse_action(struct rq_slice text)
{
    struct rq_slice word;

    rq_ignore(rq_slice_split(&text, ':', &word)); /* false: it is the last word */
    if (rq_slice_eq(word, RQ_LIT("kill")) && text.ptr == NULL) {
        plan.action = KILL;
        return 0;
    }
    if (rq_slice_eq(word, RQ_LIT("delay"))) {
        plan.action = DELAY;
        return rq_num_u64(text, 1, DELAY_MAX, &plan.delay_ms);
    }
    if (!rq_slice_eq(word, RQ_LIT("error")) || !plan.point->may_fail)
        return -EINVAL;
    plan.action = FAIL;
    plan.error = parse_error(text);
    return plan.error < 0 ? 0 : -EINVAL;
}

int rq_failpoint_plan(const char *text)
{
    struct rq_slice rest, name, action;

    plan.point = NULL;
    if (text == NULL)
        return 0;
    rest = rq_slice_str(text);
    if (!rq_slice_split(&rest, ':', &name) || (plan.point = find(name)) == NULL)
        return -EINVAL;
    rq_ignore(rq_slice_split(&rest, '@', &action));
    plan.at = 1;
    int rc = rest.ptr == NULL ? 0 : rq_num_u64(rest, 1, HITS_MAX, &plan.at);
    if (rc == 0)
        rc = parse_action(action);
    if (rc < 0)
        plan.point = NULL;
    return rc < 0 ? -EINVAL : 0;
}

int rq_failpoint_hit(struct rq_failpoint *point)
{
    if (point != plan.point || ++point->hits != plan.at)
        return 0;
    if (plan.action == KILL)
        kill(getpid(), SIGKILL);
    LOG_WARN("event=failpoint name=%s", point->name);
    if (plan.action == DELAY)
        poll(NULL, 0, (int)plan.delay_ms);
    return plan.action == FAIL ? plan.error : 0;
}
