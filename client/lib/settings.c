/* settings - url and options of a connection, with their defaults.
 * SPDX-License-Identifier: MIT */
#include "lib/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"

#define DEFAULT_URL "ringq://127.0.0.1:7766"

enum { CONNECT_TIMEOUT_MS = 5000, REPLY_TIMEOUT_MS = 30000, RECONNECT_MS = 10000 };
static const size_t REPLY_MAX = (size_t)64 << 20;

static int complain(char *why, size_t why_size, const char *text)
{
    (void)snprintf(why, why_size, "%s", text);
    return RINGQ_USAGE;
}

int rq_settings_read(struct rq_settings *out, const char *url,
                     const ringq_options *options, char *why, size_t why_size)
{
    struct rq_settings s = {.transport = NULL};
    ringq_options o;
    int rc;

    if (rq_options_copy(&o, sizeof o, options) < 0)
        return complain(why, why_size,
                        "set ringq_options.size to sizeof(ringq_options), and the rest "
                        "to zero or known values");
    if (o.connect_timeout_ms < 0 || o.reply_timeout_ms < -1 || o.reconnect_ms < -1)
        return complain(why, why_size, "a time limit of ringq_options is negative");
    if (o.keep_leases && (o.name == NULL || *o.name == '\0'))
        return complain(why, why_size,
                        "keep_leases needs a name, by which the server knows us again");
    if (url == NULL)
        url = getenv("RINGQ_URL");
    if (url == NULL || *url == '\0')
        url = DEFAULT_URL;
    rc = rq_address_parse(url, &s.address, why, why_size);
    if (rc < 0)
        return rc;

    s.connect_timeout_ms =
        o.connect_timeout_ms != 0 ? o.connect_timeout_ms : CONNECT_TIMEOUT_MS;
    s.reply_timeout_ms =
        o.reply_timeout_ms != 0 ? o.reply_timeout_ms : REPLY_TIMEOUT_MS;
    s.reconnect_ms = o.reconnect_ms != 0 ? o.reconnect_ms : RECONNECT_MS;
    s.reply_max = o.reply_max != 0 ? o.reply_max : REPLY_MAX;
    s.keep_leases = o.keep_leases;
    if (o.name != NULL) {
        s.name = strdup(o.name);
        if (s.name == NULL) {
            (void)complain(why, why_size, "out of memory");
            return RINGQ_NOMEM;
        }
    }
    *out = s;
    return 0;
}

void rq_settings_fini(struct rq_settings *s)
{
    free(s->name);
    s->name = NULL;
}
