/* dev.h - `ringqd dev`: a server for this user on this machine, with nothing to set up.
 * SPDX-License-Identifier: MIT */
#ifndef SERVER_DEV_H
#define SERVER_DEV_H

#include "config.h"
#include "service.h"

struct dev_options {
    bool stop;  /* end the running one instead */
    bool reset; /* throw its data away first */
};

/* Takes --port N, --stop and --reset out of argv; the rest is ordinary options.
 * Returns  how many words are left in argv;  -EINVAL and `why` */
RQ_MUST_CHECK int dev_flags(struct config *c, int argc, char **argv,
                            struct dev_options *out, char why[CONFIG_WHY]);
/* loopback, everysec, data in $XDG_STATE_HOME/ringqd/dev (~/.local/state/ringqd/dev).
 */
RQ_MUST_CHECK int dev_defaults(struct config *c, char why[CONFIG_WHY]);

/* Sends SIGTERM to the server that holds `data_dir` and waits until it is gone.
 * Returns  an exit status; says on stdout what happened */
int dev_stop(const char *data_dir);
/* Removes the data of a server that is not running.  Errors  -errno, and `why` */
RQ_MUST_CHECK int dev_reset(const char *data_dir, char why[CONFIG_WHY]);

/* What runs where and what to try: at most 12 lines on stdout. */
void dev_banner(struct service *s, const struct store_stats *stats);

#endif
