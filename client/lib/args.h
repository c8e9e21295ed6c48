/* args.h - builds the words of a command.
 * SPDX-License-Identifier: MIT */
#ifndef LIB_ARGS_H
#define LIB_ARGS_H

#include <ringq/ringq.h>

#include "base/attr.h"
#include "base/slice.h"

enum { RQ_ARGS_INLINE = 24, RQ_ARGS_NUMBERS = 13, RQ_ARGS_DIGITS = 21 };

/* Adding never fails in the middle: the first failure is remembered, and asked for once
 * at the end. */
struct rq_args {
    struct rq_slice *argv;
    size_t argc;
    /* private */
    size_t cap;
    int rc; /* -ENOMEM, or 0 */
    struct rq_slice words[RQ_ARGS_INLINE];
    char digits[RQ_ARGS_NUMBERS][RQ_ARGS_DIGITS];
    size_t numbers;
};

/* What is added borrows until rq_args_fini(), which may come twice. */
void rq_args_init(struct rq_args *a, const char *verb);
void rq_args_fini(struct rq_args *a);
void rq_args_add(struct rq_args *a, struct rq_slice word);
void rq_args_str(struct rq_args *a, const char *word);
void rq_args_number(struct rq_args *a, const char *option, int64_t value);
/* `argv` of a public call; lens NULL: they are strings. */
void rq_args_words(struct rq_args *a, size_t argc, const char *const *argv,
                   const size_t *lens);

/* The options of PUT.
 * Errors  RINGQ_USAGE, with a sentence in *out_why */
RQ_MUST_CHECK int rq_args_put_options(struct rq_args *a, const ringq_put_options *from,
                                      const char **out_why);

#endif
