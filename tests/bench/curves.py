#!/usr/bin/env python3
"""curves - measures what the plots show, and writes it into docs/plots/NAME.dat: a line for each
point, which gnuplot draws (plots.sh).

    sh tests/bench/plots.sh --measure [--seconds S] [--rounds N]

    connections-fsync, connections-everysec   cycles a second against connections, depth 1
    latency-fsync                             p50 and p99 of a put against the offered load

SPDX-License-Identifier: MIT
"""
import argparse
import os
import pathlib
import statistics
import sys

import systems
from contest import AtHalf
from systems import Beanstalkd, Redis, Ringq, jobs_per_second

FOLDER = pathlib.Path(os.environ.get('RINGQ_PLOTS', pathlib.Path(__file__).resolve().parents[2] / 'docs/plots'))
CONNECTIONS = (1, 4, 16, 64, 256)
LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def write(name, columns, rows):
    """Columns by their names, apart from the first the curves; a system that is not here has none."""
    lines = [f'# {line}' for line in systems.versions()]
    lines += [' '.join(f'"{column}"' for column in columns)]
    lines += [' '.join(f'{value:g}' if isinstance(value, float) else str(value) for value in row) for row in rows]
    (FOLDER / f'{name}.dat').write_text('\n'.join(lines) + '\n', encoding='utf-8')


def throughput(name, contestants, options):
    """Cycles a second, put, get and done one after the other on each connection."""
    contestants = [system for system in contestants if system.is_here()]
    rows = []
    for connections in CONNECTIONS:
        rates = [[] for _ in contestants]
        for _ in range(options.rounds):
            for system, found in zip(contestants, rates):
                print(f'{name}: {connections} connections, {system.name}', file=sys.stderr)
                with system.running():
                    found.append(jobs_per_second(system.run('--conns', connections, seconds=options.seconds)))
        rows.append([connections, *(round(statistics.median(found)) for found in rates)])
    write(name, ['connections', *(system.name for system in contestants)], rows)


def latency(name, system, options):
    """Open loop; the loads are parts of the highest rate that was reached."""
    with system.running():
        most = jobs_per_second(system.run('--mode', 'put', '--depth', 32, seconds=options.seconds))
    rows = []
    for load in LOADS:
        print(f'{name}: {load:.0%} of {most:,.0f} puts a second', file=sys.stderr)
        lines = [AtHalf(system).at(most * load, options.seconds) for _ in range(options.rounds)]
        rows.append([lines[0]['rate'], *(statistics.median(line['put_us'][q] for line in lines) / 1000.0
                                         for q in ('p50', 'p99'))])
    write(name, ['offered', f'{system.name} p50', f'{system.name} p99'], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=2)
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < 0.1:
        parser.error('at least one round of 0.1 seconds')

    FOLDER.mkdir(exist_ok=True)
    throughput('connections-fsync', [Ringq('fsync'), Redis('redis-lists', 'always'), Redis('redis-streams', 'always'),
                                     Beanstalkd(fsync=True)], options)
    throughput('connections-everysec', [Ringq('everysec'), Redis('redis-lists', 'everysec'),
                                        Redis('redis-streams', 'everysec'), Beanstalkd(fsync=False)], options)
    latency('latency-fsync', Ringq('fsync'), options)
    latency('latency-always', Redis('redis-lists', 'always'), options)


if __name__ == '__main__':
    main()
