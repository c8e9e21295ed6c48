/* nature - reads from a command whether it may be repeated, and how long it may wait.
 * SPDX-License-Identifier: MIT */
#include "lib/nature.h"

#include "base/num.h"
#include "wire/command.h"

static enum rq_repeat repeat_of(const struct rq_command *c)
{
    if (c == NULL)
        return RQ_REPEAT_NEVER;
    switch (c->id) {
    case RQ_COMMAND_GET:
        return RQ_REPEAT_HARMLESS;
    case RQ_COMMAND_DONE:
    case RQ_COMMAND_FAIL:
    case RQ_COMMAND_RELEASE:
    case RQ_COMMAND_TOUCH:
        return RQ_REPEAT_ASK;
    case RQ_COMMAND_BATCH: /* a second NEW makes an empty one, which goes by itself */
        return RQ_REPEAT_HARMLESS;
    case RQ_COMMAND_QUEUE: /* these say how it shall be: twice is as good as once */
    case RQ_COMMAND_PAUSE:
    case RQ_COMMAND_RESUME:
    case RQ_COMMAND_SHUTDOWN:
    case RQ_COMMAND_DRAIN:
    case RQ_COMMAND_UNDRAIN:
        return RQ_REPEAT_HARMLESS;
    default:
        return c->flags & RQ_CMD_READ ? RQ_REPEAT_HARMLESS : RQ_REPEAT_NEVER;
    }
}

/* How many words behind this option of PUT may be anything, the names of other options
 * too. */
static size_t any_words_behind(struct rq_slice option)
{
    if (rq_slice_eq_nocase(option, RQ_LIT("HEADER")))
        return 2;
    return rq_slice_eq_nocase(option, RQ_LIT("UNIQUE")) ||
                   rq_slice_eq_nocase(option, RQ_LIT("GROUP"))
               ? 1
               : 0;
}

struct rq_nature rq_nature_of(size_t argc, const struct rq_slice *argv)
{
    const struct rq_command *c = rq_command_find(argv[0]);
    struct rq_nature n = {.repeat = repeat_of(c)};

    if (c == NULL || !(c->flags & RQ_CMD_BLOCK))
        return n;
    /* A PUT that does not say so waits for no room that we know of. */
    bool puts = c->id == RQ_COMMAND_PUT || c->id == RQ_COMMAND_MPUT;
    n.block_ms = puts ? 0 : -1;
    for (size_t i = c->id == RQ_COMMAND_PUT ? 3 : 2; i + 1 < argc; i++) {
        if (puts && rq_slice_eq_nocase(argv[i], RQ_LIT("BODIES")))
            break;
        if (puts && any_words_behind(argv[i]) > 0) {
            i += any_words_behind(argv[i]);
            continue;
        }
        if (!rq_slice_eq_nocase(argv[i], RQ_LIT("BLOCK")))
            continue;
        n.block_ms = 0; /* the server complains at once of what is no number */
        if (rq_num_i64(argv[i + 1], 0, RQ_BLOCK_MAX_MS, &n.block_ms) == 0)
            n.block_at = i + 1;
        break;
    }
    return n;
}
