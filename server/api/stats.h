/* stats.h - the figures of the server, or of a queue, as a map.
 * SPDX-License-Identifier: MIT */
#ifndef API_STATS_H
#define API_STATS_H

#include "api/api.h"

/* `queue` empty: of the server. */
void stats_write(const struct api_server *s, struct rq_slice queue,
                 struct rq_resp_writer *w);

#endif
