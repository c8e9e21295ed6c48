/* peer.h - a small server in a thread, on a unix socket, for tests of the worker: one
 * queue, leases, GET that waits and holds back the replies behind it; and faults on
 * demand. SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_PEER_H
#define TEST_CLIENT_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* Aborts the test when it cannot be made. */
struct peer *peer_begin(void);
void peer_end(struct peer *p);
const char *peer_url(const struct peer *p);

/* Puts a job whose time to run is ttr_ms. */
void peer_put(struct peer *p, const char *body, unsigned ttr_ms);
/* Answers commands that begin with `words` with these bytes, instead of obeying them;
 * NULL: obeys them again. */
void peer_answer(struct peer *p, const char *words, const char *reply);
/* Ends the connections, all, or those that have asked for jobs (or have not). */
enum peer_which { PEER_ALL, PEER_TAKERS, PEER_OTHERS };
void peer_drop(struct peer *p, enum peer_which which);
/* Holds every GET, even past its time, until it is let go. */
void peer_hold(struct peer *p, bool hold);
/* Ends each new connection at once. */
void peer_refuse(struct peer *p, bool refuse);

/* How many commands that begin with `words` have come, in all; connections ever made.
 */
unsigned peer_seen(struct peer *p, const char *words);
unsigned peer_connections(struct peer *p);
/* Jobs done; jobs that wait in the queue. */
unsigned peer_done(struct peer *p);
unsigned peer_ready(struct peer *p);
/* Waits until `words` have come `count` times.  Fails the test after some seconds. */
void peer_await(struct peer *p, const char *words, unsigned count);

#endif
