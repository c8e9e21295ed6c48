/* demo.h - what the demo programs share: a main, a clock of seconds, and say().
 *
 *     static long body(void *arg) { say("Hello"); return 0; }
 *     int main(int argc, char **argv) { return demo_main(argc, argv, body); }
 *
 * Every demo has the options
 *
 *     --times    prints before each line the second at which it is printed, and at the
 *                end how many seconds the body took
 *     --scale N  a "second" takes only 1/N s
 *     --sim      runs on the simulated backend: times are exact, and take none
 *     --epoll    runs on epoll, where the default is io_uring
 *
 * SPDX-License-Identifier: MIT */
#ifndef RIO_EXAMPLES_DEMO_H
#define RIO_EXAMPLES_DEMO_H

#include "rio/rio.h"

/* Reads the options, runs body(NULL) in a loop, and tells an error of it on stderr.
 * Returns  the exit status: 0; 1 the body failed; 130 it was interrupted (SIGINT).
 *          Wrong options end the program: 2 */
int demo_main(int argc, char **argv, rio_fn *body);

/* The same in two pieces, for a main that does something between or around runs.
 * demo_run  Returns  as rio_run(); -errno when there is no loop to run in */
void demo_setup(int argc, char **argv);
long demo_run(rio_fn *body, void *arg);
/* Which backend the options ask for: a flag of rio_runner_new(), or 0. */
unsigned demo_io(void);

/* The program's own arguments: those that are not options, counted from 0. */
const char *demo_arg(int i, const char *otherwise);
long demo_number(int i, long otherwise); /* >= 0; anything else ends the program: 2 */
/* Whether an option of the program's own, as "--no-lock", is given. */
bool demo_has(const char *option);

/* Nanoseconds of so many (scaled) seconds: await(rio_sleep(seconds(0.5))). */
int64_t seconds(double s);
/* (Scaled) seconds since the run began; any thread may ask. */
double elapsed(void);
/* Prints a line; any thread may. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints a word of a line that the next say() ends, or the end of the body. */
void say_word(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
