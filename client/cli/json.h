/* json.h - writes JSON to a stream, and tells whether a text is JSON.
 *
 * Job bodies are any bytes, JSON texts are UTF-8: json_body() writes a body that is not
 * under the name "<name>_base64".
 * SPDX-License-Identifier: MIT */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    JSON_DEPTH_MAX = 512, /* nesting that json_check() follows; deeper is refused */
};

/* A document under way.  Commas are its own business. */
struct json {
    FILE *out;
    bool comma; /* one is due before the next value */
};

void json_begin(struct json *j, char bracket); /* '{' or '[' */
void json_end(struct json *j, char bracket);   /* '}' or ']' */
void json_line(struct json *j);                /* ends a document: newline */
void json_key(struct json *j, const char *name);
/* Bytes that are not UTF-8 become U+FFFD. */
void json_text(struct json *j, const char *text, size_t len);
void json_string(struct json *j, const char *text);
void json_integer(struct json *j, int64_t value);
void json_number(struct json *j, double value);
void json_boolean(struct json *j, bool value);
void json_null(struct json *j);
/* A member of an object: name and bytes. */
void json_body(struct json *j, const char *name, const void *body, size_t len);

/* Bytes of the UTF-8 character at the start, 0 when there is none. */
size_t json_utf8_length(const char *text, size_t len);
bool json_is_utf8(const char *text, size_t len);

/* What is wrong with `text` as one JSON value (RFC 8259), NULL when nothing is.
 * *out_at: where.  Owns  lends: a constant */
const char *json_check(const char *text, size_t len, size_t *out_at);

#endif
