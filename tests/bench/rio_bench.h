/* rio_bench.h - the measurements of rio_bench, one file for each kind.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_RIO_BENCH_H
#define BENCH_RIO_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rio/rio.h"

struct bench_opts {
    unsigned io;  /* RIO_IO_*, or 0 */
    long divisor; /* of all counts; 1: the real thing, more: only whether it works */
};

/* Measures once.  Returns  the value in its unit, or a negative error */
typedef double bench_fn(const struct bench_opts *o);

/* Times one task: fn(count, arg) in a fresh loop.
 * Returns  ns for each of `count`, or a negative error */
struct bench_body {
    long (*fn)(struct bench_body *body);
    long count;
    int64_t took; /* ns; fn may set it, else it is the whole of fn */
};
double bench_time(const struct bench_opts *o, struct bench_body body);

/* ---- rio_bench_cpu.c: ns each ---- */

bench_fn bench_switch;        /* from one context to another */
bench_fn bench_yield;         /* among 256 tasks */
bench_fn bench_spawn_join;    /* a pooled task that does nothing */
bench_fn bench_group;         /* a member of a group of 1000 */
bench_fn bench_queue_handoff; /* put, and the waiting getter has it */
bench_fn bench_queue_buffered;
bench_fn bench_timeout;    /* a time limit that does not strike */
bench_fn bench_timer_fire; /* a callback whose time has come */

/* ---- rio_bench_many.c ---- */

bench_fn bench_idle_memory; /* KiB of an idle task */
bench_fn bench_sleepers;    /* how many were asleep at once */

/* ---- rio_bench_tcp.c: round trips of rio for each one of the plain loop ---- */

bench_fn bench_tcp_1, bench_tcp_64, bench_tcp_512;

/* ---- plain_echo.c ---- */

/* `conns` clients and a server that echoes, all in one epoll loop on TCP over loopback,
 * without any runtime; each client sends 64 bytes and waits for them `rounds` times.
 * Returns  round trips a second, or -errno */
double plain_echo(unsigned conns, unsigned rounds);
enum { ECHO_BYTES = 64 };

#endif
