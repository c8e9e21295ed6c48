/* recover - reading the log.
 *
 * The reply to XRANGE is an array of entries, each [id, [field, value]]: five tokens.
 * An entry is applied as soon as its tokens are there.
 * SPDX-License-Identifier: MIT */
#include "store/recover.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/failpoint.h"
#include "base/num.h"
#include "store/encode.h"
#include "store/names.h"

enum {
    PAGE_BYTES = 1 << 20, /* what a page should come to */
    PAGE_FIRST = 64,      /* entries, before we know how large they are */
    PAGE_MAX = 16384,
    ENTRY_TOKENS = 5,
};

void recover_init(struct recover *r, struct ledger *ledger, struct bigs *bigs,
                  const struct seal *seal, const struct store_events *events)
{
    *r = (struct recover){.ledger = ledger,
                          .bigs = bigs,
                          .seal = seal,
                          .events = events,
                          .page = PAGE_FIRST};
}

/* ---- one entry ---- */

static int damaged(struct entry_id id, const char *what, const char *remedy, char *why)
{
    char name[ENTRY_TEXT];

    entry_format(id, name);
    int len = snprintf(why, LINK_WHY, "entry %s of " NAMES_LOG " %s; ", name, what);
    if (len > 0 && len < LINK_WHY)
        snprintf(why + len, (size_t)(LINK_WHY - len), "%.*s", LINK_WHY - len - 1,
                 remedy);
    return -EBADMSG;
}

static int bad_seal(int rc, struct entry_id id, char *why)
{
    switch (rc) {
    case -ENOTSUP:
        return damaged(id, "is of a newer version", "use a newer ringqd", why);
    case -ENOKEY:
        return damaged(id, "is sealed with another key", "give ringqd that key", why);
    default:
        return damaged(id, "is damaged: its checksum does not fit",
                       "restore Redis from a backup, or give its jobs up: start once "
                       "with --bad-entries set-aside",
                       why);
    }
}

static int replay(struct recover *r, struct entry_id id, struct rq_slice plain,
                  size_t len, char *why)
{
    struct decoder d;
    struct record record;
    uint64_t seq;

    if (decode_begin(&d, plain) < 0)
        return damaged(id, "cannot be read", "restore Redis from a backup", why);
    int rc = ledger_add(r->ledger, &seq);
    size_t before = d.rest.len;
    while (rc == 0 && (rc = decode_next(&d, &record)) == 1) {
        /* First: the replay may forget it at once. */
        if (record_is_home(&record))
            ledger_count(r->ledger, seq, before - d.rest.len);
        before = d.rest.len;
        rc = bigs_replay(r->bigs, &record);
        if (rc == 0)
            rc = r->events->replay(r->events->arg, &record, seq);
        if (rc < 0)
            break;
        r->records++;
    }
    if (rc == -ENOTSUP)
        return damaged(id, "holds a record of a newer version", "use a newer ringqd",
                       why);
    if (rc < 0)
        return damaged(id, "cannot be applied", rq_err_text(rc), why);
    ledger_place(r->ledger, seq, id, len + LEDGER_AROUND);
    return 0;
}

static int apply(struct recover *r, struct entry_id id, struct rq_slice field,
                 uint8_t *value, size_t len, char *why)
{
    struct rq_slice plain;

    if (entry_compare(id, r->at) <= 0 || id.epoch > ENCODE_EPOCH_MAX)
        return damaged(id, "stands where it cannot", "restore Redis from a backup",
                       why);
    if (id.n == 0 && rq_slice_eq(field, RQ_LIT("own")))
        return 0;
    if (id.n == 0 || !rq_slice_eq(field, RQ_LIT("b")))
        return damaged(id, "is not ours", "give ringq a Redis database of its own",
                       why);

    int rc = seal_open(r->seal, id, value, len, &plain);
    if (rc < 0)
        return bad_seal(rc, id, why);
    return replay(r, id, plain, len, why);
}

int recover_take_entry(struct link *l, struct entry_id *out_id,
                       struct rq_slice *out_field, uint8_t **out_value, size_t *out_len)
{
    struct rq_slice id;
    size_t parts, fields;

    if (link_take_array(l, &parts) < 0 || parts != 2 || link_take_bytes(l, &id) < 0 ||
        entry_parse(id, out_id) < 0 || link_take_array(l, &fields) < 0 || fields != 2 ||
        link_take_bytes(l, out_field) < 0)
        return -EBADMSG;
    return link_take_mutable(l, out_value, out_len);
}

static int apply_next(struct recover *r, struct link *l, size_t *page_bytes, char *why)
{
    struct entry_id id;
    struct rq_slice field;
    uint8_t *value;
    size_t len;

    int rc = recover_take_entry(l, &id, &field, &value, &len);
    if (rc < 0) {
        snprintf(why, LINK_WHY,
                 NAMES_LOG " holds an entry that is not ours; "
                           "give ringq a Redis database of its own");
        return rc;
    }
    rc = apply(r, id, field, value, len, why);
    if (rc < 0)
        return rc;
    FAILPOINT("recover.entry");
    r->at = id;
    r->entries++;
    r->bytes += len;
    *page_bytes += len;
    return 0;
}

/* ---- pages ---- */

/* One page on its way in. */
struct page {
    size_t asked, count, left; /* entries; left: not applied yet */
    size_t bytes;              /* of values applied so far */
    bool opened;               /* its first token was taken: count is valid */
    bool has_next;             /* the page behind it was requested */
};

static int request(struct recover *r, struct link *l, struct entry_id behind,
                   struct entry_id end, struct page *out)
{
    char from[ENTRY_TEXT + 1], to[ENTRY_TEXT + 1], count[RQ_NUM_DIGITS + 1];

    from[0] = to[0] = '(';
    entry_format(behind, from + 1);
    entry_format(end, to + 1);
    count[rq_num_format(r->page, count)] = '\0';
    *out = (struct page){.asked = r->page};
    return link_send(
        l, (const char *[]){"XRANGE", NAMES_LOG, from, to, "COUNT", count, NULL});
}

static int open_page(struct link *l, struct page *page, char *why)
{
    int rc = link_refusal(l, why);
    if (rc == 0)
        rc = link_take_array(l, &page->count);
    if (rc < 0)
        return rc;
    page->opened = true;
    page->left = page->count;
    return page->count <= page->asked ? 0 : -EBADMSG;
}

/* All of `page` is here: asks for the one behind it.  When an entry has an odd shape
 * that is left to apply_next(), which can name it. */
static int request_next(struct recover *r, struct link *l, struct entry_id end,
                        struct page *page, struct page *next)
{
    struct rq_slice text;
    struct entry_id last;

    if (page->count < page->asked ||
        link_peek_bytes(l, (page->left - 1) * ENTRY_TOKENS + 1, &text) < 0 ||
        entry_parse(text, &last) < 0)
        return 0;
    page->has_next = true;
    return request(r, l, last, end, next);
}

/* Entries differ in size a thousandfold: ask for as many as would have made a good page
 * this time, but never for more than twice as many as before. */
static void adapt(struct recover *r, const struct page *page)
{
    size_t good = page->count * PAGE_BYTES / (page->bytes + 1);

    if (good > 2 * page->asked)
        good = 2 * page->asked;
    r->page = good < 1 ? 1 : good > PAGE_MAX ? PAGE_MAX : good;
}

RIO_AWAITS static int read_page(struct recover *r, struct link *l, struct entry_id end,
                                struct page *page, struct page *next, char *why)
{
    int complete = 0;

    while (complete == 0) {
        complete = await(link_receive(l, link_timeout(l)));
        if (complete < 0)
            return complete == -EAGAIN ? -ETIMEDOUT : complete;

        int rc = page->opened || link_tokens(l) == 0 ? 0 : open_page(l, page, why);
        if (rc == 0 && complete == 1)
            rc = request_next(r, l, end, page, next);
        while (rc == 0 && page->left > 0 && link_tokens(l) >= ENTRY_TOKENS) {
            rc = apply_next(r, l, &page->bytes, why);
            page->left--;
        }
        if (rc < 0)
            return rc;
    }
    FAILPOINT("recover.page");
    adapt(r, page);
    return page->left == 0 ? 0 : -EBADMSG;
}

int recover_read(struct recover *r, struct link *l, struct entry_id end, char *why)
{
    struct page page, next = {0};

    int rc = request(r, l, r->at, end, &page);
    while (rc == 0) {
        rc = await(read_page(r, l, end, &page, &next, why));
        if (rc < 0 || !page.has_next)
            break;
        page = next;
    }
    return rc;
}

/* ---- one commit looked up ---- */

static int compare(struct link *l, const struct seal *seal, struct entry_id id,
                   struct rq_slice plain, char *why)
{
    struct entry_id found;
    struct rq_slice field, opened;
    uint8_t *value;
    size_t len;

    int rc = recover_take_entry(l, &found, &field, &value, &len);
    if (rc < 0)
        return damaged(id, "is not ours", "give ringq a Redis database of its own",
                       why);
    rc = seal_open(seal, id, value, len, &opened);
    if (rc < 0)
        return bad_seal(rc, id, why);
    if (!rq_slice_eq(opened, plain))
        return damaged(id, "is not what we wrote",
                       "look for a second server with our epoch file", why);
    return 1;
}

int recover_find(struct link *l, const struct seal *seal, struct entry_id id,
                 struct rq_slice plain, char *why)
{
    char name[ENTRY_TEXT];
    size_t count;

    entry_format(id, name);
    int rc = link_send(l, (const char *[]){"XRANGE", NAMES_LOG, name, name, NULL});
    if (rc < 0)
        return rc;
    rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, why);
    if (rc == 0)
        rc = link_take_array(l, &count);
    if (rc < 0)
        return rc;
    return count == 0 ? 0 : compare(l, seal, id, plain, why);
}
