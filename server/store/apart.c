/* apart - bodies that stand apart, in the hash `big`: written and deleted.
 *
 *   HSET of the bodies  ->  its answer  ->  XADD of the commit  ->  its answer
 *
 * The XADD waits for the answer of the HSET.  In one pipeline a Redis that is full
 * could refuse 64 MiB of body and take the 100 bytes of the commit behind it: a job
 * without a body.  What is left of a crash between the two is deleted by the next
 * recovery.
 *
 * Nothing fences an HSET or HDEL.  So names are never used twice, and only that is
 * deleted which no log from our claim on can need: fields of earlier epochs which that
 * log does not name, and those of jobs whose end is in it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/inner.h"
#include "store/names.h"

enum { FIELDS_MAX = 256 }; /* deleted by one command */

/* ---- writing ---- */

static void write_body(struct store *s, struct big *big)
{
    char field[BIG_FIELD];
    struct rq_slice name = rq_slice(field, big_field(big->job, &big->apart, field));

    link_arg(s->link, name);
    uint8_t *value = link_arg_room(s->link, big->bytes.len + SEAL_OVERHEAD);
    if (value != NULL)
        seal_close_field(&s->big_seal, name, big->bytes, value);
}

static size_t count_held(const struct store *s, uint64_t seq)
{
    size_t count = 0;

    RQ_LIST_EACH(link, &s->commits.bigs.held)
    count += RQ_LIST_ENTRY(link, struct big, link)->seq == seq;
    return count;
}

int apart__write(struct store *s, const struct commit *c, bool is_full)
{
    size_t count = count_held(s, c->seq);

    link_begin(s->link, 2 * count + (is_full ? 5 : 2));
    if (is_full) {
        link_arg_str(s->link, "EVAL");
        link_arg_str(s->link, NAMES_SCRIPT);
        link_arg_str(s->link, "1");
        link_arg_str(s->link, NAMES_BIG);
        link_arg_str(s->link, "HSET");
    } else {
        link_arg_str(s->link, "HSET");
        link_arg_str(s->link, NAMES_BIG);
    }
    RQ_LIST_EACH(link, &s->commits.bigs.held)
    {
        struct big *big = RQ_LIST_ENTRY(link, struct big, link);

        if (big->seq != c->seq)
            continue;
        big->was_sent = true;
        write_body(s, big);
    }
    return link_end(s->link);
}

/* ---- deleting ---- */

int apart__tidy(struct store *s)
{
    struct bigs *b = &s->commits.bigs;
    size_t count = 0;

    if (s->state != STORE_UP || s->is_tidying || rq_list_empty(&b->waste))
        return 0;
    while (count < FIELDS_MAX && !rq_list_empty(&b->waste)) {
        rq_list_push_back(&b->going, rq_list_pop_front(&b->waste));
        count++;
    }
    link_begin(s->link, 2 + count);
    link_arg_str(s->link, "HDEL");
    link_arg_str(s->link, NAMES_BIG);
    RQ_LIST_EACH(link, &b->going)
    {
        const struct big *big = RQ_LIST_ENTRY(link, struct big, link);
        char field[BIG_FIELD];

        link_arg(s->link, rq_slice(field, big_field(big->job, &big->apart, field)));
    }
    int rc = link_end(s->link);
    if (rc < 0) {
        bigs_keep(b);
        return rc == -ENOMEM ? 0 : rc; /* without memory: another time */
    }
    s->is_tidying = true;
    flow__want(s, WANT_WASTE);
    return 0;
}

/* What Redis refuses to delete is tried again with the next commit. */
int apart__answer_tidy(struct store *s)
{
    struct bigs *b = &s->commits.bigs;
    char why[LINK_WHY];
    int64_t deleted;

    s->is_tidying = false;
    int rc = link_refusal(s->link, why);
    if (rc < 0) {
        bigs_keep(b);
        return 0;
    }
    rc = link_take_integer(s->link, &deleted);
    if (rc == 0)
        bigs_gone(b);
    return rc < 0 ? rc : apart__tidy(s);
}

/* ---- recovery ---- */

/* Is this a name that no log from our claim on can need? */
static bool is_orphan(const struct store *s, struct rq_slice field)
{
    struct record_apart apart;
    struct job_id job;

    if (big_field_parse(field, &job, &apart) < 0)
        return false; /* not ours: left alone */
    return apart.epoch < s->fence.epoch && !bigs_names(&s->commits.bigs, job, &apart);
}

/* The fields of a reply to HKEYS stand from token `at` on: deletes the orphans among
 * the next ones.  Returns  how many */
static long delete_orphans(struct store *s, size_t *at, size_t end)
{
    struct rq_slice field;
    size_t from = *at, count = 0;

    for (; *at < end && count < FIELDS_MAX; ++*at)
        if (link_peek_bytes(s->link, *at, &field) < 0)
            return -EBADMSG;
        else if (is_orphan(s, field))
            count++;
    if (count == 0)
        return 0;
    link_begin(s->link, 2 + count);
    link_arg_str(s->link, "HDEL");
    link_arg_str(s->link, NAMES_BIG);
    for (size_t i = from; i < *at; i++)
        if (link_peek_bytes(s->link, i, &field) == 0 && is_orphan(s, field))
            link_arg(s->link, field);
    int rc = link_end(s->link);
    return rc < 0 ? rc : (long)count;
}

RIO_AWAITS static int take_number(struct store *s, int64_t *out)
{
    int rc = await(link_reply(s->link));

    if (rc == 0)
        rc = link_refusal(s->link, s->why);
    return rc < 0 ? rc : link_take_integer(s->link, out);
}

/* Only names are loaded, never bodies.  Reads the replies to what was sent meanwhile.
 */
RIO_AWAITS static int sweep(struct store *s)
{
    size_t fields, at = 0, commands = 0;
    int64_t orphans = 0, deleted;

    int rc = link_send(s->link, (const char *[]){"HKEYS", NAMES_BIG, NULL});
    if (rc == 0)
        rc = await(link_reply(s->link));
    if (rc == 0)
        rc = link_refusal(s->link, s->why);
    if (rc == 0)
        rc = link_take_array(s->link, &fields);
    while (rc == 0 && at < fields) {
        long sent = delete_orphans(s, &at, fields);

        rc = sent < 0 ? (int)sent : 0;
        commands += sent > 0;
        orphans += sent > 0 ? sent : 0;
    }
    for (; rc == 0 && commands > 0; commands--)
        rc = await(take_number(s, &deleted));
    if (rc == 0 && orphans > 0)
        LOG_INFO("event=big_bodies_deleted count=%lld why=\"no job has them\"",
                 (long long)orphans);
    return rc;
}

int apart__recover(struct store *s)
{
    int64_t count;

    int rc = link_send(s->link, (const char *[]){"HLEN", NAMES_BIG, NULL});
    if (rc == 0)
        rc = await(take_number(s, &count));
    if (rc == 0 && count > 0 && count <= LINK_ELEMENTS_MAX)
        rc = await(sweep(s));
    return rc;
}
