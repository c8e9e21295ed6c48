/* headers.c - see headers.h.
 * SPDX-License-Identifier: MIT */
#include "api/headers.h"

#include "core/attrs.h"

/* The next header.  Returns  false: there is none */
static bool next(struct rq_slice *rest, struct attr *out)
{
    while (attrs_next(rest, out) > 0)
        if (out->kind == ATTR_HEADER)
            return true;
    return false;
}

size_t headers_count(struct rq_slice attrs)
{
    struct attr a;
    size_t n = 0;

    while (next(&attrs, &a))
        n++;
    return n;
}

void headers_write(struct rq_resp_writer *w, struct rq_slice attrs)
{
    struct attr a;

    rq_resp_map(w, headers_count(attrs));
    while (next(&attrs, &a)) {
        rq_resp_bulk(w, a.name);
        rq_resp_bulk(w, a.value);
    }
}

int headers_add(struct rq_buf *attrs, const struct rq_put *put)
{
    int rc = 0;

    for (size_t i = 0; i < put->header_count && rc == 0; i++)
        rc = attrs_add(attrs, &(struct attr){.kind = ATTR_HEADER,
                                             .name = put->headers[i].name,
                                             .value = put->headers[i].value});
    return rc;
}
