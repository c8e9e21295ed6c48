/* survey - see survey.h.
 * SPDX-License-Identifier: MIT */
#include "store/survey.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/num.h"
#include "store/body.h"
#include "store/errors.h"
#include "store/names.h"
#include "store/recover.h"
#include "store/seal.h"

enum { PAGE = 64 }; /* entries: mostly far below the 1 MiB that one may have */

static const int64_t TIMEOUT = 30 * RIO_SEC; /* a page can be large, and Redis busy */

struct survey {
    struct link *link;
    struct seal seal, big_seal;
    struct bigs bigs; /* those that the log needs, as far as it was read */
    survey_visit *visit;
    survey_body_visit *bodies;
    void *arg;
    struct entry_id at;
    char *why;
};

/* ---- one entry ---- */

static const char *name_damage(int rc)
{
    switch (rc) {
    case 0:
        return NULL;
    case -ENOTSUP:
        return "is of a newer version";
    case -ENOKEY:
        return "is sealed with another key";
    default:
        return "is damaged: its checksum does not fit";
    }
}

/* Which bodies stand apart after this commit.  What cannot be read is the visitor's. */
static int follow(struct survey *s, struct rq_slice plain)
{
    struct decoder d;
    struct record record;
    int rc = 0;

    if (decode_begin(&d, plain) < 0)
        return 0;
    while (rc == 0 && decode_next(&d, &record) == 1)
        rc = bigs_replay(&s->bigs, &record);
    return rc;
}

static int show(struct survey *s, struct entry_id id, struct rq_slice field,
                uint8_t *value, size_t len)
{
    struct survey_entry e = {.id = id, .bytes = len};

    if (id.n == 0 && rq_slice_eq(field, RQ_LIT("own"))) {
        e.is_claim = true;
        e.text = rq_slice(value, len);
    } else if (id.n == 0 || !rq_slice_eq(field, RQ_LIT("b"))) {
        e.damage = "is not ours";
    } else {
        e.damage = name_damage(seal_open(&s->seal, id, value, len, &e.text));
    }
    if (e.damage != NULL)
        e.text = RQ_LIT("");
    s->visit(s->arg, &e);
    return e.is_claim || e.damage != NULL ? 0 : follow(s, e.text);
}

static int take(struct survey *s)
{
    struct rq_slice field;
    struct entry_id id;
    uint8_t *value;
    size_t len;

    if (recover_take_entry(s->link, &id, &field, &value, &len) < 0) {
        snprintf(s->why, LINK_WHY, NAMES_LOG " holds an entry that is not ours");
        return -EBADMSG;
    }
    if (entry_compare(id, s->at) <= 0)
        return -ESTALE;
    s->at = id;
    return show(s, id, field, value, len);
}

/* ---- pages ---- */

/* Returns  how many entries it had */
RIO_AWAITS static long read_page(struct survey *s)
{
    char from[ENTRY_TEXT + 1] = "(", count[RQ_NUM_DIGITS + 1];
    size_t entries = 0;

    entry_format(s->at, from + 1);
    count[rq_num_format(PAGE, count)] = '\0';
    int rc = link_send(s->link, (const char *[]){"XRANGE", NAMES_LOG, from, "+",
                                                 "COUNT", count, NULL});
    if (rc < 0)
        return rc;
    rc = await(link_reply(s->link));
    if (rc == 0)
        rc = link_refusal(s->link, s->why);
    if (rc == 0)
        rc = link_take_array(s->link, &entries);
    for (size_t i = 0; rc == 0 && i < entries; i++)
        rc = take(s);
    return rc < 0 ? rc : (long)entries;
}

RIO_AWAITS static int read_log(struct survey *s)
{
    long entries = PAGE;

    while (entries == PAGE)
        entries = await(read_page(s));
    return entries < 0 ? (int)entries : 0;
}

/* ---- bodies that stand apart ---- */

/* Beside a running ringqd a body may go while we look, since its job has ended: then
 * the log says so by now.
 * Returns  1: more of the log was read;  0 */
RIO_AWAITS static int read_body(struct survey *s, const struct big *big)
{
    const struct job_id job = big->job;
    const struct record_apart apart = big->apart;
    char field[BIG_FIELD];
    struct survey_body b = {.field = field, .len = apart.len};
    struct rq_slice body, name = rq_slice(field, big_field(job, &apart, field));

    int rc = await(body_read(s->link, &s->big_seal, name, &body, s->why));
    if (rc < 0 && !body_is_verdict(rc))
        return rc;
    if (rc == -ENOENT) {
        int more = await(read_log(s));
        if (more < 0)
            return more;
        if (!bigs_names(&s->bigs, job, &apart))
            return 1;
        b.damage = "is missing";
    } else if (rc == 0 && body.len != apart.len) {
        b.damage = "is not as long as its record says";
    } else {
        b.damage = name_damage(rc);
    }
    s->bodies(s->arg, &b);
    return rc == -ENOENT;
}

RIO_AWAITS static int read_bodies(struct survey *s)
{
    struct big *big;
    size_t cursor = 0;
    int rc = 0;

    while (rc >= 0 && (big = bigs_next_unknown(&s->bigs, &cursor)) != NULL) {
        big->is_known = true;
        rc = await(read_body(s, big));
        if (rc == 1)
            cursor = 0; /* the map may have changed */
    }
    return rc < 0 ? rc : 0;
}

RIO_AWAITS static int read_all(struct survey *s, const struct url *url)
{
    int rc = await(link_greet(s->link, url, s->why));

    if (rc == 0)
        rc = await(read_log(s));
    if (rc == 0)
        rc = await(read_bodies(s));
    return rc;
}

RIO_AWAITS static int connect_and_read(struct survey *s, const struct url *url)
{
    int rc = await(link_open(url, TIMEOUT, TIMEOUT, &s->link));

    if (rc < 0) {
        snprintf(s->why, LINK_WHY, "cannot connect to Redis at %.120s: %s", url->host,
                 rq_err_text(rc));
        return rc;
    }
    rc = await(read_all(s, url));
    rq_ignore(await(link_close(s->link)));
    if (rc < 0 && s->why[0] == '\0')
        snprintf(s->why, LINK_WHY, "%s", rq_err_text(rc));
    return rc;
}

int survey_read(const char *url, survey_visit *visit, survey_body_visit *bodies,
                void *arg, char *why)
{
    struct survey s = {.visit = visit, .bodies = bodies, .arg = arg, .why = why};
    struct url parsed;

    why[0] = '\0';
    int rc = url_parse(url, &parsed, why);
    if (rc < 0)
        return rc;
    bigs_init(&s.bigs);
    rc = seal_init(&s.seal, NAMES_LOG);
    if (rc == 0)
        rc = seal_init(&s.big_seal, NAMES_BIG);
    if (rc == 0)
        rc = await(connect_and_read(&s, &parsed));
    seal_fini(&s.seal);
    seal_fini(&s.big_seal);
    bigs_fini(&s.bigs);
    url_fini(&parsed);
    return rc;
}

int survey_records(struct rq_slice plain,
                   void (*visit)(void *arg, const struct record *record), void *arg)
{
    struct decoder d;
    struct record record;

    int rc = decode_begin(&d, plain);
    while (rc >= 0 && (rc = decode_next(&d, &record)) == 1)
        visit(arg, &record);
    return rc;
}
