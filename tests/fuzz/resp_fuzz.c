/* resp_fuzz - a stream of commands reads the same, however it is cut.
 *
 * Input   byte 0: size of the pieces; byte 1: the limits; the rest: the stream
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "wire/resp.h"

struct outcome {
    uint64_t hash; /* of all commands */
    size_t commands;
    size_t consumed;
    long rc; /* of the last read: 0, or what is wrong */
};

static void check_command(const struct rq_resp_reader *r, const struct rq_cmd *cmd)
{
    size_t total = 0;

    ASSERT(cmd->argc <= RQ_RESP_ELEMENTS_MAX);
    for (size_t i = 0; i < cmd->argc; i++) {
        ASSERT(cmd->argv[i].len <= r->body_max);
        total += cmd->argv[i].len;
    }
    ASSERT(total <= r->frame_max);
    ASSERT(cmd->argc == 0 || cmd->argv[0].len <= RQ_RESP_VERB_MAX);
}

static void note(struct outcome *o, const struct rq_cmd *cmd, long consumed)
{
    o->commands++;
    o->consumed += (size_t)consumed;
    o->hash = fuzz_hash(o->hash, &consumed, sizeof consumed);
    o->hash = fuzz_hash(o->hash, &cmd->argc, sizeof cmd->argc);
    for (size_t i = 0; i < cmd->argc; i++) {
        o->hash = fuzz_hash(o->hash, &cmd->argv[i].len, sizeof cmd->argv[i].len);
        o->hash = fuzz_hash(o->hash, cmd->argv[i].ptr, cmd->argv[i].len);
    }
}

/* Reads all commands of the stream's first `end` bytes.  They stand in a block of
 * exactly their size, at a new place each time. */
static void read_up_to(struct rq_resp_reader *r, struct rq_slice stream, size_t end,
                       struct outcome *o)
{
    size_t len = end - o->consumed;
    size_t at = 0;
    uint8_t *block = malloc(len > 0 ? len : 1);

    ASSERT(block != NULL);
    memcpy(block, stream.ptr + o->consumed, len);
    do {
        struct rq_cmd cmd;

        o->rc = rq_resp_read(r, rq_slice(block + at, len - at), &cmd);
        if (o->rc > 0) {
            ASSERT((size_t)o->rc <= len - at);
            check_command(r, &cmd);
            note(o, &cmd, o->rc);
            at += (size_t)o->rc;
        }
    } while (o->rc > 0);
    ASSERT(o->rc == 0 || o->rc == RQ_E_MALFORMED || o->rc == RQ_E_TOOBIG);
    free(block);
}

static struct outcome read_in_pieces(struct rq_slice stream, size_t piece,
                                     uint8_t limits)
{
    struct rq_resp_reader r;
    struct outcome o = {0};
    size_t body_max = limits < 128 ? limits : RQ_RESP_BODY_DEFAULT;

    rq_resp_reader_init(&r, body_max, body_max * 2 + 64);
    for (size_t end = 0; end < stream.len && o.rc == 0;) {
        end = stream.len - end < piece ? stream.len : end + piece;
        read_up_to(&r, stream, end, &o);
    }
    rq_resp_reader_fini(&r);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;

    struct rq_slice stream = rq_slice(data + 2, size - 2);
    struct outcome whole = read_in_pieces(stream, SIZE_MAX, data[1]);
    struct outcome cut = read_in_pieces(stream, data[0] + (size_t)1, data[1]);

    ASSERT(whole.hash == cut.hash && whole.commands == cut.commands);
    ASSERT(whole.consumed == cut.consumed && whole.rc == cut.rc);
    return 0;
}
