/* settings - what this Redis promises.
 *
 *   appendonly  appendfsync  no-appendfsync-on-rewrite  level
 *   no          -            -                          redis
 *   yes         no           -                          redis: the kernel decides when
 *   yes         everysec     -                          everysec
 *   yes         always       no                         fsync
 *   yes         any          yes                        redis: no fsync in a rewrite
 *
 * An ACL may hide INFO or CONFIG.  What is hidden is not checked; the self-test and
 * every reply still are.
 * SPDX-License-Identifier: MIT */
#include "store/settings.h"

#include <errno.h>
#include <stdio.h>

#include "base/num.h"

enum { OLDEST_MAJOR = 7 };

/* The value of "name:value\r\n" in the text of INFO; false when it is not there. */
static bool info_field(struct rq_slice text, const char *name, struct rq_slice *out)
{
    struct rq_slice wanted = rq_slice_str(name), line, key;

    while (rq_slice_split(&text, '\n', &line)) {
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (rq_slice_split(&line, ':', &key) && line.ptr != NULL &&
            rq_slice_eq(key, wanted)) {
            *out = line;
            return true;
        }
    }
    return false;
}

bool settings_is_crowded(struct rq_slice info)
{
    struct rq_slice text;
    uint64_t used, max;

    return info_field(info, "used_memory", &text) &&
           rq_num_u64(text, 0, UINT64_MAX, &used) == 0 &&
           info_field(info, "maxmemory", &text) &&
           rq_num_u64(text, 1, UINT64_MAX, &max) == 0 && used >= max - max / 10;
}

static int check_version(struct rq_slice version, struct settings *s, char *why)
{
    struct rq_slice rest = version, major_text;
    uint64_t major;

    for (size_t i = 0; i < version.len; i++)
        if (version.ptr[i] <= ' ' || version.ptr[i] > '~')
            return -EBADMSG;
    snprintf(s->version, sizeof s->version, "%.*s", (int)version.len,
             (const char *)version.ptr);
    if (!rq_slice_split(&rest, '.', &major_text) ||
        rq_num_u64(major_text, 0, 1000, &major) < 0)
        return -EBADMSG;
    if (major >= OLDEST_MAJOR)
        return 0;
    snprintf(why, LINK_WHY, "Redis %s is too old; ringq needs 7.0 or later",
             s->version);
    return -ENOTSUP;
}

static int check_policy(struct rq_slice policy, char *why)
{
    if (rq_slice_eq(policy, RQ_LIT("noeviction")))
        return 0;
    snprintf(why, LINK_WHY,
             "Redis may evict our jobs: maxmemory-policy is %.*s; set it with "
             "CONFIG SET maxmemory-policy noeviction, and in redis.conf",
             (int)(policy.len < 40 ? policy.len : 40), (const char *)policy.ptr);
    return -ENOTSUP;
}

static int judge_info(struct rq_slice info, struct settings *s, char *why)
{
    struct rq_slice value;
    int rc = 0;

    if (info_field(info, "redis_version", &value))
        rc = check_version(value, s, why);
    if (rc == 0 && info_field(info, "maxmemory_policy", &value))
        rc = check_policy(value, why);
    if (rc == 0 && info_field(info, "role", &value) &&
        !rq_slice_eq(value, RQ_LIT("master"))) {
        snprintf(why, LINK_WHY, "Redis is a replica; name the master in --redis");
        rc = -EROFS;
    }
    return rc;
}

/* Returns  0, and leaves out->version empty when the ACL hides INFO */
RIO_AWAITS static int read_info(struct link *l, struct settings *s, char *why)
{
    struct rq_slice info;

    int rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, why);
    if (rc == -EPERM)
        return 0;
    if (rc == 0)
        rc = link_take_bytes(l, &info);
    return rc < 0 ? rc : judge_info(info, s, why);
}

struct persistence {
    bool aof, always, everysec, pauses; /* pauses: no fsync during a rewrite */
};

static enum store_level promise_of(const struct persistence *p)
{
    if (!p->aof || p->pauses)
        return STORE_REDIS;
    if (p->always)
        return STORE_FSYNC;
    return p->everysec ? STORE_EVERYSEC : STORE_REDIS;
}

static void judge_config(struct rq_slice name, struct rq_slice value,
                         struct persistence *p)
{
    bool yes = rq_slice_eq(value, RQ_LIT("yes"));

    if (rq_slice_eq(name, RQ_LIT("appendonly")))
        p->aof = yes;
    if (rq_slice_eq(name, RQ_LIT("no-appendfsync-on-rewrite")))
        p->pauses = yes;
    if (rq_slice_eq(name, RQ_LIT("appendfsync"))) {
        p->always = rq_slice_eq(value, RQ_LIT("always"));
        p->everysec = rq_slice_eq(value, RQ_LIT("everysec"));
    }
}

/* Returns  0, and leaves `verified` false when the ACL hides CONFIG */
RIO_AWAITS static int read_config(struct link *l, struct settings *s, char *why)
{
    struct persistence p = {0};
    struct rq_slice name, value;
    size_t count;

    int rc = await(link_reply(l));
    if (rc == 0)
        rc = link_refusal(l, why);
    if (rc == -EPERM)
        return 0;
    if (rc == 0)
        rc = link_take_array(l, &count);
    if (rc == 0 && count != 6)
        rc = -EBADMSG;
    for (size_t i = 0; rc == 0 && i < count; i += 2) {
        rc = link_take_bytes(l, &name);
        if (rc == 0)
            rc = link_take_bytes(l, &value);
        if (rc == 0)
            judge_config(name, value, &p);
    }
    if (rc < 0)
        return rc;
    s->promised = promise_of(&p);
    s->verified = true;
    return 0;
}

int settings_read(struct link *l, struct settings *out, char *why)
{
    struct settings s = {.promised = STORE_REDIS};

    int rc = link_send(l, (const char *[]){"INFO", NULL});
    if (rc == 0)
        rc = link_send(l, (const char *[]){"CONFIG", "GET", "appendonly", "appendfsync",
                                           "no-appendfsync-on-rewrite", NULL});
    if (rc < 0)
        return rc;
    rc = await(read_info(l, &s, why));
    if (rc < 0)
        return rc;
    rc = await(read_config(l, &s, why));
    if (rc < 0)
        return rc;
    *out = s;
    return 0;
}

enum store_level settings_level(const struct settings *s, enum store_level wanted)
{
    return s->verified && s->promised < wanted ? s->promised : wanted;
}
