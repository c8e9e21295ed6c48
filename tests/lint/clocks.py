#!/usr/bin/env python3
"""clocks - nobody but base/clock and rio's backends reads a clock: the rules get the time
as a parameter, so that a test of sixty seconds takes a millisecond.

The CLI may include nothing of base, so it has one file of its own; tests and benches
measure as they like.
SPDX-License-Identifier: MIT
"""
import source

CLOCKS = {'time', 'clock', 'clock_gettime', 'gettimeofday', 'timespec_get', 'ftime', 'times'}
ALLOWED = ('common/base/clock.c', 'common/rio/io', 'client/cli/clock.c', 'tests/')


def check(root):
    for src in source.c_sources(root):
        if src.path.startswith(ALLOWED):
            continue
        for name, offset in source.calls(src, CLOCKS):
            yield src.path, src.line(offset), f'{name}() reads a clock: use base/clock.h, or take now as a parameter'


if __name__ == '__main__':
    source.run(check)
