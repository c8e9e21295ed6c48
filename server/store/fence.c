/* fence - owning the log.
 * SPDX-License-Identifier: MIT */
#include "store/fence.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "store/encode.h"
#include "store/epoch_file.h"
#include "store/names.h"

enum { JUMP_MIN = 1 << 10, JUMP_MAX = 1 << 16, OWN_TEXT = 320 };

/* ---- what Redis says ---- */

struct owner {
    uint64_t nonce;
    char address[128]; /* "": nobody we know */
};

struct standing {
    struct entry_id top; /* {0, 0}: there is no log */
    uint64_t key_epoch;  /* 0: there is no key */
    struct owner key_owner;
};

/* From XINFO STREAM: the last id, even if its entry is gone. */
static int take_top(struct link *l, struct entry_id *out, char *why)
{
    struct rq_slice name, value;
    size_t count;

    int rc = link_refusal(l, why);
    if (rc == -ENOENT) {
        *out = (struct entry_id){0, 0};
        return 0;
    }
    if (rc == 0)
        rc = link_take_array(l, &count);
    while (rc == 0 && count >= 2) {
        rc = link_take_bytes(l, &name);
        if (rc < 0)
            break;
        if (rq_slice_eq(name, RQ_LIT("last-generated-id"))) {
            rc = link_take_bytes(l, &value);
            return rc == 0 && entry_parse(value, out) == 0 ? 0 : -EBADMSG;
        }
        rc = link_skip(l);
        count -= 2;
    }
    return rc < 0 ? rc : -EBADMSG;
}

/* "nonce host pid address" of a claim; whatever else stands there is nobody we know. */
static void parse_own(struct rq_slice text, struct owner *out)
{
    struct rq_slice nonce, host, pid;

    *out = (struct owner){0};
    if (!rq_slice_split(&text, ' ', &nonce) || !rq_slice_split(&text, ' ', &host) ||
        !rq_slice_split(&text, ' ', &pid) || text.len >= sizeof out->address)
        return;
    if (rq_num_u64(nonce, 0, UINT64_MAX, &out->nonce) < 0)
        return;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return;
    if (text.len > 0)
        memcpy(out->address, text.ptr, text.len);
}

/* "epoch nonce host pid address"; an epoch alone will do. */
static int parse_key(struct rq_slice text, uint64_t *out_epoch, struct owner *out)
{
    struct rq_slice epoch;

    if (!rq_slice_split(&text, ' ', &epoch) ||
        rq_num_u64(epoch, 1, ENCODE_EPOCH_MAX, out_epoch) < 0)
        return -EBADMSG;
    parse_own(text, out);
    return 0;
}

static int take_key(struct link *l, struct standing *out, char *why)
{
    struct rq_slice text;

    out->key_epoch = 0;
    int rc = link_refusal(l, why);
    if (rc < 0)
        return rc;
    if (link_take_nil(l) == 0)
        return 0;
    rc = link_take_bytes(l, &text);
    if (rc == 0)
        rc = parse_key(text, &out->key_epoch, &out->key_owner);
    if (rc == -EBADMSG)
        snprintf(why, LINK_WHY,
                 NAMES_EPOCH " holds something that is not ours; give ringq a "
                             "Redis database of its own");
    return rc;
}

RIO_AWAITS static int read_standing(struct link *l, struct standing *out, char *why)
{
    int rc = link_send(l, (const char *[]){"XINFO", "STREAM", NAMES_LOG, NULL});
    if (rc == 0)
        rc = link_send(l, (const char *[]){"GET", NAMES_EPOCH, NULL});
    if (rc < 0)
        return rc;
    rc = await(link_reply(l));
    if (rc == 0)
        rc = take_top(l, &out->top, why);
    if (rc < 0)
        return rc;
    rc = await(link_reply(l));
    return rc < 0 ? rc : take_key(l, out, why);
}

/* The reply to XRANGE e-0 e-0.  Returns  1: *out is the claim;  0: it is not there */
static int take_claim(struct link *l, struct owner *out)
{
    struct rq_slice id, field, text;
    size_t entries, parts, fields;

    int rc = link_refusal(l, NULL);
    if (rc == 0)
        rc = link_take_array(l, &entries);
    if (rc < 0 || entries == 0)
        return rc;
    if (entries != 1 || link_take_array(l, &parts) < 0 || parts != 2 ||
        link_take_bytes(l, &id) < 0 || link_take_array(l, &fields) < 0 || fields != 2 ||
        link_take_bytes(l, &field) < 0 || link_take_bytes(l, &text) < 0)
        return -EBADMSG;
    if (!rq_slice_eq(field, RQ_LIT("own")))
        return 0;
    parse_own(text, out);
    return 1;
}

/* Who claimed `epoch`?  Returns  1: *out;  0: the claim is not in the log any more */
RIO_AWAITS static int read_claim(struct link *l, uint64_t epoch, struct owner *out)
{
    char id[ENTRY_TEXT];

    entry_format((struct entry_id){epoch, 0}, id);
    int rc = link_send(l, (const char *[]){"XRANGE", NAMES_LOG, id, id, NULL});
    if (rc < 0)
        return rc;
    rc = await(link_reply(l));
    return rc < 0 ? rc : take_claim(l, out);
}

static uint64_t greatest(const struct standing *s)
{
    return s->top.epoch > s->key_epoch ? s->top.epoch : s->key_epoch;
}

/* Whose epoch is the greatest?  The key says it, unless its owner is just claiming. */
RIO_AWAITS static int find_owner(struct link *l, const struct standing *s,
                                 struct owner *out)
{
    if (s->key_epoch == greatest(s)) {
        *out = s->key_owner;
        return 0;
    }
    int rc = await(read_claim(l, greatest(s), out));
    return rc < 0 ? rc : 0;
}

/* An epoch above ours is our own only if its claim carries our nonce: we may have
 * claimed and not heard the answer. */
RIO_AWAITS static int check_rival(struct fence *f, struct link *l,
                                  const struct standing *s)
{
    struct owner owner = {0};

    if (f->epoch == 0 || greatest(s) <= f->epoch)
        return 0;
    int rc = await(find_owner(l, s, &owner));
    if (rc < 0)
        return rc;
    if (owner.nonce == f->nonce)
        return 0;
    memcpy(f->rival, owner.address, sizeof f->rival);
    return -ESTALE;
}

bool fence_is_ours(const struct fence *f, struct rq_slice key_value)
{
    struct owner owner;
    uint64_t epoch;

    return parse_key(key_value, &epoch, &owner) == 0 && epoch == f->epoch &&
           owner.nonce == f->nonce;
}

int fence_find_rival(struct fence *f, struct link *l)
{
    struct standing s;
    char why[LINK_WHY];

    f->rival[0] = '\0';
    int rc = await(read_standing(l, &s, why));
    if (rc == 0)
        rc = await(check_rival(f, l, &s));
    return rc == -ESTALE ? 0 : rc;
}

/* ---- claiming ---- */

/* Rounds a text to what may stand between two spaces of a claim. */
static void make_word(char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            *text = '?';
}

int fence_init(struct fence *f, const char *state_dir, const char *address)
{
    memset(f, 0, sizeof *f); /* a compound literal would pass over the stack */
    int len = snprintf(f->file, sizeof f->file, "%s/" NAMES_EPOCH_FILE, state_dir);
    if (len < 0 || (size_t)len >= sizeof f->file)
        return -ENAMETOOLONG;
    if (gethostname(f->host, sizeof f->host - 1) < 0 || f->host[0] == '\0')
        f->host[0] = '-';
    snprintf(f->address, sizeof f->address, "%s", address);
    make_word(f->host);
    make_word(f->address);
    rq_rand_system(&f->nonce, sizeof f->nonce);
    return 0;
}

static uint64_t next_epoch(const struct fence *f, const struct standing *s,
                           const struct epoch_file *file)
{
    uint64_t m = greatest(s);
    uint32_t chance;

    if (f->unused != 0 && f->unused == file->epoch && f->unused > m)
        return f->unused;

    if (file->epoch > m)
        m = file->epoch;
    if (file->owned && file->epoch == m)
        return m + 1;
    if (m == 0 && !file->damaged)
        return 1;
    rq_rand_system(&chance, sizeof chance);
    return m + JUMP_MIN + chance % (JUMP_MAX - JUMP_MIN + 1);
}

/* Sends `argv`: command, key, arguments; its reply must be `expected`.  A full Redis is
 * asked again through the script. */
RIO_AWAITS static int insist(struct link *l, const char *const *argv,
                             const char *expected, char *why)
{
    const char *script[16] = {"EVAL", NAMES_SCRIPT, "1", argv[1], argv[0]};
    size_t n = 2;

    int rc = link_send(l, argv);
    if (rc < 0)
        return rc;
    rc = await(link_expect(l, expected, why));
    if (rc != -ENOSPC)
        return rc;
    for (; argv[n] != NULL; n++) {
        ASSERT(n + 4 < sizeof script / sizeof script[0]);
        script[n + 3] = argv[n];
    }
    rc = link_send(l, script);
    return rc < 0 ? rc : await(link_expect(l, expected, why));
}

/* Did Redis say that it has not executed the command? */
static bool is_refusal(int rc)
{
    return rc == -EAGAIN || rc == -ENOSPC || rc == -EROFS || rc == -EACCES ||
           rc == -EPERM || rc == -EXDEV || rc == -EMEDIUMTYPE;
}

RIO_AWAITS static int write_claim(struct fence *f, struct link *l, uint64_t epoch,
                                  char *why)
{
    char id[ENTRY_TEXT], text[OWN_TEXT];
    int len = snprintf(text, sizeof text, "%llu ", (unsigned long long)epoch);
    const char *own =
        text + len; /* the key's value is the epoch and the claim's text */

    entry_format((struct entry_id){epoch, 0}, id);
    snprintf(text + len, sizeof text - (size_t)len, "%llu %s %ld %s",
             (unsigned long long)f->nonce, f->host, (long)getpid(), f->address);
    int rc = await(
        insist(l, (const char *[]){"XADD", NAMES_LOG, id, "own", own, NULL}, id, why));
    if (rc == -ESTALE) {
        snprintf(why, LINK_WHY,
                 "another server was quicker to claim the log; trying again");
        return -EAGAIN;
    }
    f->unused = is_refusal(rc) ? epoch : 0;
    if (rc < 0)
        return rc;
    FAILPOINT("fence.claimed");
    return await(
        insist(l, (const char *[]){"SET", NAMES_EPOCH, text, NULL}, "OK", why));
}

int fence_claim(struct fence *f, struct link *l, struct entry_id *out_top, char *why)
{
    struct epoch_file file = {0};
    struct standing now = {0};

    int rc = await(read_standing(l, &now, why));
    if (rc == 0)
        rc = await(check_rival(f, l, &now));
    if (rc == 0)
        rc = epoch_file_read(f->file, &file, why);
    if (rc < 0)
        return rc;

    uint64_t epoch = next_epoch(f, &now, &file);
    if (epoch > ENCODE_EPOCH_MAX) {
        snprintf(why, LINK_WHY,
                 "the log has used up all epochs; begin a new one: "
                 "drain it, then remove its keys and the state directory");
        return -EOVERFLOW;
    }
    FAILPOINT("fence.before_claim");
    rc = epoch_file_write(f->file, epoch, false, why);
    if (rc < 0)
        return rc;
    FAILPOINT("fence.claiming");
    rc = await(write_claim(f, l, epoch, why));
    if (rc < 0)
        return rc;
    FAILPOINT("fence.key_written");
    f->epoch = epoch;
    rc = epoch_file_write(f->file, epoch, true, why);
    if (rc < 0)
        return rc;
    FAILPOINT("fence.owner");
    *out_top = now.top;
    return 0;
}

/* ---- the self-test ---- */

enum expectation { EXPECT_TEXT, EXPECT_NIL, EXPECT_NUMBER, EXPECT_STALE };

/* One command on the scratch key, whose name stands in place of "KEY". */
struct step {
    const char *argv[10];
    enum expectation expectation;
    const char *text;
    int64_t number;
};

/* clang-format off */
static const struct step steps[] = {
    {{"XADD", "KEY", "NOMKSTREAM", "1-1", "b", "x"},                     EXPECT_NIL,    NULL,  0},
    {{"XADD", "KEY", "1-0", "own", "x"},                                 EXPECT_TEXT,   "1-0", 0},
    {{"PEXPIRE", "KEY", "60000"},                                        EXPECT_NUMBER, NULL,  1},
    {{"XADD", "KEY", "NOMKSTREAM", "MINID", "~", "1-0", "1-1", "b", "x"}, EXPECT_TEXT,  "1-1", 0},
    {{"XADD", "KEY", "2-0", "own", "x"},                                 EXPECT_TEXT,   "2-0", 0},
    {{"XADD", "KEY", "NOMKSTREAM", "MINID", "~", "1-0", "1-2", "b", "x"}, EXPECT_STALE, NULL,  0},
    {{"XTRIM", "KEY", "MAXLEN", "0"},                                    EXPECT_NUMBER, NULL,  3},
    {{"XADD", "KEY", "NOMKSTREAM", "1-3", "b", "x"},                     EXPECT_STALE,  NULL,  0},
    {{"UNLINK", "KEY"},                                                  EXPECT_NUMBER, NULL,  1},
};
/* clang-format on */

static int judge_step(struct link *l, const struct step *step, char *why)
{
    struct rq_slice text;
    int64_t number;

    int rc = link_refusal(l, why);
    if (step->expectation == EXPECT_STALE)
        return rc == -ESTALE ? 0 : rc < 0 ? rc : -EBADMSG;
    if (rc < 0)
        return rc;
    switch (step->expectation) {
    case EXPECT_NIL:
        return link_take_nil(l);
    case EXPECT_NUMBER:
        return link_take_integer(l, &number) == 0 && number == step->number ? 0
                                                                            : -EBADMSG;
    case EXPECT_TEXT:
    case EXPECT_STALE:
        break;
    }
    return link_take_bytes(l, &text) == 0 && rq_slice_eq(text, rq_slice_str(step->text))
               ? 0
               : -EBADMSG;
}

RIO_AWAITS static int run_step(struct link *l, const struct step *step, const char *key,
                               char *why)
{
    const char *argv[11] = {NULL};

    for (size_t i = 0; i < 10 && step->argv[i] != NULL; i++)
        argv[i] = i == 1 ? key : step->argv[i];
    int rc = link_send(l, argv);
    if (rc < 0)
        return rc;
    rc = await(link_reply(l));
    return rc < 0 ? rc : judge_step(l, step, why);
}

int fence_self_test(struct fence *f, struct link *l, char *why)
{
    char key[80];

    /* Another key each time: the last one may have been left behind by a cut. */
    snprintf(key, sizeof key, NAMES_SELF_TEST "%llu.%u", (unsigned long long)f->nonce,
             ++f->self_tests);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int rc = await(run_step(l, &steps[i], key, why));
        if (rc == -ENOSPC) {
            LOG_WARN("event=self_test_skipped why=\"Redis is full\"");
            return 0;
        }
        if (rc == -EBADMSG)
            snprintf(
                why, LINK_WHY,
                "Redis does not fence as ringq needs it (self-test, step %zu: %s); "
                "use Redis 7.0 or later without a proxy",
                i + 1, steps[i].argv[0]);
        if (rc < 0)
            return rc;
    }
    return 0;
}
