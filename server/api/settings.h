/* settings.h - what was said about a queue.
 * SPDX-License-Identifier: MIT */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include "api/api.h"

/* The defaults, if nothing was. */
struct record_settings settings_of(const struct api_client *c, struct rq_slice queue);

#endif
