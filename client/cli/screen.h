/* screen.h - the terminal as a screen: keys in, whole frames out.
 *
 * Between screen_begin() and screen_end() the terminal shows another screen, without a
 * cursor, and gives keys one by one.  Whatever ends the process, exit(), a signal, a
 * crash, the terminal is put back first; Ctrl-Z puts it back until the process goes on.
 * There is one terminal, so there is one screen.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stddef.h>
#include <stdint.h>

enum screen_key {
    SCREEN_NONE = 0, /* smaller than 0x100: a character */
    SCREEN_UP = 0x100,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END
};

struct screen_size {
    int rows, columns;
};

/* Errors  -ENOTTY  stdin or stdout is no terminal;  -errno */
int screen_begin(void);
/* Does nothing without a screen. */
void screen_end(void);

struct screen_size screen_size(void);
void screen_show(const char *frame, size_t len);
/* Waits for a key.  Returns  SCREEN_NONE: time is over, the size has changed, the
 * process went on after Ctrl-Z, or somebody wants the end
 * Units  ms: -1: no limit */
int screen_wait(int64_t ms);
/* The signal that wants the end: SIGINT, SIGTERM, SIGHUP, SIGQUIT; 0: none does. */
int screen_ending(void);

#endif
