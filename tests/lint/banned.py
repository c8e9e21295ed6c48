#!/usr/bin/env python3
"""banned - functions that this code base does not call, each with what to call instead.

SPDX-License-Identifier: MIT
"""
import re

import source

# The log counts what repeats itself by the name of the event, which it reads from the format.
CHANGING_EVENT = re.compile(r'"event=\w*%')
INSTEAD = {
    'strcpy': 'struct rq_buf', 'strcat': 'struct rq_buf', 'sprintf': 'rq_buf_printf or snprintf',
    'vsprintf': 'rq_buf_printf or vsnprintf', 'gets': 'struct rq_buf', 'strtok': 'rq_slice_split',
    'atoi': 'rq_num_i64', 'atol': 'rq_num_i64', 'atoll': 'rq_num_i64', 'strtol': 'rq_num_i64',
    'strtoul': 'rq_num_u64', 'alloca': 'a fixed array', 'rand': 'rq_rand_u64',
    'srand': 'rq_rand_seed', 'signal': 'rio_signal_wait or sigaction',
    'localtime': 'localtime_r, on the edge only', 'gmtime': 'gmtime_r, on the edge only',
    'usleep': 'rio_sleep', 'setenv': 'an environment of the child\'s own',
}


def check(root):
    for src in source.c_sources(root):
        for name, offset in source.calls(src, INSTEAD):
            yield src.path, src.line(offset), f'{name}() is banned: use {INSTEAD[name]}'
        for match in CHANGING_EVENT.finditer(src.text):
            yield src.path, src.line(match.start()), 'the name of an event is a constant'


if __name__ == '__main__':
    source.run(check)
