/* server.h - a server from inside: server.c (the public face), client.c (its clients)
 * and listen.c (its sockets).
 *
 *     idle -> serving -> closing (no new clients, those that are here may end) -> over
 *
 * The server belongs to the loop and lives until the run ends.  A client belongs to its
 * task: when that has ended, in whatever way, its stream is closed and freed, unless it
 * was parked.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_SERVER_H
#define RIO_SERVER_H

#include <netdb.h>
#include <sys/stat.h>

#include "rio/loop.h"

enum { RIO__LISTENERS_MAX = 16 };

struct rio__listener {
    rio_server *server;
    int fd;                 /* -1: closed */
    bool listens;           /* listen(2) was called, by us or by the caller */
    struct rio_op *accepts; /* NULL: it pauses, or does not serve yet */
    struct rio__timer pause;
    char *path; /* of a unix socket that we remove at the end, or NULL */
    dev_t dev;
    ino_t ino;
};

struct rio_server {
    struct rio_loop *loop;
    struct rq_list link; /* in loop->servers */
    rio_client_fn *fn;
    void *arg;
    rio_server_opts opts;
    bool serving, closing;
    bool forever;           /* a task is in rio_server_serve_forever() */
    struct rq_list clients; /* struct client */
    size_t open_listeners;
    size_t listener_count;
    struct rio__listener listeners[RIO__LISTENERS_MAX];
    rio_waitq waiters;
};

/* ---- client.c ---- */

/* A connection was accepted.  Consumes fd. */
void rio__server_add_client(rio_server *s, int fd);
/* At the end of the loop: those that have no task. */
void rio__server_drop_parked(rio_server *s);

/* ---- server.c ---- */

/* A listener or a client has gone: wakes whoever waits for the last one. */
void rio__server_look_if_over(rio_server *s);

/* ---- listen.c ---- */

/* Binds a listener to each address, or to one path. */
int rio__server_bind(rio_server *s, const struct addrinfo *list);
int rio__server_bind_unix(rio_server *s, const char *path);
/* Adds a socket that listens already.  Consumes fd. */
void rio__server_add_listener(rio_server *s, int fd);
/* Listens and accepts. */
int rio__listener_start(struct rio__listener *ln);
void rio__listener_close(struct rio__listener *ln);

#endif
