/* reply_fuzz - a stream of replies reads the same, however it is cut.
 *
 * Input   byte 0: size of the pieces; byte 1: the limit of a bulk string; then the
 *         stream
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "wire/reply.h"

struct outcome {
    uint64_t hash; /* of all replies */
    size_t replies;
    long rc;
};

static uint64_t hash_node(uint64_t hash, const struct rq_reply *node, int depth)
{
    ASSERT(depth <= 8);
    hash = fuzz_hash(hash, &node->type, sizeof node->type);
    hash = fuzz_hash(hash, &node->integer, sizeof node->integer);
    hash = fuzz_hash(hash, &node->real, sizeof node->real);
    hash = fuzz_hash(hash, &node->count, sizeof node->count);
    hash = fuzz_hash(hash, node->str.ptr, node->str.len);
    ASSERT(node->str.ptr == NULL || node->str.ptr[node->str.len] == '\0');
    ASSERT(node->type != RQ_REPLY_MAP || node->count % 2 == 0);
    for (size_t i = 0; i < node->count; i++)
        hash = hash_node(hash, &node->elements[i], depth + 1);
    return hash;
}

static void note(struct outcome *o, struct rq_reply *reply)
{
    const struct rq_reply *field = rq_reply_field(reply, "id");

    ASSERT(field == NULL || reply->count >= 2);
    o->hash = hash_node(o->hash, reply, 0);
    o->replies++;
    rq_reply_free(reply);
}

static void read_piece(struct rq_reply_reader *r, struct rq_slice piece,
                       struct outcome *o)
{
    uint8_t *block = malloc(piece.len); /* a byte too far is ASan's */
    size_t at = 0;

    ASSERT(block != NULL);
    memcpy(block, piece.ptr, piece.len);
    while (at < piece.len && o->rc >= 0) {
        struct rq_reply *reply;

        o->rc = rq_reply_read(r, rq_slice(block + at, piece.len - at), &reply);
        if (o->rc < 0)
            break;
        ASSERT(o->rc > 0 && (size_t)o->rc <= piece.len - at);
        at += (size_t)o->rc;
        if (reply != NULL)
            note(o, reply);
    }
    free(block);
}

static struct outcome read_in_pieces(struct rq_slice stream, size_t piece,
                                     uint8_t limit)
{
    struct rq_reply_reader *r = rq_reply_reader_new(limit < 128 ? limit : 1 << 20);
    struct outcome o = {0};

    ASSERT(r != NULL);
    while (stream.len > 0 && o.rc >= 0) {
        size_t n = stream.len < piece ? stream.len : piece;

        read_piece(r, rq_slice(stream.ptr, n), &o);
        stream = rq_slice(stream.ptr + n, stream.len - n);
    }
    ASSERT(o.rc >= 0 || o.rc == RQ_E_MALFORMED || o.rc == RQ_E_TOOBIG);
    rq_reply_reader_free(r);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;

    struct rq_slice stream = rq_slice(data + 2, size - 2);
    struct outcome whole = read_in_pieces(stream, SIZE_MAX, data[1]);
    struct outcome cut = read_in_pieces(stream, data[0] + (size_t)1, data[1]);

    ASSERT(whole.hash == cut.hash && whole.replies == cut.replies);
    ASSERT((whole.rc < 0 ? whole.rc : 0) == (cut.rc < 0 ? cut.rc : 0));
    return 0;
}
