#!/usr/bin/env python3
"""peers - ringq beside the systems that people would otherwise take: the same work by the
same generator, in turns within one run, so that a busy moment of the machine hits all.

    sh tests/bench/peers.sh [--rounds N] [--seconds S] [--only WORD] [--json FILE]

Prints for each contest the median of every contestant, the ratio of the first one to it,
and processor time a job.  It judges nothing.  Every contest can be run alone: --only NAME.
SPDX-License-Identifier: MIT
"""
import argparse
import json
import statistics
import sys

import systems
from systems import Beanstalkd, Echo, Nats, Redis, Ringq

CYCLE_32 = ('--depth', 32)
BATCHES = ('--batch', 32, '--depth', 2)
FUSED = ('--fused',)
PUT = ('--mode', 'put')
WAKE = ('--mode', 'wake')


def rate(line):
    return line['jobs_per_second']


def put_p50(line):
    return line['put_us']['p50']


def got_p50(line):
    return line['get_us']['p50']


class Contest:
    """`sides`: system and arguments; the first one is ours."""

    def __init__(self, name, what, sides, figure=rate, unit='jobs/s'):
        self.name, self.what, self.sides = name, what, sides
        self.figure, self.unit = figure, unit
        self.lines = [[] for _ in sides]

    def play(self, seconds):
        """One round."""
        for lines, (system, args) in zip(self.lines, self.sides):
            if system.is_here():
                with system.running():
                    lines.append(system.run(*args, seconds=seconds))

    def medians(self):
        return [statistics.median(map(self.figure, lines)) if lines else None for lines in self.lines]

    def print(self):
        print(f'\n{self.name}: {self.what}')
        medians = self.medians()
        for (system, args), lines, value in zip(self.sides, self.lines, medians):
            if value is None:
                print(f'  {system.name:28} not here')
                continue
            ratio = medians[0] / value if value else 0
            cpu = {}
            for line in lines:
                for name, used in line['cpu_us_per_job'].items():
                    cpu.setdefault(name, []).append(used)
            spent = ', '.join(f'{name} {statistics.median(used):.2f}' for name, used in cpu.items())
            label = system.name + (' fused' if '--fused' in args else '')
            print(f'  {label:28} {value:12,.0f} {self.unit}   {ratio:6.2f}   us a job: {spent}')
        sys.stdout.flush()


def contests():
    lists_always, lists_everysec = Redis('redis-lists', 'always'), Redis('redis-lists', 'everysec')
    return [
        Contest('cycle-fsync', 'put, get, done; 64 connections, depth 32, on disk before the reply',
                [(Ringq('fsync'), CYCLE_32), (lists_always, CYCLE_32), (Redis('redis-streams', 'always'), CYCLE_32),
                 (Beanstalkd(fsync=True), CYCLE_32), (Nats(), CYCLE_32)]),
        Contest('batch-fsync', 'the same in batches of 32, depth 2',
                [(Ringq('fsync'), BATCHES), (Redis('redis-streams', 'always'), BATCHES), (lists_always, BATCHES)]),
        Contest('batch-everysec', 'batches of 32, depth 2, disk once a second',
                [(Ringq('everysec'), BATCHES), (Redis('redis-streams', 'everysec'), BATCHES)]),
        Contest('cycle-everysec-1', 'put, get, done; depth 1, disk once a second',
                [(Ringq('everysec'), ()), (lists_everysec, ()), (Nats(), ()), (Beanstalkd(fsync=False), ())]),
        Contest('fused-everysec-1', 'the same, DONE and the next GET in one write; TCP and unix socket',
                [(Ringq('everysec'), FUSED), (lists_everysec, FUSED), (Ringq('everysec', unix=True), FUSED),
                 (Redis('redis-lists', 'everysec', unix=True), FUSED)]),
        Contest('cycle-fsync-1', 'put, get, done; depth 1, on disk before the reply',
                [(Ringq('fsync'), ()), (lists_always, ()), (Beanstalkd(fsync=True), ())]),
        Contest('put-fsync', 'puts; depth 32, on disk before the reply',
                [(Ringq('fsync'), (*PUT, '--depth', 32)), (lists_always, (*PUT, '--depth', 32))]),
        Contest('put-everysec-1', 'puts against a plain echo; 64 connections, depth 1',
                [(Ringq('everysec'), PUT), (Echo(), PUT)]),
        Contest('round-trip', 'a put against an echo; one connection',
                [(Ringq('everysec'), (*PUT, '--conns', 1)), (Echo(), (*PUT, '--conns', 1))], put_p50, 'us p50'),
        Contest('wake-everysec', 'a put reaches a consumer that waits; disk once a second',
                [(Ringq('everysec'), WAKE), (lists_everysec, WAKE)], got_p50, 'us p50'),
        Contest('wake-fsync', 'a put reaches a consumer that waits; on disk before the reply',
                [(Ringq('fsync'), WAKE), (lists_always, WAKE)], got_p50, 'us p50'),
        Contest('size', 'cycles with many queues, with idle connections, with a deep queue, and with none of these',
                [(Ringq('everysec', name='ringq 100,000 queues'), (*CYCLE_32, '--queues', 100000)),
                 (Ringq('everysec', name='ringq 10,000 idle'), (*CYCLE_32, '--idle', 10000)),
                 (Ringq('everysec', name='ringq 1,000,000 deep'), (*CYCLE_32, '--prefill', 1000000)),
                 (Ringq('everysec', name='ringq empty'), CYCLE_32)]),
        Contest('body-16k', 'puts of 16 KiB, depth 4, on disk before the reply',
                [(Ringq('fsync'), (*PUT, '--body', '16KiB', '--depth', 4)),
                 (lists_always, (*PUT, '--body', '16KiB', '--depth', 4))]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=3)
    parser.add_argument('--only', default='', help='contests whose name contains this word')
    parser.add_argument('--json', help='a file for every single measurement')
    options = parser.parse_args()

    chosen = [c for c in contests() if options.only in c.name]
    if not chosen:
        parser.error(f'no contest is named like {options.only!r}: ' + ', '.join(c.name for c in contests()))
    print('\n'.join(systems.versions()))
    for i in range(options.rounds):
        for contest in chosen:
            print(f'round {i + 1} of {options.rounds}: {contest.name}', file=sys.stderr)
            contest.play(options.seconds)
    for contest in chosen:
        contest.print()
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as f:
            json.dump({c.name: {system.name + ' ' + ' '.join(map(str, args)): lines
                                for (system, args), lines in zip(c.sides, c.lines)} for c in chosen}, f, indent=1)


if __name__ == '__main__':
    main()
