/* config.h - what ringqd was told: flag > environment > file > default, per option.
 * SPDX-License-Identifier: MIT */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/log.h"
#include "store/store.h"

enum { CONFIG_LISTEN_MAX = 8, CONFIG_WHY = 320 };

struct config {
    char *listen[CONFIG_LISTEN_MAX];
    size_t listen_count;
    char *data_dir, *redis, *port_file;
    enum store_level durability;
    enum rq_log_level log_level;
    unsigned io; /* of rio_runner_new(): RIO_IO_URING, RIO_IO_EPOLL, or 0: auto */
    uint64_t max_body, log_spare, body_memory, max_connections, redis_timeout_ms,
        store_wait_ms, replicas, replica_wait_ms;
    bool holds_without_store, sets_bad_aside;
    /* private: how far each option's origin ranks, so that a lower one cannot overwrite
     * it */
    unsigned char rank[20];
};

/* Fills `c` with the defaults. */
RQ_MUST_CHECK int config_init(struct config *c, char why[CONFIG_WHY]);
void config_fini(struct config *c);

/* Each of the three applies one source; call them in any order.
 * Errors  -EINVAL  an unknown option or a bad value; `why` names it and says what to do
 */
RQ_MUST_CHECK int config_flags(struct config *c, int argc, char *const *argv,
                               char why[CONFIG_WHY]);
RQ_MUST_CHECK int config_environment(struct config *c, char why[CONFIG_WHY]);
RQ_MUST_CHECK int config_file(struct config *c, const char *path, char why[CONFIG_WHY]);

/* Sets one option as a default of its own (ringqd dev). */
RQ_MUST_CHECK int config_default(struct config *c, const char *name, const char *value,
                                 char why[CONFIG_WHY]);
/* The path given with --config, NULL: none.  Owns  lends: argv's */
const char *config_file_of(int argc, char *const *argv);
/* One line per option, for --help. */
void config_help(FILE *out);

#endif
