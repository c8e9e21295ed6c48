/* json.h - JSON writer: escaping, numbers, nesting, commas.  Writes only.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct rq_json {
    struct rq_buf *out;
    int rc;           /* first failure of an append; checked once, at the end */
    bool needs_comma; /* before the next value or key */
};

void rq_json_init(struct rq_json *j, struct rq_buf *out);
void rq_json_object_begin(struct rq_json *j);
void rq_json_object_end(struct rq_json *j);
void rq_json_array_begin(struct rq_json *j);
void rq_json_array_end(struct rq_json *j);
void rq_json_key(struct rq_json *j, const char *key);
/* Bytes that are not UTF-8 become U+FFFD. */
void rq_json_string(struct rq_json *j, struct rq_slice s);
void rq_json_int(struct rq_json *j, int64_t v);
void rq_json_bool(struct rq_json *j, bool v);
void rq_json_null(struct rq_json *j);

#endif
