/* parse_batch - the words of BATCH and JOIN BATCH become their structs.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "wire/parse.h"

/* clang-format off */
static const struct rq_option new_options[] = {
    {.name = "KEEP", I64(rq_batch, keep_ms), MS(0, RQ_KEEP_MAX_MS)},
    {.name = NULL},
};

static const struct rq_option join_options[] = {
    {.name = "BLOCK", I64(rq_join, block_ms), MS(0, RQ_BLOCK_MAX_MS)},
    {.name = NULL},
};
/* clang-format on */

int rq_parse_batch(struct rq_words *words, struct rq_lease *out,
                   struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    if (words->next == words->end)
        return rq_complain(why, RQ_E_BADARG,
                           "BATCH needs the id that BATCH NEW gave, like 7-1042");
    if (rq_id_parse(*words->next, out) < 0)
        return rq_complain(why, RQ_E_BADARG, "a batch looks like 7-1042, not like '%s'",
                           rq_option_show(*words->next, shown));
    words->next++;
    return 0;
}

int rq_parse_join_batch(struct rq_words *words, struct rq_join *out,
                        struct rq_complaint *why)
{
    words->next++;
    out->queue_count = 0;
    out->block_ms = -1;
    out->strict = out->barrier = false;
    out->is_batch = true;
    int rc = rq_parse_batch(words, &out->batch, why);
    return rc < 0 ? rc : rq_options_read(join_options, words, NULL, out, why);
}

int rq_batch_parse(const struct rq_cmd *cmd, struct rq_batch *out,
                   struct rq_complaint *why)
{
    struct rq_words words;
    char shown[RQ_SHOWN_MAX];
    int rc = rq_parse_begin(cmd, RQ_COMMAND_BATCH, &words, why);

    if (rc < 0)
        return rc;
    *out = (struct rq_batch){.keep_ms = RQ_KEEP_OF_BATCH_MS};
    struct rq_slice verb = *words.next++;
    if (rq_slice_eq_nocase(verb, RQ_LIT("NEW")))
        return rq_options_read(new_options, &words, NULL, out, why);
    out->verb = RQ_BATCH_CLOSE;
    if (!rq_slice_eq_nocase(verb, RQ_LIT("CLOSE")))
        return rq_complain(why, RQ_E_BADARG, "BATCH is NEW or CLOSE, not '%s'",
                           rq_option_show(verb, shown));
    if (words.end - words.next != 1)
        return rq_complain(why, RQ_E_MALFORMED,
                           "wrong number of arguments; write BATCH CLOSE id");
    return rq_parse_batch(&words, &out->id, why);
}
