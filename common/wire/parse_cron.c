/* parse_cron - the words of CRON become its struct.
 *
 * The spec is text here: the rules read it, which know what it means.
 * SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/name.h"
#include "wire/parse.h"

static int take_verb(struct rq_words *words, enum rq_cron_verb *out,
                     struct rq_complaint *why)
{
    static const char *const names[] = {"ADD", "DEL", "LIST"};
    char shown[RQ_SHOWN_MAX];

    for (int i = RQ_CRON_ADD; i <= RQ_CRON_LIST; i++) {
        if (!rq_slice_eq_nocase(*words->next, rq_slice_str(names[i])))
            continue;
        words->next++;
        *out = (enum rq_cron_verb)i;
        return 0;
    }
    return rq_complain(why, RQ_E_BADARG, "CRON is ADD, DEL or LIST, not '%s'",
                       rq_option_show(*words->next, shown));
}

static int check_count(const struct rq_words *words, enum rq_cron_verb verb,
                       struct rq_complaint *why)
{
    static const struct {
        ptrdiff_t min, max;
        const char *form;
    } words_of[] = {
        {4, PTRDIFF_MAX, "ADD name queue spec body [options of PUT] [TZ zone]"},
        {1, 1, "DEL name"},
        {0, 0, "LIST"},
    };
    ptrdiff_t count = words->end - words->next;

    if (count >= words_of[verb].min && count <= words_of[verb].max)
        return 0;
    return rq_complain(why, RQ_E_MALFORMED, "wrong number of arguments; write CRON %s",
                       words_of[verb].form);
}

static int take_name(struct rq_words *words, struct rq_slice *out,
                     struct rq_complaint *why)
{
    char shown[RQ_SHOWN_MAX];

    *out = *words->next++;
    if (rq_name_is_valid(*out))
        return 0;
    return rq_complain(why, RQ_E_BADARG,
                       "an entry's name is 1 to %d of A-Z a-z 0-9 . _ -, not '%s'",
                       RQ_NAME_MAX, rq_option_show(*out, shown));
}

/* The words behind the options of PUT: TZ and its zone, or none. */
static int take_zone(struct rq_words *words, struct rq_slice *out,
                     struct rq_complaint *why)
{
    *out = RQ_LIT("UTC");
    if (words->next == words->end)
        return 0;
    if (words->end - words->next != 2 || words->next[1].len == 0 ||
        words->next[1].len > RQ_CRON_ZONE_MAX)
        return rq_complain(why, RQ_E_BADARG,
                           "CRON ends with TZ and one zone, like TZ Europe/Berlin");
    *out = words->next[1];
    return 0;
}

static int take_entry(struct rq_words *words, struct rq_cron *out,
                      struct rq_complaint *why)
{
    int rc = rq_parse_put_begin(words, &out->put, why);

    if (rc < 0)
        return rc;
    out->spec = *words->next++;
    out->put.bodies = words->next++;
    out->put.body_count = 1;
    rc = rq_parse_put_options(words, "TZ", &out->put, why);
    if (rc < 0)
        return rc;
    if (out->put.delay_ms < 0)
        return rq_complain(why, RQ_E_BADARG,
                           "AT is one time and CRON many; say DELAY, or nothing");
    if (out->put.block_ms >= 0)
        return rq_complain(why, RQ_E_BADARG,
                           "CRON never waits for room: no BLOCK, no NOWAIT");
    if (out->put.batch.epoch > 0)
        return rq_complain(why, RQ_E_BADARG,
                           "a batch ends and CRON does not: no BATCH");
    if (out->put.durable != RQ_DURABLE_AS_HELD)
        return rq_complain(why, RQ_E_BADARG,
                           "nobody waits for a job of CRON: no DURABLE");
    if (out->put.replace)
        return rq_complain(why, RQ_E_BADARG, "CRON replaces no bodies: no REPLACE");
    return take_zone(words, &out->zone, why);
}

int rq_cron_parse(const struct rq_cmd *cmd, struct rq_cron *out,
                  struct rq_complaint *why)
{
    struct rq_words words;
    int rc = rq_parse_begin(cmd, RQ_COMMAND_CRON, &words, why);

    out->name = RQ_LIT("");
    if (rc == 0)
        rc = take_verb(&words, &out->verb, why);
    if (rc == 0)
        rc = check_count(&words, out->verb, why);
    if (rc == 0 && out->verb != RQ_CRON_LIST)
        rc = take_name(&words, &out->name, why);
    return rc < 0 || out->verb != RQ_CRON_ADD ? rc : take_entry(&words, out, why);
}
