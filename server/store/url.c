/* url - where Redis is.
 * SPDX-License-Identifier: MIT */
#include "store/url.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "base/num.h"

/* A unix socket's path ends where sockaddr_un does. */
enum { PATH_LENGTH_MAX = 107 };

static int fail(char *why, const char *sentence)
{
    snprintf(why, URL_WHY, "%s", sentence);
    return -EINVAL;
}

/* Copies `part` into `out`; false when it is empty, too long, or holds a byte that no
 * address has. */
static bool copy_plain(struct rq_slice part, char *out, size_t size)
{
    if (part.len == 0 || part.len >= size)
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.ptr[i] <= ' ' || part.ptr[i] == 0x7f)
            return false;
    memcpy(out, part.ptr, part.len);
    out[part.len] = '\0';
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies `part` with every %XX resolved; false when it does not fit or is malformed. */
static bool copy_decoded(struct rq_slice part, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < part.len; i++) {
        int c = part.ptr[i];

        if (c == '%') {
            int high = part.len - i > 2 ? hex_digit(part.ptr[i + 1]) : -1;
            int low = part.len - i > 2 ? hex_digit(part.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high << 4 | low;
            i += 2;
        }
        if (c == 0 || len + 1 >= size)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return true;
}

static bool starts_with(struct rq_slice s, struct rq_slice prefix)
{
    return s.len >= prefix.len && rq_slice_eq(rq_slice(s.ptr, prefix.len), prefix);
}

static struct rq_slice behind(struct rq_slice s, size_t n)
{
    return rq_slice(s.ptr + n, s.len - n);
}

static int parse_db(struct rq_slice text, struct url *u, char *why)
{
    uint64_t db;

    if (rq_num_u64(text, 0, URL_DB_MAX, &db) < 0)
        return fail(why, "the database of the Redis URL must be a small number");
    u->db = (uint32_t)db;
    return 0;
}

static int parse_unix(struct rq_slice rest, struct url *u, char *why)
{
    struct rq_slice path;

    if (!rq_slice_split(&rest, '?', &path) || path.len == 0 || path.ptr[0] != '/')
        return fail(why, "write unix:/path/of/redis.sock, with an absolute path");
    if (path.len > PATH_LENGTH_MAX)
        return fail(
            why,
            "the path of a unix socket may have 107 bytes at most; use a shorter one");
    memcpy(u->host, "unix:", 5);
    if (!copy_plain(path, u->host + 5, sizeof u->host - 5))
        return fail(
            why,
            "the path of the Redis socket contains a space or a control character");
    if (rest.ptr == NULL)
        return 0;
    if (!starts_with(rest, RQ_LIT("db=")))
        return fail(why,
                    "after the path of the Redis socket only ?db=NUMBER may follow");
    return parse_db(behind(rest, 3), u, why);
}

static int parse_credentials(struct rq_slice text, struct url *u, char *why)
{
    struct rq_slice user;

    if (!rq_slice_split(&text, ':', &user) || text.ptr == NULL || text.len == 0)
        return fail(
            why, "write user:password@ or :password@ before the host of the Redis URL");
    if (!copy_decoded(user, u->user, sizeof u->user) ||
        !copy_decoded(text, u->pass, sizeof u->pass))
        return fail(why, "user or password in the Redis URL: too long, or a bad %XX");
    return 0;
}

/* host, host:port, [v6] or [v6]:port. */
static int parse_address(struct rq_slice text, struct url *u, char *why)
{
    struct rq_slice host = text, port = RQ_LIT("6379");
    uint64_t number;

    if (text.len > 0 && text.ptr[0] == '[') {
        text = behind(text, 1);
        if (!rq_slice_split(&text, ']', &host) || text.ptr == NULL)
            return fail(why, "an IPv6 address in the Redis URL ends with ]");
        if (text.len > 0 && text.ptr[0] != ':')
            return fail(why, "after ] only :PORT may follow in the Redis URL");
        if (text.len > 0)
            port = behind(text, 1);
    } else {
        rq_slice_split(&text, ':', &host);
        if (text.ptr != NULL)
            port = text;
    }
    if (!copy_plain(host, u->host, sizeof u->host))
        return fail(why, "the Redis URL has no usable host; write redis://host:port");
    if (rq_num_u64(port, 1, 65535, &number) < 0)
        return fail(why, "the port of the Redis URL must be a number from 1 to 65535");
    u->port[rq_num_format(number, u->port)] = '\0';
    return 0;
}

/* The last '@' divides: a password may contain one that nobody escaped. */
static bool find_at(struct rq_slice s, size_t *out)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == '@') {
            *out = i - 1;
            return true;
        }
    return false;
}

static int parse_tcp(struct rq_slice rest, struct url *u, char *why)
{
    size_t at;

    if (find_at(rest, &at)) {
        int rc = parse_credentials(rq_slice(rest.ptr, at), u, why);
        if (rc < 0)
            return rc;
        rest = behind(rest, at + 1);
    }

    struct rq_slice address;
    if (!rq_slice_split(&rest, '/', &address))
        return fail(why, "the Redis URL has no host; write redis://host:port");
    int rc = parse_address(address, u, why);
    if (rc < 0 || rest.ptr == NULL || rest.len == 0)
        return rc;
    return parse_db(rest, u, why);
}

int url_parse(const char *text, struct url *out, char *why)
{
    struct rq_slice rest = rq_slice_str(text);
    struct url u = {0};
    int rc;

    if (starts_with(rest, RQ_LIT("unix:")))
        rc = parse_unix(behind(rest, 5), &u, why);
    else if (starts_with(rest, RQ_LIT("redis://")))
        rc = parse_tcp(behind(rest, 8), &u, why);
    else if (starts_with(rest, RQ_LIT("rediss://")))
        rc = fail(
            why,
            "TLS to Redis is not supported; use a unix socket or a private network");
    else
        rc = fail(why, "a Redis URL begins with redis:// or unix:/");
    if (rc == 0)
        *out = u;
    sodium_memzero(&u, sizeof u);
    return rc;
}

void url_fini(struct url *u)
{
    sodium_memzero(u, sizeof *u);
}
