/* transport.h - puts something else than plain sockets under the calls of ringq.h.
 *
 * The library does all its I/O through this table.  Only wait(), pause() and open() may
 * take time; a runtime whose versions of these suspend the caller makes every call of
 * ringq.h suspend.  That is how <ringq/ringq_rio.h> works.
 *
 * Compiles as C99 to C23 and C++11 to C++20.
 * SPDX-License-Identifier: MIT */
#ifndef RINGQ_TRANSPORT_H
#define RINGQ_TRANSPORT_H

#include <ringq/ringq.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a server is; either `host` or `path` is NULL. */
typedef struct ringq_address {
    const char *host; /* a name or a number, without brackets */
    const char *port; /* "7766" */
    const char *path; /* of a unix socket */
} ringq_address;

enum { RINGQ_READABLE = 1, RINGQ_WRITABLE = 2 };

/* Results are >= 0, or a negative errno value.  -ECANCELED from a function that may
 * take time becomes RINGQ_CANCELED. */
typedef struct ringq_transport {
    size_t size; /* sizeof(ringq_transport) */
    /* Connects within timeout_ms.  A failure may leave a sentence in `why`, which holds
     * "" and has room for why_size bytes.
     * Owns  gives *out_socket: close() */
    int (*open)(void *ctx, const ringq_address *to, int timeout_ms, void **out_socket,
                char *why, size_t why_size);
    void (*close)(void *socket);
    /* Move what can be moved without waiting: the number of bytes; -EAGAIN when that is
     * none; recv() 0 at the end of the stream. */
    long (*send)(void *socket, const void *bytes, size_t len);
    long (*recv)(void *socket, void *bytes, size_t len);
    /* Waits until one of `want` is possible, or timeout_ms (-1: no limit) are over.
     * Returns what is possible, 0 when time ran out; an error of the socket is both. */
    int (*wait)(void *socket, int want, int timeout_ms);
    int (*pause)(void *ctx, int pause_ms);
    int64_t (*now_ns)(void *ctx); /* monotonic */
} ringq_transport;

/* ringq_connect() over `transport`.
 * Keeps  `transport` and `ctx`, until ringq_close() */
RINGQ_API ringq *ringq_connect_over(const ringq_transport *transport, void *ctx,
                                    const char *url, const ringq_options *options);

#ifdef __cplusplus
}
#endif
#endif
