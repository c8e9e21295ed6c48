/* many - one command on many jobs, in as many pieces as the server wants.
 * SPDX-License-Identifier: MIT */
#include "lib/many.h"

#include "base/num.h"
#include "wire/command.h"

#include "lib/args.h"
#include "lib/job.h"

enum { PIECE = 1024 };
_Static_assert(PIECE <= (int)RQ_LEASES_MAX && PIECE <= (int)RQ_IDS_MAX,
               "what a command takes");

/* How many were changed, from `... is no longer yours; COUNT 2`. */
static size_t count_in(const char *text)
{
    const char *at = strstr(text, "COUNT ");
    uint64_t n = 0;
    size_t digits;

    if (at == NULL)
        return 0;
    at += strlen("COUNT ");
    digits = strspn(at, "0123456789");
    return rq_num_u64(rq_slice(at, digits), 0, PIECE, &n) < 0 ? 0 : (size_t)n;
}

static bool is_partial(int rc)
{
    return rc == RINGQ_STALE || rc == RINGQ_NOJOB;
}

/* Sends at most PIECE names.  *out_changed counts also with a partial error. */
static int send_piece(ringq *q, const char *const *words, size_t word_count,
                      const char *const *names, size_t n, size_t *out_changed)
{
    struct rq_args a;
    struct rq_reply *reply = NULL;
    int64_t v = 0;
    int rc;

    rq_args_init(&a, NULL);
    rq_args_words(&a, word_count, words, NULL);
    rq_args_words(&a, n, names, NULL);
    rc = rq_client_send(q, &a, &reply);
    if (rc == 0 && rq_job_number(reply, 0, (int64_t)n, &v) < 0)
        rc = rq_client_distrust(q, RINGQ_PROTOCOL, "the reply is no count");
    *out_changed = is_partial(rc) ? count_in(q->text) : (size_t)v;
    rq_reply_free(reply);
    return rc;
}

long rq_client_many(ringq *q, const char *const *words, size_t word_count,
                    const char *const *names, size_t n, size_t *out_changed)
{
    size_t changed = 0;
    int rc = 0, partial = 0;
    char partial_text[sizeof q->text];

    for (size_t i = 0; i < n; i++)
        if (names[i] == NULL)
            return rq_client_fail(q, RINGQ_USAGE, "one of the names is NULL");
    for (size_t at = 0; at < n && (rc == 0 || rc == partial);) {
        size_t piece = n - at < PIECE ? n - at : PIECE, of_piece;

        rc = send_piece(q, words, word_count, names + at, piece, &of_piece);
        if (is_partial(rc)) {
            partial = rc;
            memcpy(partial_text, q->text, sizeof partial_text);
        }
        changed += of_piece;
        at += piece;
    }
    if (out_changed != NULL)
        *out_changed = changed;
    if (rc == 0 && partial != 0)
        rc = rq_client_fail(q, partial, "%s", partial_text);
    return rc < 0 ? rc : (long)changed;
}
