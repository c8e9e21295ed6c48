/* fetch - bodies read back from the log.
 *
 * Wants are sorted by their place in the log.  Those whose commits stand close together
 * share one XRANGE; the ledger knows the size of each commit, so a page is bounded in
 * bytes.  An entry is opened as soon as it is here, so memory does not grow with the
 * page.
 *
 * That something is gone is only believed of the log that carries our claim: the link
 * may have led to a replica that was left behind, or to a Redis that has lost the log,
 * which the session will notice.
 * SPDX-License-Identifier: MIT */
#include "store/fetch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "store/body.h"
#include "store/inner.h"
#include "store/names.h"
#include "store/spots.h"

enum {
    PAGE_BYTES = 1 << 20, /* of all commits from the first to the last of a page */
    GAP_BYTES = 64 << 10, /* read for nothing between two that are wanted */
    ENTRY_TOKENS = 5,
    ATTEMPTS = 3, /* without progress */
};

static const int64_t PAUSE = 50 * RIO_MS;

struct fetch {
    struct store *store;
    struct spots spots;
    char why[LINK_WHY]; /* the last refusal; "": none */
};

/* ---- one page ---- */

/* What stands in the log between two commits, the second one included.
 * Returns  bytes;  SIZE_MAX: more than a page, or not all of it is in the log */
static size_t distance(const struct store *s, uint64_t from, uint64_t to)
{
    size_t sum = 0;

    for (uint64_t seq = from + 1; seq <= to && sum <= PAGE_BYTES; seq++) {
        struct entry_id id;
        size_t bytes = 0;

        int rc = ledger_find(&s->ledger, seq, &id, &bytes);
        if (rc == 0)
            return SIZE_MAX;
        sum += bytes > LEDGER_AROUND ? bytes : LEDGER_AROUND;
    }
    return sum <= PAGE_BYTES ? sum : SIZE_MAX;
}

/* Adds the commits that stand close behind. */
static void extend(const struct fetch *f, struct spot_range *page, size_t bytes)
{
    const struct store *s = f->store;
    uint64_t last = page->from->want->home;
    struct entry_id id = page->from->id;
    size_t len;

    for (; page->to < f->spots.all + f->spots.count; page->to++) {
        uint64_t home = page->to->want->home;

        if (home != last) {
            size_t step = distance(s, last, home);

            if (step == SIZE_MAX || bytes + step > PAGE_BYTES ||
                ledger_find(&s->ledger, home, &id, &len) != 1 || step - len > GAP_BYTES)
                return;
            bytes += step;
            last = home;
        }
        page->to->id = id;
    }
}

static int request(struct link *l, struct spot_range page)
{
    char from[ENTRY_TEXT], to[ENTRY_TEXT];

    entry_format(page.from->id, from);
    entry_format(page.to[-1].id, to);
    return link_send(l, (const char *[]){"XRANGE", NAMES_LOG, from, to, NULL});
}

/* The next entry of the page: whoever wants something of it is told. */
static int take_entry(struct fetch *f, struct spot_range *left)
{
    struct rq_slice field, plain = {0};
    struct entry_id id;
    uint8_t *value;
    size_t len;

    int rc = recover_take_entry(f->store->side.link, &id, &field, &value, &len);
    if (rc < 0)
        return rc;
    while (left->from < left->to && entry_compare(left->from->id, id) < 0)
        left->from++; /* it is gone, which is told at the end of the page */

    struct spot_range here = {left->from, left->from};
    while (here.to < left->to && entry_compare(here.to->id, id) == 0)
        here.to++;
    left->from = here.to;
    if (here.from == here.to)
        return 0;
    rc = rq_slice_eq(field, RQ_LIT("b")) ? 0 : RQ_E_MALFORMED;
    if (rc == 0)
        rc = seal_open(&f->store->seal, id, value, len, &plain);
    if (rc < 0)
        spots_tell_rest(&f->spots, here, rc);
    else
        spots_tell_bodies(&f->spots, here, plain);
    return 0;
}

RIO_AWAITS static int read_page(struct fetch *f, struct spot_range page)
{
    struct link *l = f->store->side.link;
    bool is_open = false;
    size_t entries = 0;
    int complete = 0;

    int rc = request(l, page);
    while (rc == 0 && complete == 0) {
        complete = await(link_receive(l, link_timeout(l)));
        if (complete < 0)
            return complete == -EAGAIN ? -ETIMEDOUT : complete;
        if (!is_open && link_tokens(l) > 0) {
            rc = link_refusal(l, f->why);
            if (rc == 0)
                rc = link_take_array(l, &entries);
            is_open = true;
        }
        for (; rc == 0 && entries > 0 && link_tokens(l) >= ENTRY_TOKENS; entries--)
            rc = take_entry(f, &page);
    }
    return rc == 0 && entries > 0 ? -EBADMSG : rc;
}

/* Is this the log that we own, as far as we know?  Errors  -EAGAIN  it is not */
RIO_AWAITS static int check_claim(struct fetch *f)
{
    struct link *l = f->store->side.link;
    struct rq_slice owner;

    int rc = link_send(l, (const char *[]){"GET", NAMES_EPOCH, NULL});
    if (rc == 0)
        rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, f->why);
    if (rc < 0)
        return rc;
    if (link_take_bytes(l, &owner) < 0 || !fence_is_ours(&f->store->fence, owner))
        return -EAGAIN;
    return 0;
}

/* A body that stands apart, as its record says.  When it is not there, the spot is left
 * to be told so with all that is missing. */
RIO_AWAITS static int fetch_apart(struct fetch *f, struct spot *spot)
{
    char field[BIG_FIELD];
    struct rq_slice body = RQ_LIT("");
    size_t len = big_field(spot->want->job, &spot->apart, field);

    int rc = await(body_read(f->store->side.link, &f->store->big_seal,
                             rq_slice(field, len), &body, f->why));
    if (rc == -ENOENT)
        return 0;
    if (rc < 0 && !body_is_verdict(rc))
        return rc;
    spots_tell(&f->spots, spot, body, rc);
    return 0;
}

/* What the page said to stand apart; then all that was not found anywhere. */
RIO_AWAITS static int fetch_rest(struct fetch *f, struct spot_range r)
{
    bool is_missing = false;
    int rc = 0;

    for (struct spot *spot = r.from; rc == 0 && spot < r.to; spot++) {
        if (!spot->told && spot->found)
            rc = await(fetch_apart(f, spot));
        is_missing |= !spot->told;
    }
    if (rc == 0 && is_missing)
        rc = await(check_claim(f));
    if (rc == 0)
        spots_tell_rest(&f->spots, r, -ENOENT);
    return rc;
}

RIO_AWAITS static int fetch_page(struct fetch *f, struct spot_range page)
{
    int rc = await(side__open(f->store, f->why));

    if (rc == 0)
        rc = await(read_page(f, page));
    if (rc == 0)
        rc = await(fetch_rest(f, page));
    return rc;
}

/* ---- all of them ---- */

/* Copied, since the store may be called by whoever is told, and the commit change. */
static void tell_copy(struct fetch *f, struct spot *spot, struct rq_slice body)
{
    uint8_t *copy = malloc(body.len + 1);

    if (copy != NULL && body.len > 0)
        memcpy(copy, body.ptr, body.len);
    if (copy != NULL)
        spots_tell(&f->spots, spot, rq_slice(copy, body.len), 0);
    else
        spots_tell(&f->spots, spot, RQ_LIT(""), -ENOMEM);
    free(copy);
}

/* The commit has not been confirmed: it stands here, and so may a body apart. */
RIO_AWAITS static int fetch_from_memory(struct fetch *f, struct spot *spot)
{
    struct commits *commits = &f->store->commits;
    struct commit *commit = commits_find(commits, spot->want->home);
    const struct spot_range one = {spot, spot + 1};
    const struct big *big;
    int rc = -ENOENT;

    if (commit != NULL)
        rc = spots_find(one, commit_plain(commits, commit));
    if (rc == 0 && !spot->found)
        rc = -ENOENT;
    if (rc < 0) {
        spots_tell_rest(&f->spots, one, rc);
        return 0;
    }
    if (spot->apart.epoch == 0) {
        tell_copy(f, spot, spot->body);
        return 0;
    }
    big = bigs_find(&commits->bigs, spot->want->job, &spot->apart);
    if (big != NULL && big->seq != 0) {
        tell_copy(f, spot, big->bytes);
        return 0;
    }
    rc = await(side__open(f->store, f->why));
    return rc < 0 ? rc : await(fetch_rest(f, one));
}

/* What comes next: a page of the log, or one commit that is not there. */
RIO_AWAITS static int fetch_next(struct fetch *f, struct spot *next)
{
    struct spot_range page = {next, next};
    size_t bytes;

    int rc = ledger_find(&f->store->ledger, next->want->home, &next->id, &bytes);
    if (rc == 1) {
        extend(f, &page, bytes);
        return await(fetch_page(f, page));
    }
    if (rc == 0)
        return await(fetch_from_memory(f, next));
    spots_tell_rest(&f->spots, spots_of_commit(&f->spots, next), rc);
    return 0;
}

/* Only an operator, or a new claim, can mend these: no use in trying at once. */
static bool is_lasting(int rc)
{
    return rc == -EACCES || rc == -EPERM || rc == -EXDEV || rc == -EBADMSG ||
           rc == -EMEDIUMTYPE;
}

/* The link has failed and is closed.  Returns  0: it may be tried again */
RIO_AWAITS static int rest(struct fetch *f, int failures, int rc)
{
    struct store *s = f->store;

    if (store__is_stopped(s))
        return -ESHUTDOWN;
    if (failures >= ATTEMPTS || is_lasting(rc))
        return rc;
    int64_t most = PAUSE << failures;
    return await(
        rio_sleep(most / 2 + (int64_t)rq_rand_below(&s->rand, (uint64_t)most / 2)));
}

static void give_up(struct fetch *f, int rc)
{
    struct spots *s = &f->spots;

    LOG_WARN("event=fetch_failed wants=%zu why=\"%s\"", s->count - s->told,
             f->why[0] != '\0' ? f->why : rq_err_text(rc));
    spots_tell_rest(s, (struct spot_range){s->all, s->all + s->count}, rc);
}

RIO_AWAITS static int fetch_all(struct fetch *f)
{
    struct spots *s = &f->spots;
    struct spot *next;
    int failures = 0;

    while ((next = spots_next(s)) != NULL) {
        size_t before = s->told;

        int rc = await(fetch_next(f, next));
        if (rc == 0)
            continue;
        rq_ignore(await(side__close(f->store))); /* what broke it is known */
        failures = s->told > before ? 1 : failures + 1;
        if (rc != -ECANCELED)
            rc = await(rest(f, failures, rc));
        if (rc == -ECANCELED)
            return rc;
        if (rc < 0)
            give_up(f, rc);
    }
    return 0;
}

int store_fetch(struct store *s, const struct store_want *wants, size_t count,
                store_fetched_fn *fetched, void *arg)
{
    struct fetch f = {.store = s};

    if (store__is_stopped(s))
        return -ESHUTDOWN;
    if (count == 0)
        return 0;
    int rc = spots_init(&f.spots, wants, count);
    if (rc < 0)
        return rc;
    f.spots.fetched = fetched;
    f.spots.arg = arg;
    rc = await(rio_lock_acquire(&s->side.lock));
    if (rc == 0) {
        rc = await(fetch_all(&f));
        if (store__is_stopped(s))
            rq_ignore(await(side__close(s))); /* nobody else will */
        side__release(s);
    }
    spots_fini(&f.spots);
    return rc;
}
