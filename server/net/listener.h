/* listener.h - addresses to listen on: opened before the loop, served inside it.
 * SPDX-License-Identifier: MIT */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Opens `address`: HOST:PORT, [v6]:PORT with a numeric host or "localhost", or
 * unix:/path. Plaintext is for this machine only: a host that is not loopback is
 * refused.  A unix socket is made with mode 0600; a dead one of ours is replaced.
 * Returns  a listening descriptor; *out_port its TCP port, 0 for a unix socket
 * Errors   < 0, and `why` (200 bytes) says what to do */
RQ_MUST_CHECK int listener_open(const char *address, char *why, uint16_t *out_port);

#endif
