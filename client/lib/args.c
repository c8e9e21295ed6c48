/* args - builds the words of a command.
 * SPDX-License-Identifier: MIT */
#include "lib/args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "wire/command.h"

#include "lib/options.h"

void rq_args_init(struct rq_args *a, const char *verb)
{
    a->argv = a->words;
    a->argc = 0;
    a->cap = RQ_ARGS_INLINE;
    a->rc = 0;
    a->numbers = 0;
    if (verb != NULL)
        rq_args_str(a, verb);
}

void rq_args_fini(struct rq_args *a)
{
    if (a->argv != a->words)
        free(a->argv);
    a->argv = a->words;
    a->argc = 0;
}

static int grow(struct rq_args *a)
{
    bool is_inline = a->argv == a->words;
    struct rq_slice *argv =
        reallocarray(is_inline ? NULL : a->argv, a->cap, 2 * sizeof *argv);

    if (argv == NULL)
        return -ENOMEM;
    if (is_inline)
        memcpy(argv, a->words, sizeof a->words);
    a->argv = argv;
    a->cap *= 2;
    return 0;
}

void rq_args_add(struct rq_args *a, struct rq_slice word)
{
    if (a->rc == 0 && a->argc == a->cap)
        a->rc = grow(a);
    if (a->rc == 0)
        a->argv[a->argc++] = word;
}

void rq_args_str(struct rq_args *a, const char *word)
{
    rq_args_add(a, rq_slice_str(word));
}

void rq_args_number(struct rq_args *a, const char *option, int64_t value)
{
    char *digits;

    ASSERT(a->numbers < RQ_ARGS_NUMBERS);
    digits = a->digits[a->numbers++];
    (void)snprintf(digits, RQ_ARGS_DIGITS, "%" PRId64, value);
    if (option != NULL)
        rq_args_str(a, option);
    rq_args_str(a, digits);
}

void rq_args_words(struct rq_args *a, size_t argc, const char *const *argv,
                   const size_t *lens)
{
    for (size_t i = 0; i < argc; i++)
        rq_args_add(a,
                    lens != NULL ? rq_slice(argv[i], lens[i]) : rq_slice_str(argv[i]));
}

static const char *complaint(const ringq_put_options *o)
{
    if (o->delay_ms < 0 || o->at_unix_ms < 0)
        return "delay_ms and at_unix_ms are not negative";
    if (o->delay_ms != 0 && o->at_unix_ms != 0)
        return "give delay_ms or at_unix_ms, not both";
    if (o->backoff_base_ms == 0 && o->backoff_max_ms != 0)
        return "backoff_max_ms goes with backoff_base_ms";
    if ((unsigned)o->backoff > RINGQ_BACKOFF_FIXED)
        return "backoff is one of enum ringq_backoff";
    if (o->ttl_ms < 0 || o->keep_ms < 0 || o->block_ms < RINGQ_FOREVER)
        return "ttl_ms, keep_ms and block_ms are not negative; RINGQ_FOREVER is for "
               "block_ms";
    if (o->unique == NULL && (o->window_ms != 0 || o->replace))
        return "window_ms and replace go with unique";
    if (o->batch != NULL && o->replace)
        return "replace changes no batch: give batch or replace, not both";
    if (o->window_ms < 0)
        return "window_ms is not negative";
    if (o->nowait && o->block_ms != 0)
        return "give block_ms or nowait, not both";
    if (o->headers == NULL && o->header_count > 0)
        return "header_count goes with headers";
    return NULL;
}

static bool add_headers(struct rq_args *a, const ringq_put_options *o)
{
    for (size_t i = 0; i < o->header_count; i++) {
        const ringq_header *h = &o->headers[i];

        if (h->name == NULL || (h->value == NULL && h->value_len > 0))
            return false;
        rq_args_str(a, "HEADER");
        rq_args_str(a, h->name);
        rq_args_add(a, rq_slice(h->value, h->value_len));
    }
    return true;
}

static void add_unique(struct rq_args *a, const ringq_put_options *o)
{
    if (o->unique == NULL)
        return;
    rq_args_str(a, "UNIQUE");
    rq_args_str(a, o->unique);
    if (o->window_ms != 0)
        rq_args_number(a, "WINDOW", o->window_ms);
    if (o->replace)
        rq_args_str(a, "REPLACE");
}

static void add_batch(struct rq_args *a, const ringq_put_options *o)
{
    if (o->batch == NULL)
        return;
    rq_args_str(a, "BATCH");
    rq_args_str(a, o->batch);
}

static void add_put_options(struct rq_args *a, const ringq_put_options *o)
{
    static const char *const kinds[] = {"EXP", "LINEAR", "FIXED"};

    if (o->delay_ms != 0)
        rq_args_number(a, "DELAY", o->delay_ms);
    if (o->at_unix_ms != 0)
        rq_args_number(a, "AT", o->at_unix_ms);
    if (o->has_pri)
        rq_args_number(a, "PRI", o->pri);
    if (o->ttr_ms != 0)
        rq_args_number(a, "TTR", o->ttr_ms);
    if (o->tries != 0)
        rq_args_number(a, "TRIES", o->tries);
    if (o->backoff_base_ms != 0) {
        rq_args_str(a, "BACKOFF");
        rq_args_number(a, kinds[o->backoff], o->backoff_base_ms);
        if (o->backoff_max_ms != 0)
            rq_args_number(a, NULL, o->backoff_max_ms);
    }
    if (o->has_jitter)
        rq_args_number(a, "JITTER", o->jitter_pct);
    if (o->ttl_ms != 0)
        rq_args_number(a, "TTL", o->ttl_ms);
    if (o->keep_ms != 0)
        rq_args_number(a, "KEEP", o->keep_ms);
    if (o->durable != NULL) {
        rq_args_str(a, "DURABLE");
        rq_args_str(a, o->durable);
    }
    if (o->block_ms == RINGQ_FOREVER) /* said, so that nobody gives up waiting */
        rq_args_number(a, "BLOCK", RQ_BLOCK_MAX_MS);
    else if (o->block_ms != 0)
        rq_args_number(a, "BLOCK", o->block_ms);
    if (o->nowait)
        rq_args_str(a, "NOWAIT");
}

int rq_args_put_options(struct rq_args *a, const ringq_put_options *from,
                        const char **out_why)
{
    ringq_put_options o;

    if (rq_options_copy(&o, sizeof o, from) < 0) {
        *out_why = "set ringq_put_options.size to sizeof(ringq_put_options), and the "
                   "rest to zero or known values";
        return RINGQ_USAGE;
    }
    *out_why = complaint(&o);
    if (*out_why != NULL)
        return RINGQ_USAGE;
    add_put_options(a, &o);
    add_unique(a, &o);
    if (o.group != NULL) {
        rq_args_str(a, "GROUP");
        rq_args_str(a, o.group);
    }
    add_batch(a, &o);
    if (!add_headers(a, &o)) {
        *out_why = "a header has a name and a value";
        return RINGQ_USAGE;
    }
    return 0;
}
