#!/usr/bin/env python3
"""peers - ringq beside the systems that people would otherwise take: the same work by the
same generator, in turns within one run, so that a busy moment of the machine hits all.

    sh tests/bench/peers.sh [--only WORD] [--rounds N] [--seconds S] [--deep JOBS]
                            [--json FILE] [--page] [--list]

Prints for each contest the median of every side, the ratio of the first one to it, and
what a job costs.  It judges nothing.  Every contest can be run alone: --only NAME.
SPDX-License-Identifier: MIT
"""
import argparse
import json
import sys

import page
import systems
from contests import all_contests

DEEP = 1000000


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', default='', metavar='WORD', help='contests whose name contains this word')
    parser.add_argument('--rounds', type=int, default=5, metavar='N')
    parser.add_argument('--seconds', type=float, default=3, metavar='S', help='of each measurement')
    parser.add_argument('--deep', type=int, default=DEEP, metavar='JOBS', help=f'that wait, in size and recovery ({DEEP:,})')
    parser.add_argument('--json', metavar='FILE', help='every single measurement')
    parser.add_argument('--page', action='store_true', help='puts the figures into docs/benchmarks.md')
    parser.add_argument('--list', action='store_true', help='the names of the contests')
    options = parser.parse_args()

    chosen = [c for c in all_contests(options.deep) if options.only in c.name]
    if not chosen:
        names = ', '.join(c.name for c in all_contests(options.deep))
        parser.error(f'no contest is named like {options.only!r}: {names}')
    if options.rounds < 1 or options.seconds < 0.1 or options.deep < 1:
        parser.error('at least one round of 0.1 seconds, and one job')
    if options.page and options.only:
        parser.error('--page is for all contests: without --only')
    return options, chosen


def play(contests, rounds, seconds):
    for i in range(rounds):
        for contest in contests:
            print(f'round {i + 1} of {rounds}: {contest.name}', file=sys.stderr)
            contest.play(seconds)


def promises(contests):
    """What each system stands for, once."""
    known = {}
    for side in (side for contest in contests for side in contest.sides):
        if side.system:
            known.setdefault(side.system.kind, side.system.promise)
    width = max(map(len, known), default=0)
    return '\n'.join(['what a reply means:', *(f'  {kind:{width}}  {promise}' for kind, promise in known.items())])


def main():
    options, contests = parse()
    if options.list:
        for contest in contests:
            print(f'{contest.name:22} {contest.what}')
        return
    head = [f'medians of {options.rounds} rounds of {options.seconds:g} s', *systems.versions()]
    play(contests, options.rounds, options.seconds)
    text = '\n\n'.join(['\n'.join(head), promises(contests), *(contest.text() for contest in contests)])
    print(text)
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as f:
            json.dump({c.name: c.as_json() for c in contests}, f, indent=1)
    if options.page:
        page.put_figures(text)


if __name__ == '__main__':
    main()
