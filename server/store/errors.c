/* errors - what Redis' error replies mean for us.
 * SPDX-License-Identifier: MIT */
#include "store/errors.h"

#include <errno.h>
#include <stddef.h>

struct meaning {
    const char *word; /* the reply begins with it */
    int code;
};

/* clang-format off */
static const struct meaning meanings[] = {
    {"ERR The ID specified in XADD is equal or smaller", -ESTALE},
    {"OOM ",                                             -ENOSPC},
    {"NOAUTH ",                                          -EACCES},
    {"WRONGPASS ",                                       -EACCES},
    {"NOPERM ",                                          -EPERM},
    {"ERR AUTH ",                                        -EACCES}, /* a password where none is set */
    {"ERR invalid password",                             -EACCES},
    {"ERR no such key",                                  -ENOENT},
    {"WRONGTYPE ",                                       -EMEDIUMTYPE},
    {"MOVED ",                                           -EXDEV},
    {"ASK ",                                             -EXDEV},
    {"CROSSSLOT ",                                       -EXDEV},
    {"ERR DB index",                                     -EXDEV},
    {"ERR SELECT is not allowed",                        -EXDEV},
    {"ERR invalid DB index",                             -EXDEV},
    {"READONLY ",                                        -EROFS},
    {"MASTERDOWN ",                                      -EROFS},
};
/* clang-format on */

int errors_classify(struct rq_slice text)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        struct rq_slice word = rq_slice_str(meanings[i].word);

        if (text.len >= word.len && rq_slice_eq(rq_slice(text.ptr, word.len), word))
            return meanings[i].code;
    }
    return -EAGAIN;
}

const char *errors_remedy(int code)
{
    switch (code) {
    case -EACCES:
        return "give user and password: --redis redis://user:password@host:port";
    case -EPERM:
        return "let the ACL of Redis give our user ~ringq:* +@all";
    case -EXDEV:
        return "name a single Redis and an existing database in --redis";
    case -EMEDIUMTYPE:
        return "a key of ringq holds foreign data; move ringq to a database of its own "
               "with "
               "--redis .../N, or remove the key";
    case -ENOSPC:
        return "raise maxmemory or free memory in Redis";
    default:
        return "";
    }
}
