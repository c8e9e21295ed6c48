/* survey - see survey.h.
 * SPDX-License-Identifier: MIT */
#include "store/survey.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/num.h"
#include "store/errors.h"
#include "store/names.h"
#include "store/recover.h"
#include "store/seal.h"

enum { PAGE = 64 }; /* entries: mostly far below the 1 MiB that one may have */

static const int64_t TIMEOUT = 30 * RIO_SEC; /* a page can be large, and Redis busy */

struct survey {
    struct link *link;
    struct seal seal;
    survey_visit *visit;
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

static void show(struct survey *s, struct entry_id id, struct rq_slice field,
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
    show(s, id, field, value, len);
    return 0;
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

RIO_AWAITS static int read_all(struct survey *s, const struct url *url)
{
    long entries = PAGE;

    int rc = await(link_greet(s->link, url, s->why));
    if (rc < 0)
        return rc;
    while (entries == PAGE)
        entries = await(read_page(s));
    return entries < 0 ? (int)entries : 0;
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

int survey_read(const char *url, survey_visit *visit, void *arg, char *why)
{
    struct survey s = {.visit = visit, .arg = arg, .why = why};
    struct url parsed;

    why[0] = '\0';
    int rc = url_parse(url, &parsed, why);
    if (rc < 0)
        return rc;
    rc = seal_init(&s.seal, NAMES_LOG);
    if (rc == 0)
        rc = await(connect_and_read(&s, &parsed));
    seal_fini(&s.seal);
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
