/* options.h - reads the options of a command by a table, and words complaints.
 * Private to wire.
 *
 *     static const struct rq_option release_options[] = {
 *         {.name = "DELAY", .kind = RQ_OPTION_I64, .max = RQ_DELAY_MAX_MS, .unit =
 * "ms", .where = offsetof(struct rq_release, delay_ms)},
 *         {.name = NULL},
 *     };
 * SPDX-License-Identifier: MIT */
#ifndef WIRE_OPTIONS_H
#define WIRE_OPTIONS_H

#include "wire/command.h"

enum { RQ_SHOWN_MAX = 40 }; /* bytes of a word that a complaint shows, with the NUL */

/* `word` for a complaint: hostile bytes are `?`, a long word ends in `...`.
 * Returns  out.  Shape  out: RQ_SHOWN_MAX bytes */
const char *rq_option_show(struct rq_slice word, char *out);

/* Fills *why.  Returns  `code` */
RQ_MUST_CHECK int rq_complain(struct rq_complaint *why, int code, const char *fmt, ...)
    RQ_PRINTF(3, 4);

/* The words of a command that are still to be read. */
struct rq_words {
    const struct rq_slice *next, *end;
};

struct rq_option;

/* Reads the words of an option that no other kind covers; its name has been taken. */
typedef int rq_option_read(struct rq_words *words, void *out, struct rq_complaint *why);

enum rq_option_kind {
    RQ_OPTION_FLAG, /* bool; takes no word.  The others take one: */
    RQ_OPTION_U8,
    RQ_OPTION_U16,
    RQ_OPTION_U32,
    RQ_OPTION_I64,
    RQ_OPTION_BYTES, /* struct rq_slice, as it stands */
    RQ_OPTION_CALL,  /* what `read` takes */
};

struct rq_option {
    const char *name; /* upper case; NULL ends a table of at most 32 */
    enum rq_option_kind kind;
    int64_t min, max;     /* numbers: both included */
    const char *unit;     /* numbers: behind the range in a complaint; may be NULL */
    size_t where;         /* offset in `out` of the field that takes it */
    const char *rival;    /* an option that excludes this one; may be NULL */
    bool repeats;         /* it may be given more than once */
    rq_option_read *read; /* CALL */
};

/* rq_options_read(), where there are words. */
RQ_MUST_CHECK int rq_options_read_some(const struct rq_option *options,
                                       struct rq_words *words, const char *stop,
                                       void *out, struct rq_complaint *why);

/* Reads options until the words end or `stop` (which may be NULL) comes; words->next is
 * left at it.  Fields whose option is absent are not touched.
 *
 * Shape   out: the struct that the table's offsets mean
 * Errors  RQ_E_BADARG  unknown, twice, beside its rival, without a value, out of range
 */
RQ_MUST_CHECK static inline int rq_options_read(const struct rq_option *options,
                                                struct rq_words *words,
                                                const char *stop, void *out,
                                                struct rq_complaint *why)
{
    return words->next == words->end
               ? 0
               : rq_options_read_some(options, words, stop, out, why);
}

/* Takes the number that belongs to `name`.  Errors  RQ_E_BADARG */
RQ_MUST_CHECK int rq_option_number(const char *name, const char *unit,
                                   struct rq_words *words, int64_t min, int64_t max,
                                   int64_t *out, struct rq_complaint *why);

#endif
