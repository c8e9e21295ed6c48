/* address - reads the url of a server.
 *
 * Strict: what is not understood is refused with the two forms that are, because a
 * mistyped url that connects somewhere else is worse than none.
 * SPDX-License-Identifier: MIT */
#include "lib/address.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define DEFAULT_PORT "7766"
#define FORMS "write ringq://host:port or unix:/path"

static struct rq_slice after_prefix(const char *url, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(url, prefix, len) != 0)
        return rq_slice(NULL, 0);
    return rq_slice_str(url + len);
}

static bool is_host_byte(uint8_t c)
{
    return c > ' ' && c != 0x7f && strchr("/?#@[]\\\"", c) == NULL;
}

static bool is_host(struct rq_slice host)
{
    if (host.len == 0 || host.len > RQ_ADDRESS_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.ptr[i]))
            return false;
    return true;
}

/* Cuts `rest` into the host and what stands behind it ("" or ":port").
 * Returns  NULL, or what is wrong with it. */
static const char *split_host(struct rq_slice rest, struct rq_slice *host,
                              struct rq_slice *tail)
{
    const uint8_t *end;

    if (rest.len > 0 && rest.ptr[0] == '[') {
        end = memchr(rest.ptr, ']', rest.len);
        if (end == NULL)
            return "the [ before an IPv6 address is not closed";
        *host = rq_slice(rest.ptr + 1, (size_t)(end - rest.ptr) - 1);
        *tail = rq_slice(end + 1, rest.len - host->len - 2);
        return NULL;
    }
    end = memchr(rest.ptr, ':', rest.len);
    host->ptr = rest.ptr;
    host->len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
    *tail = rq_slice(rest.ptr + host->len, rest.len - host->len);
    if (tail->len > 1 && memchr(tail->ptr + 1, ':', tail->len - 1) != NULL)
        return "an IPv6 address stands in brackets: ringq://[::1]:" DEFAULT_PORT;
    return NULL;
}

static const char *parse_host(struct rq_slice rest, struct rq_address *out)
{
    struct rq_slice host, tail;
    uint64_t port;
    const char *wrong;

    if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    wrong = split_host(rest, &host, &tail);
    if (wrong != NULL)
        return wrong;
    if (!is_host(host))
        return "the host is missing or is no host; " FORMS;

    memcpy(out->place, host.ptr, host.len);
    memcpy(out->port, DEFAULT_PORT, sizeof DEFAULT_PORT);
    if (tail.len > 0) {
        tail = rq_slice(tail.ptr + 1, tail.len - 1);
        if (tail.ptr[-1] != ':' || rq_num_u64(tail, 1, 65535, &port) < 0)
            return "the port is a number from 1 to 65535";
        (void)snprintf(out->port, sizeof out->port, "%u", (unsigned)port);
    }
    (void)snprintf(out->text, sizeof out->text,
                   strchr(out->place, ':') != NULL ? "[%s]:%s" : "%s:%s", out->place,
                   out->port);
    return NULL;
}

static const char *parse_path(struct rq_slice path, struct rq_address *out)
{
    if (path.len > 2 && memcmp(path.ptr, "//", 2) == 0)
        path = rq_slice(path.ptr + 2, path.len - 2);
    if (path.len == 0)
        return "the path of the socket is missing: unix:/run/ringqd/ringq.sock";
    if (path.len > RQ_ADDRESS_PATH_MAX)
        return "the path of a unix socket has at most 107 bytes; use a shorter one";
    memcpy(out->place, path.ptr, path.len);
    (void)snprintf(out->text, sizeof out->text, "unix:%s", out->place);
    return NULL;
}

int rq_address_parse(const char *url, struct rq_address *out, char *why,
                     size_t why_size)
{
    struct rq_address a = {.port = ""};
    struct rq_slice host = after_prefix(url, "ringq://");
    struct rq_slice path = after_prefix(url, "unix:");
    const char *wrong = "that is no address of ringq; " FORMS;

    if (host.ptr != NULL)
        wrong = parse_host(host, &a);
    else if (path.ptr != NULL)
        wrong = parse_path(path, &a);
    if (wrong != NULL) {
        (void)snprintf(why, why_size, "bad url \"%.80s\": %s", url, wrong);
        return RINGQ_USAGE;
    }
    *out = a;
    return 0;
}

ringq_address rq_address_view(const struct rq_address *a)
{
    bool is_unix = a->port[0] == '\0';

    return (ringq_address){
        .host = is_unix ? NULL : a->place,
        .port = is_unix ? NULL : a->port,
        .path = is_unix ? a->place : NULL,
    };
}
