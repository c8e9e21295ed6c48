/* beside.h - the other programs of the same installation.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_BESIDE_H
#define CLI_BESIDE_H

/* Becomes the program `name` that stands beside this one, wherever that was installed.
 * Returns only when it cannot.  Errors  -errno, as of readlink() and execv() */
int beside_exec(const char *name, char *const *argv);

#endif
