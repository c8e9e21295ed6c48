/* echo_server.h - what a round trip costs when nothing is done.
 * SPDX-License-Identifier: MIT */
#ifndef LOAD_ECHO_SERVER_H
#define LOAD_ECHO_SERVER_H

/* Serves 127.0.0.1:port until it is killed.  Returns  1: it could not */
int echo_serve(const char *port);

#endif
