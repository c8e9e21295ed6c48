/* side - the store's second link to Redis, for reading beside the commits.
 *
 * Whoever holds the lock uses it.  It is closed after an error, since replies would
 * shift, when it was not used for a while, and with the store.
 * SPDX-License-Identifier: MIT */
#include "store/inner.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"

enum { IDLE_TIMEOUTS = 2 }; /* so many timeouts of silence: 10 s */

int side__open(struct store *s, char *why)
{
    struct link *link;

    if (s->side.link != NULL)
        return 0;
    int rc = await(link_open(&s->url, s->config.redis_timeout_ns,
                             s->config.redis_timeout_ns, &link));
    if (rc < 0) {
        snprintf(why, LINK_WHY, "cannot connect to Redis: %s", rq_err_text(rc));
        /* No such socket is no such entry: not to be taken for an answer of Redis. */
        return rc == -ECANCELED || rc == -ENOMEM ? rc : -ECONNREFUSED;
    }
    rc = await(link_greet(link, &s->url, why));
    if (rc < 0)
        rq_ignore(await(link_close(link))); /* it could not be greeted: that is told */
    else
        s->side.link = link;
    return rc;
}

int side__close(struct store *s)
{
    struct link *link = s->side.link;

    s->side.link = NULL; /* at once: somebody may open another one meanwhile */
    return await(link_close(link));
}

void side__release(struct store *s)
{
    s->side.used_ns = rio_now();
    rq_ignore(rio_lock_release(&s->side.lock)); /* we hold it */
}

bool side__is_idle(const struct store *s)
{
    return s->side.link != NULL && !rio_lock_locked(&s->side.lock) &&
           rio_now() - s->side.used_ns >= IDLE_TIMEOUTS * s->config.redis_timeout_ns;
}

int side__end(struct store *s)
{
    if (rio_lock_locked(&s->side.lock))
        return 0; /* its holder will see that the store has ended, and close it */
    return await(side__close(s));
}
