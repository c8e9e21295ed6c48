/* seal - one commit made tamper-evident.
 * SPDX-License-Identifier: MIT */
#include "store/seal.h"

#include <errno.h>
#include <sodium.h>

#include "base/assert.h"
#include "base/err.h"
#include "store/encode.h"

_Static_assert(SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(sizeof(((struct seal *)0)->key) ==
                   crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "key");
_Static_assert(sizeof(((struct seal *)0)->nonce) ==
                   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "nonce");

/* Public on purpose: whoever has the program can seal with it.  Part of the format. */
static const uint8_t public_key[33] = "ringq public key 0 is a checksum";

enum { AT_NONCE = 6 };

struct label {
    uint8_t bytes[AT_NONCE + 32 + SEAL_FIELD_MAX];
    size_t len;
};

_Static_assert((int)ENTRY_TEXT <= (int)SEAL_FIELD_MAX, "an entry's name fits, too");

/* What is bound to the commit without standing in it. */
static struct label label_of(const struct seal *s, const uint8_t *header,
                             struct rq_slice place)
{
    struct label l = {.len = AT_NONCE};
    size_t name = strlen(s->log) + 1;

    memcpy(l.bytes, header, AT_NONCE);
    memcpy(l.bytes + l.len, s->log, name); /* with its NUL: names cannot run into ids */
    l.len += name;
    ASSERT(place.len <= SEAL_FIELD_MAX);
    memcpy(l.bytes + l.len, place.ptr, place.len);
    l.len += place.len;
    return l;
}

int seal_init(struct seal *s, const char *log)
{
    size_t name = strlen(log) + 1;

    ASSERT(name <= sizeof s->log);
    if (sodium_init() < 0)
        return -EIO;
    *s = (struct seal){0};
    memcpy(s->log, log, name);
    memcpy(s->key, public_key, sizeof s->key);
    randombytes_buf(s->nonce, sizeof s->nonce);
    return 0;
}

void seal_fini(struct seal *s)
{
    sodium_memzero(s, sizeof *s);
}

void seal_close_field(struct seal *s, struct rq_slice field, struct rq_slice plain,
                      uint8_t *out)
{
    out[0] = ENCODE_VERSION;
    out[1] = 0;
    for (int i = 0; i < 4; i++)
        out[2 + i] = (uint8_t)(s->key_id >> (8 * i));
    /* Counting from a random start never meets itself, and costs no system call. */
    memcpy(out + AT_NONCE, s->nonce, sizeof s->nonce);
    sodium_increment(s->nonce, sizeof s->nonce);

    struct label l = label_of(s, out, field);
    int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + SEAL_HEADER, NULL, plain.ptr, plain.len, l.bytes, l.len, NULL,
        out + AT_NONCE, s->key);
    ASSERT(rc == 0);
}

void seal_close(struct seal *s, struct entry_id id, struct rq_slice plain, uint8_t *out)
{
    char name[ENTRY_TEXT];

    seal_close_field(s, rq_slice(name, entry_format(id, name)), plain, out);
}

int seal_open_field(const struct seal *s, struct rq_slice field, uint8_t *value,
                    size_t len, struct rq_slice *out_plain)
{
    uint32_t key_id = 0;

    if (len < SEAL_OVERHEAD)
        return RQ_E_MALFORMED;
    if (value[0] != ENCODE_VERSION || value[1] != 0)
        return -ENOTSUP;
    for (int i = 4; i > 0; i--)
        key_id = key_id << 8 | value[1 + i];
    if (key_id != s->key_id)
        return -ENOKEY;

    struct label l = label_of(s, value, field);
    uint8_t *text = value + SEAL_HEADER;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, text,
                                                   len - SEAL_HEADER, l.bytes, l.len,
                                                   value + AT_NONCE, s->key) < 0)
        return RQ_E_MALFORMED;
    *out_plain = rq_slice(text, len - SEAL_OVERHEAD);
    return 0;
}

int seal_open(const struct seal *s, struct entry_id id, uint8_t *value, size_t len,
              struct rq_slice *out_plain)
{
    char name[ENTRY_TEXT];

    return seal_open_field(s, rq_slice(name, entry_format(id, name)), value, len,
                           out_plain);
}
