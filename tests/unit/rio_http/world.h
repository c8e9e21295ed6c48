/* world.h - a server with some routes and a session to ask it with, for each test.
 *
 *     WORLD_TEST(a_page_comes_back_whole)
 *     {
 *         ... w->session, w->url ...
 *         return 0;
 *     }
 * SPDX-License-Identifier: MIT */
#ifndef RIO_HTTP_TEST_WORLD_H
#define RIO_HTTP_TEST_WORLD_H

#include <rio/http.h>

struct world {
    rio_http_server *server;
    rio_http_session *session;
    char base[64];    /* http://127.0.0.1:port */
    char url[256];    /* world_url()'s */
    size_t in_flight; /* handlers of /gate that run */
    size_t ended;     /* handlers of /gate that ended, also by a cancel */
    size_t reports;   /* errors that the exception handler got */
    rio_event gate;   /* /gate waits for it */
};

/*  GET  /hello       "hello"             GET  /slow?ms=N  "slow" after N ms
 *  POST /echo        the body            GET  /gate       "open" once the gate is
 *  GET  /big?n=N     N times 'x'         GET  /fail       fails
 *  GET  /nothing     204                 GET  /files/...  what is asked for
 *  PUT  /hello       201                 GET  /moved      302 to /hello
 *  GET  /header      X-Asked, and replies with it
 * Limits: 64 KiB a body. */
const char *world_url(struct world *w, const char *path);

typedef long world_fn(struct world *w);
/* Runs fn between start and close.  Returns  its result, or that of the close */
RIO_AWAITS long world_run(world_fn *fn);

enum { WORLD_MAX_BODY = 64 << 10 };

/* clang-format off */
#define WORLD_TEST(name) \
    static long name##_in(struct world *w); \
    LOOP_TEST(name) { return await(world_run(name##_in)); } \
    static long name##_in(struct world *w)
/* clang-format on */

#endif
