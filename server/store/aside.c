/* aside - see aside.h.
 *
 *   XRANGE of a page  ->  each entry opened
 *   for each that does not open:  XRANGE id  ->  XADD bad  ->  its answer  ->  XDEL
 *
 * An entry is read a second time for the copy, since opening it changed its bytes.
 * SPDX-License-Identifier: MIT */
#include "store/aside.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "store/names.h"
#include "store/recover.h"

enum { PAGE = 32 }; /* entries: mostly far below the 1 MiB that one may have */

struct aside {
    struct link *link;
    const struct seal *seal;
    struct entry_id at; /* the last entry looked at */
    struct entry_id bad[PAGE];
    size_t bad_count; /* of this page */
    uint64_t entries, set_aside;
    char *why;
};

/* ---- looking ---- */

/* Only a checksum that does not fit counts: an entry that is foreign, of a newer
 * version or sealed with another key may be good. */
static bool is_bad(const struct aside *a, struct entry_id id, struct rq_slice field,
                   uint8_t *value, size_t len)
{
    struct rq_slice plain;

    return id.n > 0 && rq_slice_eq(field, RQ_LIT("b")) &&
           seal_open(a->seal, id, value, len, &plain) == RQ_E_MALFORMED;
}

static int take_entry(struct aside *a, uint8_t **out_value, size_t *out_len,
                      struct rq_slice *out_field)
{
    int rc = recover_take_entry(a->link, &a->at, out_field, out_value, out_len);

    if (rc < 0)
        snprintf(a->why, LINK_WHY,
                 NAMES_LOG " holds an entry that is not ours; "
                           "give ringq a Redis database of its own");
    return rc;
}

static int look(struct aside *a)
{
    struct rq_slice field;
    uint8_t *value;
    size_t len;

    int rc = take_entry(a, &value, &len, &field);
    if (rc < 0)
        return rc;
    a->entries++;
    if (is_bad(a, a->at, field, value, len))
        a->bad[a->bad_count++] = a->at;
    return 0;
}

RIO_AWAITS static int take_reply(struct aside *a)
{
    int rc = await(link_reply(a->link));

    return rc < 0 ? rc : link_refusal(a->link, a->why);
}

/* Returns  how many entries the page has */
RIO_AWAITS static long look_at_page(struct aside *a)
{
    char from[ENTRY_TEXT + 1] = "(", count[RQ_NUM_DIGITS + 1];
    size_t entries = 0;

    entry_format(a->at, from + 1);
    count[rq_num_format(PAGE, count)] = '\0';
    a->bad_count = 0;
    int rc = link_send(a->link, (const char *[]){"XRANGE", NAMES_LOG, from, "+",
                                                 "COUNT", count, NULL});
    if (rc == 0)
        rc = await(take_reply(a));
    if (rc == 0)
        rc = link_take_array(a->link, &entries);
    if (rc == 0 && entries > PAGE)
        rc = -EBADMSG;
    for (size_t i = 0; rc == 0 && i < entries; i++)
        rc = look(a);
    return rc < 0 ? rc : (long)entries;
}

/* ---- putting aside ---- */

/* The reply to XRANGE id id is at hand, and lends the bytes that are sent. */
static int send_copy(struct aside *a, const char *id, size_t *out_len)
{
    struct entry_id found;
    struct rq_slice field;
    uint8_t *value;
    size_t count;

    if (link_take_array(a->link, &count) < 0 || count != 1 ||
        recover_take_entry(a->link, &found, &field, &value, out_len) < 0)
        return -EBADMSG;
    link_begin(a->link, 7);
    link_arg_str(a->link, "XADD");
    link_arg_str(a->link, NAMES_BAD);
    link_arg_str(a->link, "*");
    link_arg_str(a->link, "id");
    link_arg_str(a->link, id);
    link_arg_str(a->link, "b");
    link_arg(a->link, rq_slice(value, *out_len));
    return link_end(a->link);
}

/* Gives the id of the copy. */
RIO_AWAITS static int copy(struct aside *a, const char *id, size_t *out_len,
                           struct entry_id *out_copy)
{
    struct rq_slice text;

    int rc = link_send(a->link, (const char *[]){"XRANGE", NAMES_LOG, id, id, NULL});
    if (rc == 0)
        rc = await(take_reply(a));
    if (rc == 0)
        rc = send_copy(a, id, out_len);
    if (rc == 0)
        rc = await(take_reply(a));
    if (rc == 0)
        rc = link_take_bytes(a->link, &text);
    return rc < 0 ? rc : entry_parse(text, out_copy) < 0 ? -EBADMSG : 0;
}

RIO_AWAITS static int delete (struct aside *a, const char *id)
{
    int64_t deleted;

    int rc = link_send(a->link, (const char *[]){"XDEL", NAMES_LOG, id, NULL});
    if (rc == 0)
        rc = await(take_reply(a));
    return rc < 0 ? rc : link_take_integer(a->link, &deleted);
}

RIO_AWAITS static int put_aside(struct aside *a, struct entry_id id)
{
    char name[ENTRY_TEXT], copy_name[ENTRY_TEXT];
    struct entry_id copied;
    size_t len;

    entry_format(id, name);
    int rc = await(copy(a, name, &len, &copied));
    if (rc < 0)
        return rc;
    rc = await(delete (a, name));
    if (rc < 0)
        return rc;
    a->set_aside++;
    entry_format(copied, copy_name);
    LOG_WARN("event=bad_entry_set_aside id=%s bytes=%zu stream=" NAMES_BAD " copy=%s "
             "why=\"its checksum does not fit\" "
             "meaning=\"jobs in it, and what became of others, may be lost\"",
             name, len, copy_name);
    return 0;
}

int aside_put(struct link *l, const struct seal *seal, char *why)
{
    struct aside a = {.link = l, .seal = seal, .why = why};
    long entries = PAGE;

    while (entries == PAGE) {
        entries = await(look_at_page(&a));
        for (size_t i = 0; entries >= 0 && i < a.bad_count; i++) {
            int rc = await(put_aside(&a, a.bad[i]));
            if (rc < 0)
                entries = rc;
        }
    }
    if (entries < 0)
        return (int)entries;
    if (a.set_aside == 0)
        LOG_INFO("event=no_bad_entries entries=%llu "
                 "action=\"start without bad-entries=set-aside from now on\"",
                 (unsigned long long)a.entries);
    else
        LOG_WARN("event=bad_entries_set_aside count=%llu entries=%llu "
                 "action=\"start without bad-entries=set-aside from now on\"",
                 (unsigned long long)a.set_aside, (unsigned long long)a.entries);
    return 0;
}
