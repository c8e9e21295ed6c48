/* fake.h - a scripted server behind a ringq_transport: no socket, no thread, no clock.
 *
 * The script says what the client opens, what it sends and what it is answered.  Time
 * passes only when the client waits for something that the script does not give.  What
 * differs from the script is kept as a sentence for fake_end().
 * SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_FAKE_H
#define TEST_CLIENT_FAKE_H

#include <ringq/transport.h>

#include "wire/resp.h"

enum fake_what {
    FAKE_END,
    FAKE_OPEN,     /* the client connects */
    FAKE_REFUSE,   /* the client connects, and is refused */
    FAKE_EXPECT,   /* the client sends this command: its words with a blank in between;
                      a star at the end stands for anything */
    FAKE_REPLY,    /* these bytes are answered */
    FAKE_CLOSE,    /* the server ends the connection */
    FAKE_RESET,    /* ... and the client sees ECONNRESET */
    FAKE_BLOCK,    /* the kernel takes `n` more bytes, then the connection is reset */
    FAKE_CANCEL,   /* the next wait is cancelled */
    FAKE_PATIENCE, /* the next wait has no limit */
};

struct fake_step {
    enum fake_what what;
    const char *text;
    size_t n;
};

#define HELLO_REPLY                                                         \
    "%3\r\n$6\r\nserver\r\n$5\r\nringq\r\n$7\r\nversion\r\n$5\r\n0.1.0\r\n" \
    "$10\r\ndurability\r\n$5\r\nfsync\r\n"
#define OPENS                                       \
    {FAKE_OPEN, 0, 0}, {FAKE_EXPECT, "HELLO 3", 0}, \
    {                                               \
        FAKE_REPLY, HELLO_REPLY, 0                  \
    }
#define REFUSES           \
    {                     \
        FAKE_REFUSE, 0, 0 \
    }
#define EXPECTS(words)        \
    {                         \
        FAKE_EXPECT, words, 0 \
    }
#define REPLIES(bytes)       \
    {                        \
        FAKE_REPLY, bytes, 0 \
    }
#define CLOSES           \
    {                    \
        FAKE_CLOSE, 0, 0 \
    }
#define RESETS           \
    {                    \
        FAKE_RESET, 0, 0 \
    }
#define TAKES(bytes)         \
    {                        \
        FAKE_BLOCK, 0, bytes \
    }
#define CANCELS           \
    {                     \
        FAKE_CANCEL, 0, 0 \
    }
#define WAITS_FOR_EVER      \
    {                       \
        FAKE_PATIENCE, 0, 0 \
    }
#define ENDS           \
    {                  \
        FAKE_END, 0, 0 \
    }

struct fake {
    const struct fake_step *at;
    size_t reply_at;   /* bytes of the current FAKE_REPLY that were received */
    size_t send_chunk; /* bytes that one send takes; 0: all */
    size_t recv_chunk; /* bytes that one recv gives; 0: all */
    bool full;         /* a send took its chunk: EAGAIN until the client waits */
    int64_t now_ns;
    int64_t paused_ms; /* sum of pauses */
    unsigned pauses, waits, open_sockets;
    struct rq_buf in;
    struct rq_resp_reader reader;
    char failure[512];
};

extern const ringq_transport fake_transport; /* its ctx: a struct fake */

void fake_begin(struct fake *f, const struct fake_step *script);
/* Skips the rest of a series of FAKE_REFUSE: how many fit is left to the jitter. */
void fake_skip_refusals(struct fake *f);
/* Asserts that the whole script was played, and nothing else. */
void fake_end(struct fake *f);
/* Connects by the first steps of the script, without reconnecting unless said. */
ringq *fake_connect(struct fake *f, int reconnect_ms);

#endif
