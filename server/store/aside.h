/* aside.h - damaged entries of the log put aside, because an operator said so.
 *
 * The log stops the recovery at an entry whose checksum does not fit, since that may
 * hold jobs.  Here all such entries are taken out of it before the recovery, which
 * stays as strict as it is: whatever else is wrong still stops it.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_ASIDE_H
#define STORE_ASIDE_H

#include "store/link.h"
#include "store/seal.h"

/* Copies every such entry to the stream `bad`, its id and its value byte for byte, then
 * deletes it from the log, and says so in ours.  For the owner of the log, before it
 * reads it.  After a cut it may begin again: at worst there are two copies.
 * Errors  -EBADMSG  an entry that is not ours at all; as link_reply and link_refusal;
 *         `why` (LINK_WHY) */
RIO_AWAITS int aside_put(struct link *l, const struct seal *seal, char *why);

#endif
