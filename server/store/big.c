/* big - bodies that stand apart from the log.
 * SPDX-License-Identifier: MIT */
#include "store/big.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/err.h"
#include "store/entry.h"

static struct rq_slice key_of_job(const struct job_id *job)
{
    return rq_slice(job, sizeof *job); /* two u64: no padding */
}

static struct rq_slice key_of(const void *value)
{
    return key_of_job(&((const struct big *)value)->job);
}

void bigs_init(struct bigs *b)
{
    *b = (struct bigs){0};
    rq_map_init(&b->by_job, key_of);
    rq_list_init(&b->held);
    rq_list_init(&b->leaving);
    rq_list_init(&b->waste);
    rq_list_init(&b->going);
}

static void free_all(struct rq_list *list)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(list)) != NULL)
        free(RQ_LIST_ENTRY(link, struct big, link));
}

void bigs_fini(struct bigs *b)
{
    const struct big *big;
    size_t cursor = 0;

    /* Held ones are in a list, too. */
    while ((big = rq_map_next(&b->by_job, &cursor)) != NULL)
        if (big->seq == 0)
            free((void *)(uintptr_t)big);
    free_all(&b->held);
    free_all(&b->leaving);
    free_all(&b->waste);
    free_all(&b->going);
    rq_map_fini(&b->by_job);
}

/* ---- in and out of the map ---- */

static int enter(struct bigs *b, struct big *big)
{
    int rc = rq_map_put(&b->by_job, big);

    if (rc < 0)
        return rc;
    b->count++;
    b->bytes += big->apart.len;
    return 0;
}

static struct big *leave(struct bigs *b, struct job_id job)
{
    struct big *big = rq_map_remove(&b->by_job, key_of_job(&job));

    if (big == NULL)
        return NULL;
    b->count--;
    b->bytes -= big->apart.len;
    return big;
}

static struct big *find(const struct bigs *b, struct job_id job)
{
    return rq_map_get(&b->by_job, key_of_job(&job));
}

static void waste(struct bigs *b, struct big *big)
{
    rq_list_remove(&big->link);
    big->seq = 0;
    if (big->was_sent)
        rq_list_push_back(&b->waste, &big->link);
    else
        free(big);
}

/* Its job has ended or has another body, if commit `seq` comes into the log. */
static void depart(struct bigs *b, struct big *big, uint64_t seq)
{
    big->last_seq = seq;
    if (big->seq == 0)
        rq_list_push_back(&b->leaving, &big->link);
}

/* ---- writing ---- */

static struct big *make(const struct record *r, struct record_apart apart)
{
    struct big *big = malloc(sizeof *big + r->body.len);

    if (big == NULL)
        return NULL;
    *big = (struct big){.job = r->job,
                        .apart = apart,
                        .is_put = r->type == RECORD_PUT,
                        .is_known = true};
    rq_list_init(&big->link);
    if (r->body.len > 0) {
        memcpy(big + 1, r->body.ptr, r->body.len);
        big->bytes = rq_slice(big + 1, r->body.len);
    }
    return big;
}

/* May the record refer to what stands apart already?  Not to what may yet be refused.
 */
static const struct big *lasting(const struct bigs *b, const struct record *r)
{
    const struct big *big = r->same_body ? find(b, r->job) : NULL;

    return big != NULL && big->seq == 0 && !big->is_gone ? big : NULL;
}

/* The record as it is to be written when its body stands apart. */
static const struct record *refer(const struct record *record,
                                  struct record_apart apart, struct record *room)
{
    *room = *record;
    room->apart = apart;
    room->body = RQ_LIT("");
    return room;
}

int bigs_prepare(struct bigs *b, const struct record *record, struct record *room,
                 const struct record **out, struct big **new_one)
{
    const struct big *old;

    *out = record;
    *new_one = NULL;
    if (record->type != RECORD_PUT && record->type != RECORD_MOVE)
        return 0;
    if ((old = lasting(b, record)) != NULL) {
        *out = refer(record, old->apart, room);
        return 0;
    }
    if (record->body.len <= (b->over > 0 ? b->over : BIG_OVER))
        return 0;

    ASSERT(b->epoch > 0);
    struct big *big =
        make(record, (struct record_apart){b->epoch, ++b->number, record->body.len});
    if (big == NULL)
        return -ENOMEM;
    if (find(b, record->job) == NULL && enter(b, big) < 0) {
        free(big);
        return -ENOMEM;
    }
    *out = refer(record, big->apart, room);
    *new_one = big;
    return 0;
}

void bigs_drop(struct bigs *b, struct big *new_one)
{
    if (new_one == NULL)
        return;
    if (find(b, new_one->job) == new_one)
        rq_ignore(leave(b, new_one->job)); /* it is ours */
    free(new_one);
}

void bigs_settle(struct bigs *b, const struct record *record, struct big *new_one,
                 uint64_t seq)
{
    if (new_one == NULL && b->count == 0)
        return;

    bool ends = record->type == RECORD_DONE;
    bool gives = record->type == RECORD_MOVE && lasting(b, record) == NULL;
    struct big *old = find(b, record->job);

    if (old == new_one)
        old = NULL;
    if (old != NULL && (ends || gives || new_one != NULL)) {
        rq_ignore(leave(b, record->job)); /* it is `old` */
        depart(b, old, seq);
    }
    if (new_one == NULL)
        return;
    if (find(b, record->job) == NULL) {
        int rc = enter(b, new_one);
        ASSERT(rc == 0); /* in the place of the old one */
    }
    new_one->seq = seq;
    rq_list_push_back(&b->held, &new_one->link);
}

size_t bigs_refuse(struct bigs *b, struct job_id job, uint64_t seq)
{
    RQ_LIST_EACH(link, &b->held)
    {
        struct big *big = RQ_LIST_ENTRY(link, struct big, link);

        if (big->seq != seq || !big->is_put || !job_id_equal(big->job, job))
            continue;
        size_t len = big->bytes.len;
        if (find(b, job) == big)
            rq_ignore(leave(b, job)); /* it is `big` */
        waste(b, big);
        return len;
    }
    return 0;
}

/* Without its bytes; where it is at home in the map, the new one takes its place. */
static struct big *shrink(struct bigs *b, struct big *big)
{
    bool is_last = find(b, big->job) == big;

    if (is_last)
        rq_ignore(leave(b, big->job)); /* it is `big` */
    rq_list_remove(&big->link);
    big->bytes = RQ_LIT("");
    big->seq = 0;
    struct big *less = realloc(big, sizeof *big);
    if (less != NULL)
        big = less;
    rq_list_init(&big->link);
    if (is_last) {
        int rc = enter(b, big);
        ASSERT(rc == 0); /* in its own place */
    }
    return big;
}

size_t bigs_confirm(struct bigs *b, uint64_t seq)
{
    size_t freed = 0;

    while (!rq_list_empty(&b->held)) {
        struct big *big = RQ_LIST_ENTRY(b->held.next, struct big, link);

        if (big->seq > seq)
            break;
        freed += big->bytes.len;
        big = shrink(b, big);
        if (big->last_seq != 0)
            rq_list_push_back(&b->leaving, &big->link);
    }
    for (struct rq_list *link = b->leaving.next, *next; link != &b->leaving;
         link = next) {
        struct big *big = RQ_LIST_ENTRY(link, struct big, link);

        next = link->next;
        if (big->last_seq <= seq)
            waste(b, big);
    }
    return freed;
}

void bigs_lose(struct bigs *b)
{
    const struct big *big;
    size_t cursor = 0;

    while ((big = rq_map_next(&b->by_job, &cursor)) != NULL)
        find(b, big->job)->is_gone = big->seq == 0;
}

void bigs_gone(struct bigs *b)
{
    free_all(&b->going);
}

void bigs_keep(struct bigs *b)
{
    while (!rq_list_empty(&b->going))
        rq_list_push_back(&b->waste, rq_list_pop_front(&b->going));
}

/* ---- recovery ---- */

static bool same_name(const struct record_apart *a, const struct record_apart *b)
{
    return a->epoch == b->epoch && a->number == b->number && a->len == b->len;
}

int bigs_replay(struct bigs *b, const struct record *record)
{
    bool is_apart = record->apart.epoch > 0;

    if (record->type != RECORD_PUT && record->type != RECORD_MOVE &&
        record->type != RECORD_DONE)
        return 0;
    if (b->count == 0 && !is_apart)
        return 0;
    struct big *old = find(b, record->job), *big;
    if (old == NULL && !is_apart)
        return 0;
    if (old != NULL && is_apart && same_name(&old->apart, &record->apart))
        return 0;

    if (old != NULL)
        free(leave(b, record->job)); /* what Redis has of it is found by its name */
    if (!is_apart)
        return 0;
    big =
        make(&(struct record){.type = record->type, .job = record->job}, record->apart);
    if (big == NULL)
        return -ENOMEM;
    big->was_sent = true;
    big->is_known = false;
    if (enter(b, big) < 0) {
        free(big);
        return -ENOMEM;
    }
    return 0;
}

struct big *bigs_next_unknown(struct bigs *b, size_t *cursor)
{
    struct big *big;

    while ((big = rq_map_next(&b->by_job, cursor)) != NULL)
        if (!big->is_known)
            return big;
    return NULL;
}

/* ---- names ---- */

const struct big *bigs_find(const struct bigs *b, struct job_id job,
                            const struct record_apart *apart)
{
    const struct big *big = find(b, job);

    if (big != NULL && same_name(&big->apart, apart))
        return big;
    RQ_LIST_EACH(link, &b->held)
    {
        big = RQ_LIST_ENTRY(link, struct big, link);
        if (same_name(&big->apart, apart))
            return big;
    }
    return NULL;
}

bool bigs_names(const struct bigs *b, struct job_id job,
                const struct record_apart *apart)
{
    const struct big *big = find(b, job);

    return big != NULL && big->apart.epoch == apart->epoch &&
           big->apart.number == apart->number;
}

size_t big_field(struct job_id job, const struct record_apart *apart, char *out)
{
    size_t len = entry_format((struct entry_id){job.epoch, job.number}, out);

    out[len++] = '/';
    return len +
           entry_format((struct entry_id){apart->epoch, apart->number}, out + len);
}

int big_field_parse(struct rq_slice field, struct job_id *job,
                    struct record_apart *apart)
{
    const uint8_t *slash = field.len > 0 ? memchr(field.ptr, '/', field.len) : NULL;
    struct entry_id first, second;

    if (slash == NULL)
        return RQ_E_MALFORMED;
    size_t at = (size_t)(slash - field.ptr);
    if (entry_parse(rq_slice(field.ptr, at), &first) < 0 ||
        entry_parse(rq_slice(slash + 1, field.len - at - 1), &second) < 0)
        return RQ_E_MALFORMED;
    *job = (struct job_id){first.epoch, first.n};
    *apart = (struct record_apart){.epoch = second.epoch, .number = second.n};
    return 0;
}
