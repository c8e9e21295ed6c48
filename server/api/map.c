/* map.c - see map.h.
 * SPDX-License-Identifier: MIT */
#include "api/map.h"

void map_u64(struct map *m, const char *name, uint64_t v)
{
    reply_pair_u64(m->w, name, v);
    m->pairs++;
}

void map_str(struct map *m, const char *name, struct rq_slice v)
{
    rq_resp_bulk_str(m->w, name);
    rq_resp_bulk(m->w, v);
    m->pairs++;
}

void map_null(struct map *m, const char *name)
{
    rq_resp_bulk_str(m->w, name);
    rq_resp_null(m->w);
    m->pairs++;
}

void map_text(struct map *m, const char *name, const char *v)
{
    map_str(m, name, rq_slice_str(v));
}

void map_write(struct rq_resp_writer *w, map_fields *fields, const void *arg)
{
    struct rq_buf buffer;
    struct rq_resp_writer inner = {.out = &buffer, .protocol = w->protocol, .rc = 0};
    struct map m = {&inner, 0};

    rq_buf_init(&buffer, w->out->max);
    fields(&m, arg);
    rq_resp_map(w, m.pairs);
    if (w->rc == 0)
        w->rc = inner.rc;
    if (w->rc == 0)
        w->rc = rq_buf_append_slice(w->out, rq_buf_slice(&buffer));
    rq_buf_fini(&buffer);
}

void map_reply(struct reply *r, map_fields *fields, const void *arg)
{
    struct rq_resp_writer w = reply_writer(r);

    map_write(&w, fields, arg);
    reply_resolve(r, &w);
}
