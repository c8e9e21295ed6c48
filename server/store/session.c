/* session - the store's task: link, checks, claim, recover or resolve, serve; again.
 *
 * A session lasts as long as its link.  Whatever ends it, the next one begins with a
 * new epoch: nothing that the old socket still carries can land after the claim, so
 * what the log says then is final.
 *
 *   what ended it                              then
 *   cut, silence, refusals that pass           50 to 500 ms with jitter, again
 *   password, rights, settings                 at start: HALTED; later: again in 10 s
 *   another claim                              FENCED
 *   damage, foreign data, used up epochs       HALTED
 * SPDX-License-Identifier: MIT */
#include "store/inner.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mutant.h"
#include "store/aside.h"
#include "store/errors.h"

/* Units  ns, but for their names */
static const int64_t PAUSE_MIN = 50 * RIO_MS, PAUSE_MAX = 500 * RIO_MS,
                     PAUSE_OPERATOR = 10 * RIO_SEC;
static const int64_t TICK_MAX = RIO_SEC, TICK_CROWDED = 200 * RIO_MS,
                     PROBE_AFTER = RIO_SEC;
static const int64_t CONNECT_MIN = 500 * RIO_MS;
enum { CONNECT_SHARE = 4 }; /* as long as that many connects took */

/* ---- from nothing to an owned log ---- */

/* What is sent into a cut network is sent again after 1, 3 and 7 s: whoever waits for
 * that is late when the cut is over.  So, once we know how long it takes, we rather ask
 * anew. */
static int64_t connect_patience(const struct store *s)
{
    int64_t limit = CONNECT_SHARE * s->connect_ns;

    if (limit < CONNECT_MIN)
        limit = CONNECT_MIN;
    return s->connect_ns != 0 && limit < s->config.redis_timeout_ns
               ? limit
               : s->config.redis_timeout_ns;
}

RIO_AWAITS static int open_link(struct store *s)
{
    int64_t begin = rio_now();

    int rc = await(
        link_open(&s->url, s->config.redis_timeout_ns, connect_patience(s), &s->link));
    if (rc >= 0)
        s->connect_ns = rio_now() - begin + 1;
    if (rc >= 0 || rc == -ECANCELED)
        return rc;
    s->link = NULL;
    snprintf(s->why, sizeof s->why, "cannot connect to Redis at %.100s%s%s: %s",
             s->url.host, s->url.port[0] != '\0' ? ":" : "", s->url.port,
             rq_err_text(rc));
    return -ECONNREFUSED; /* not to be taken for an answer of Redis */
}

/* Says once what the operator should know about these settings.  Those of our private
 * Redis are our own doing. */
static void report_settings(const struct store *s, const struct settings *now)
{
    enum store_level wanted = s->config.wanted;
    enum store_level holds = settings_level(now, wanted);

    if (holds < wanted && s->config.is_private)
        LOG_WARN("event=durability_lower wanted=%s holds=%s", store_level_name(wanted),
                 store_level_name(holds));
    else if (holds < wanted)
        LOG_WARN(
            "event=durability_lower wanted=%s holds=%s action=\"CONFIG SET appendonly "
            "yes appendfsync %s, and in redis.conf\"",
            store_level_name(wanted), store_level_name(holds),
            wanted == STORE_FSYNC ? "always" : "everysec");
    if (!now->verified)
        LOG_WARN(
            "event=durability_unverified assumed=%s why=\"the ACL forbids CONFIG GET\"",
            store_level_name(holds));
}

RIO_AWAITS static int prepare(struct store *s)
{
    struct settings now;

    int rc = await(link_greet(s->link, &s->url, s->why));
    if (rc < 0)
        return rc;
    rc = await(settings_read(s->link, &now, s->why));
    if (rc < 0)
        return rc;
    if (!s->was_up || now.promised != s->settings.promised ||
        now.verified != s->settings.verified)
        report_settings(s, &now);
    s->settings = now;
    if (s->fence.epoch > 0)
        return 0;
    return await(fence_self_test(&s->fence, s->link, s->why));
}

/* Redis may have forgotten what it acknowledged: a crash below fsync, FLUSHALL, a stale
 * replica.  Our memory still has it; the log has not. */
static int check_tail(struct store *s, struct entry_id top, bool *out_lost)
{
    char expected[ENTRY_TEXT], found[ENTRY_TEXT];
    struct entry_id last = s->is_whole ? s->acked : s->recover.at;

    *out_lost = s->has_hole || entry_compare(top, last) < 0;
    if (!*out_lost)
        return 0;
    entry_format(last, expected);
    entry_format(top, found);
    s->lost_tails++;
    LOG_ERROR("event=store_lost_tail acknowledged=%s log_ends_at=%s "
              "why=\"Redis has lost what it had acknowledged\" action=\"%s\"",
              expected, found,
              s->is_whole
                  ? "writing again what lives; until store_repaired a restart of "
                    "ringqd would lose jobs"
                  : "stopping");
    if (s->is_whole)
        return 0;
    snprintf(
        s->why, sizeof s->why,
        "the log lost its end while it was being read (%s, now %s); start ringqd again",
        expected, found);
    return -EBADMSG;
}

RIO_AWAITS static int recover(struct store *s)
{
    int rc = 0;

    s->state = STORE_RECOVERING;
    if (s->config.sets_bad_aside)
        rc = await(aside_put(s->link, &s->seal, s->why));
    if (rc == 0)
        rc = await(recover_read(&s->recover, s->link,
                                (struct entry_id){s->fence.epoch, 0}, s->why));
    if (rc < 0)
        return rc;
    rc = await(apart__recover(s));
    if (rc < 0)
        return rc;
    FAILPOINT("recover.read");
    s->is_whole = true;
    s->acked = s->recover.at;
    s->confirmed_seq = ledger_next(&s->ledger) - 1;
    return 0;
}

/* The claim has settled what became of the commit in flight: look. */
RIO_AWAITS static int resolve(struct store *s)
{
    struct commit *c = commits_first(&s->commits);
    char id[ENTRY_TEXT];

    if (!s->in_flight)
        return 0;
    FAILPOINT("resolve.before_look");
    int rc = await(
        recover_find(s->link, &s->seal, c->id, commit_plain(&s->commits, c), s->why));
    if (rc < 0)
        return rc;
    entry_format(c->id, id);
    LOG_INFO("event=commit_resolved id=%s landed=%s", id, rc == 1 ? "yes" : "no");
    FAILPOINT("resolve.found");
    if (rc == 1 || MUTANT(UNKNOWN_TAKEN_FOR_STORED))
        flow__landed(s);
    else
        flow__not_landed(s);
    return 0;
}

/* What was not confirmed before the loss comes behind this claim anyway. */
static void begin_repair(struct store *s)
{
    FAILPOINT("repair.begin");
    s->has_hole = false;
    s->is_repairing = true;
    s->is_cutting = false;
    s->repair_from = (struct entry_id){s->fence.epoch, 0};
    s->repaired_seq = 0;
    if (s->commits.bigs.count == 0) {
        s->events.lost(s->events.arg, s->confirmed_seq + 1);
        return;
    }
    /* But for bodies that stand apart: what is to come may refer to some that are lost.
     */
    bigs_lose(&s->commits.bigs);
    commits_close(&s->commits);
    s->events.lost(s->events.arg, ledger_next(&s->ledger));
}

RIO_AWAITS static int take_over(struct store *s)
{
    struct entry_id top;
    bool lost;

    int rc = await(fence_claim(&s->fence, s->link, &top, s->why));
    if (rc < 0)
        return rc;
    s->next_n = 1;
    s->commits.bigs.epoch = s->fence.epoch;
    rc = check_tail(s, top, &lost);
    if (rc < 0)
        return rc;
    if (!s->is_whole)
        return await(recover(s));
    rc = await(resolve(s));
    if (rc == 0 && lost)
        begin_repair(s);
    return rc;
}

/* ---- serving ---- */

static int enter_up(struct store *s)
{
    if (s->was_up)
        s->reconnects++;
    s->was_up = true;
    s->state = STORE_UP;
    s->heard_ns = rio_now();
    s->why[0] = s->problem[0] = s->logged[0] = '\0';
    LOG_INFO("event=store_up epoch=%llu level=%s verified=%s redis=%s entries=%zu "
             "records=%llu",
             (unsigned long long)s->fence.epoch,
             store_level_name(settings_level(&s->settings, s->config.wanted)),
             s->settings.verified ? "yes" : "no", s->settings.version,
             ledger_entries(&s->ledger), (unsigned long long)s->recover.records);
    FAILPOINT("session.up");
    s->events.owned(s->events.arg, s->fence.epoch);
    flow__arm(s);
    int rc = copies__ask(s); /* of the claim, and so of all */
    return rc < 0 ? rc : 0;
}

/* Nothing came for a tick. */
static int look_around(struct store *s)
{
    int64_t now = rio_now();
    int64_t patience = s->config.redis_timeout_ns;
    size_t unsent = link_unsent(s->link);

    if (unsent < s->unsent)
        s->want_since_ns = now; /* a large commit is on its way */
    s->unsent = unsent;
    if (s->want_count > 0 && s->wants[0] == WANT_COPIES)
        patience += s->config.copies_wait_ns; /* we have told it to be silent */
    if (s->want_count > 0 && now - s->want_since_ns >= patience) {
        snprintf(s->why, sizeof s->why, "Redis has not answered for %lld ms",
                 (long long)((now - s->want_since_ns) / RIO_MS));
        return -ETIMEDOUT;
    }
    flow__pump(s);
    if (s->want_count == 0 && now - s->heard_ns >= PROBE_AFTER) {
        int rc = probe__ask(s);
        if (rc < 0)
            return rc;
    }
    int rc = apart__tidy(s);
    return rc < 0 ? rc : probe__memory(s);
}

RIO_AWAITS static int serve(struct store *s)
{
    int64_t tick = s->config.redis_timeout_ns / 4;

    if (tick > TICK_MAX)
        tick = TICK_MAX;
    for (;;) {
        int64_t patience = s->is_crowded && tick > TICK_CROWDED ? TICK_CROWDED : tick;
        int rc = await(link_receive(s->link, patience));
        if (rc == 1)
            rc = flow__answer(s);
        else if (rc == -EAGAIN)
            rc = look_around(s);
        if (rc < 0)
            return rc;
        if (side__is_idle(s))
            rq_ignore(await(side__close(s))); /* nobody waits for it */
    }
}

RIO_AWAITS static int run_session(struct store *s)
{
    s->why[0] = '\0';
    int rc = await(open_link(s));
    FAILPOINT_ERROR("session.connected", rc);
    if (rc < 0)
        return rc;
    rc = await(prepare(s));
    if (rc < 0)
        return rc;
    rc = await(take_over(s));
    if (rc < 0)
        return rc;
    rc = enter_up(s);
    return rc < 0 ? rc : await(serve(s));
}

/* ---- after a session ---- */

/* Only an operator can mend these. */
static bool needs_operator(int rc)
{
    return rc == -EACCES || rc == -EPERM || rc == -EXDEV || rc == -ENOTSUP;
}

static bool is_final(const struct store *s, int rc)
{
    return rc == -ESTALE || rc == -EBADMSG || rc == -EMEDIUMTYPE || rc == -EOVERFLOW ||
           (needs_operator(rc) && !s->was_up);
}

static void stop(struct store *s, int rc)
{
    bool is_fenced = rc == -ESTALE;
    const char *rival = is_fenced ? s->fence.rival : "";
    const char *remedy = errors_remedy(rc);
    char why[2 * LINK_WHY];

    if (is_fenced)
        snprintf(why, sizeof why, "another server%s%s owns the log now",
                 rival[0] != '\0' ? " at " : "", rival);
    else
        snprintf(why, sizeof why, "%s%s%s", s->why, remedy[0] != '\0' ? "; " : "",
                 remedy);
    snprintf(s->problem, sizeof s->problem, "%.*s", (int)sizeof s->problem - 1, why);
    s->state = is_fenced ? STORE_FENCED : STORE_HALTED;
    if (is_fenced)
        LOG_ERROR("event=store_fenced epoch=%llu why=\"%s\"",
                  (unsigned long long)s->fence.epoch, why);
    else
        LOG_ERROR("event=store_halted epoch=%llu why=\"%s\"",
                  (unsigned long long)s->fence.epoch, why);
    store__wake_flushers(s, true);
    s->events.stopped(s->events.arg, s->state, rival, why);
}

/* The same trouble is logged once, not once a second. */
static void report(struct store *s, int rc)
{
    const char *remedy = errors_remedy(rc);

    if (strcmp(s->problem, s->logged) == 0)
        return;
    LOG_WARN("event=store_down why=\"%s%s%s\" action=\"trying again\"", s->problem,
             remedy[0] != '\0' ? "; " : "", remedy);
    memcpy(s->logged, s->problem, sizeof s->logged);
}

/* Ends the session's link.  Who fenced us is asked first. */
RIO_AWAITS static int leave(struct store *s, int rc)
{
    bool was_up = s->state == STORE_UP;

    flow__stop(s);
    s->state = STORE_CONNECTING;
    if (s->why[0] == '\0')
        snprintf(s->why, sizeof s->why, "the link to Redis broke: %s", rq_err_text(rc));
    memcpy(s->problem, s->why, sizeof s->problem);
    if (was_up)
        s->events.down(s->events.arg);
    if (rc == -ESTALE && was_up)
        rq_ignore(await(fence_find_rival(&s->fence, s->link))); /* gives but a name */
    rq_ignore(await(link_close(s->link)));
    s->link = NULL;
    return rc;
}

static int64_t next_pause(struct store *s, int64_t pause, int rc)
{
    int64_t base = needs_operator(rc) ? PAUSE_OPERATOR : pause;

    return base / 2 + (int64_t)rq_rand_below(&s->rand, (uint64_t)base / 2 + 1);
}

long session__main(void *arg)
{
    struct store *s = arg;
    int64_t pause = PAUSE_MIN;
    int rc;

    for (;;) {
        uint64_t commits = s->commit_count;

        rc = await(run_session(s));
        rc = await(leave(s, rc));
        if (rc == -ECANCELED || is_final(s, rc))
            break;
        report(s, rc);
        /* A session that stored nothing was none: a commit that breaks the link each
         * time must not use up epochs at full speed. */
        bool worked = s->commit_count != commits;
        pause = worked ? PAUSE_MIN : pause * 2 < PAUSE_MAX ? pause * 2 : PAUSE_MAX;
        int slept = await(rio_sleep(next_pause(s, pause, rc)));
        if (slept < 0) {
            rc = slept;
            break;
        }
    }
    s->has_ended = true;
    rq_ignore(await(side__end(s))); /* the same */
    if (rc != -ECANCELED)
        stop(s, rc);
    store__wake_flushers(s, true);
    return rc == -ECANCELED ? rc : 0;
}
