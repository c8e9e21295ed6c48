/* hash.h - the commands on hashes of the simulated Redis.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_HASH_H
#define SIM_HASH_H

#include "sim/keys.h"
#include "wire/resp.h"

/* Runs HSET, HGET, HDEL, HLEN or HKEYS and writes the reply.
 * Returns  false: it is none of them */
bool sim_hash_run(struct keys *keys, const struct rq_slice *argv, size_t argc,
                  struct rq_resp_writer *w);

#endif
