/* resolve.h - host and port to socket addresses.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_RESOLVE_H
#define RIO_RESOLVE_H

#include <netdb.h>
#include <sys/un.h>

#include "rio/rio.h"

/* getaddrinfo: numeric ones at once, names in a thread.  `passive`: to listen on; host
 * may be NULL then.
 * Errors  -ENOENT no such name; -EAGAIN the resolver failed for now; -EINVAL the port
 * is no number up to 65535 Owns    gives *out: freeaddrinfo() */
RIO_AWAITS int rio__resolve(const char *host, const char *port, bool passive,
                            struct addrinfo **out);

/* The path of "unix:/path", or NULL when host is something else. */
const char *rio__unix_path(const char *host);
/* Errors  -ENAMETOOLONG */
int rio__unix_address(const char *path, struct sockaddr_un *out);

#endif
