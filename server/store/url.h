/* url.h - where Redis is: redis://[user:pass@]host[:port][/db] or unix:/path[?db=n].
 * SPDX-License-Identifier: MIT */
#ifndef STORE_URL_H
#define STORE_URL_H

#include "base/attr.h"
#include "base/slice.h"

enum { URL_WHY = 200, URL_DB_MAX = 1 << 20 };

struct url {
    char host[256]; /* a name, an address, or unix:/path */
    char port[6];   /* "" for a unix socket */
    char user[128]; /* "": the default user */
    char pass[512]; /* "": no AUTH */
    uint32_t db;
};

/* Reads `text`; user and password may contain %XX.
 * Errors  -EINVAL, with a sentence in `why` (URL_WHY bytes) that names no secret
 * Owns    url_fini() wipes the password */
RQ_MUST_CHECK int url_parse(const char *text, struct url *out, char *why);
void url_fini(struct url *u);

#endif
