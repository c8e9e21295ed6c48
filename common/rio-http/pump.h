/* pump.h - drives somebody else's event machine from the loop.
 *
 * libcurl and libmicrohttpd keep their sockets in an epoll descriptor, which is itself
 * readable when one of them has something to do.  So a machine is one descriptor and
 * one alarm; both end in turn(), which does what is due and returns.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_HTTP_PUMP_H
#define RIO_HTTP_PUMP_H

#include <rio/rio.h>

enum { RIO__PUMP_STACK = 256 << 10 }; /* bytes: TLS handshakes run in turn() */

struct rio__pump {
    int fd; /* lent by the machine, open until rio__pump_stop() has returned */
    void (*turn)(struct rio__pump *); /* never called from within itself */
    rio_task *task;
    rio_handle alarm, kick; /* kick 0: none is due */
};

/* Starts turning whenever fd is readable.
 * Errors  -EPERM no running loop
 * Owns    keeps p until rio__pump_stop() has returned */
int rio__pump_start(struct rio__pump *p, int fd, void (*turn)(struct rio__pump *));
/* Turns once in the next turn of the loop, however often it is called before; at once
 * if there is no memory for waiting.  Not from within turn(). */
void rio__pump_kick(struct rio__pump *p);
/* Turns once in `delay` ns; replaces the earlier alarm.  < 0: no alarm. */
void rio__pump_alarm(struct rio__pump *p, int64_t delay);
/* Ends it.  Not cancellable; one that was never started is fine. */
RIO_AWAITS int rio__pump_stop(struct rio__pump *p);

#endif
