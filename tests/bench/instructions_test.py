#!/usr/bin/env python3
"""instructions_test - what a job costs the server in instructions, which no busy machine can
change: put, get, done and recovery under callgrind, held against the committed baseline.

    instructions_test.py [--update]

A client sends fixed batches and waits for each, so every run does nearly the same: how many
commits there are still depends a little on time, so what looks wrong is measured again, up
to three times.  What one phase costs is the difference of two runs; `get` has in it that
the leases come back when the client goes.  Redis is a process of its own and not counted.
The baseline holds for the compiler that is named in it; under another the figures are
printed and nothing is judged.
SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import resp
import ringqd

BASELINE = pathlib.Path(__file__).with_name('instructions.json')
CACHE = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'CMakeCache.txt'
JOBS, PIPELINE, TOLERANCE, TRIES = 10000, 100, 0.03, 3
BODY = 'x' * 100


def why_not():
    if not shutil.which('valgrind'):
        return 'no valgrind: apt-get install valgrind'
    if ringqd.IS_SANITIZED:
        return 'this build has sanitizers, which valgrind cannot run'
    return None


def compiler():
    """Name and version, and how it was told to optimise."""
    cache = CACHE.read_text(encoding='utf-8')
    path = re.search(r'^CMAKE_C_COMPILER:\w+=(.*)$', cache, re.M).group(1)
    kind = re.search(r'^CMAKE_BUILD_TYPE:\w+=(.*)$', cache, re.M).group(1)
    version = subprocess.run([path, '--version'], text=True, capture_output=True, check=True).stdout.splitlines()[0]
    return f'{version}, {kind}'


class Counted(ringqd.Server):
    """ringqd under callgrind."""

    def launch(self):
        self.port_file.unlink(missing_ok=True)
        self.spawn(['valgrind', '--tool=callgrind', f'--callgrind-out-file={self.directory}/callgrind.out',
                    ringqd.RINGQD, *self.args])

    def count(self):
        """Ends it; the instructions of its life."""
        self.signal(15)
        self.wait()
        return int(re.findall(r'Collected : (\d+)', self.log_text())[-1])


def pipelines(client, commands):
    """Sends PIPELINE commands at a time and waits for their replies; all replies."""
    replies = []
    for i in range(0, len(commands), PIPELINE):
        part = commands[i:i + PIPELINE]
        client.raw(b''.join(resp.encode(*c) for c in part))
        replies += [client.read() for _ in part]
    for reply in replies:
        if isinstance(reply, resp.Error):
            raise reply
    return replies


def put(client):
    pipelines(client, [('PUT', 'q', BODY)] * JOBS)


def get(client):
    return [resp.pairs(r)['lease'] for r in pipelines(client, [('GET', 'q')] * JOBS)]


def done(client, leases):
    pipelines(client, [('DONE', lease) for lease in leases])


def life(directory, work):
    """Starts a server on `directory`, does the work, ends it; its instructions."""
    server = Counted(directory, durability='redis').start()
    with server.client() as client:
        work(client)
        server.until_idle(client)
    return server.count()


def measure(directory):
    first, second = directory / '1', directory / '2'
    first.mkdir()
    second.mkdir()
    empty = life(first, lambda c: None)
    filled = life(first, put)
    recovered = life(first, lambda c: None)
    taken = life(first, get)
    whole = life(second, lambda c: (put(c), done(c, get(c))))
    get_cost = taken - recovered
    return {'put': (filled - empty) / JOBS,
            'get': get_cost / JOBS,
            'done': (whole - filled - get_cost) / JOBS,
            'recovery': (recovered - empty) / JOBS}


def measure_once():
    directory = ringqd.make_directory()
    figures = measure(directory)
    shutil.rmtree(directory, ignore_errors=True)
    return figures


def judge(figures, baseline):
    """Prints them; did all hold?"""
    holds = True
    for name, now in figures.items():
        change = now / baseline[name] - 1
        verdict = 'ok' if abs(change) <= TOLERANCE else 'better: --update' if change < 0 else 'WORSE'
        holds = holds and abs(change) <= TOLERANCE
        print(f'{name:10} {now:8.0f} instructions a job, baseline {baseline[name]:8.0f}, {change:+.1%} {verdict}')
    return holds


def update():
    """The median of three is the baseline."""
    runs = [measure_once() for _ in range(TRIES)]
    figures = {name: round(sorted(run[name] for run in runs)[TRIES // 2]) for name in runs[0]}
    BASELINE.write_text(json.dumps({'compiler': compiler(), **figures}, indent=2) + '\n', encoding='utf-8')
    print(json.dumps(runs, indent=2))
    return 0


def main():
    if why_not():
        print(f'SKIPPED: {why_not()}', file=sys.stderr)
        return 77
    if '--update' in sys.argv[1:]:
        return update()
    baseline = json.loads(BASELINE.read_text(encoding='utf-8'))
    if baseline['compiler'] != compiler():
        print(f'SKIPPED: the baseline is of {baseline["compiler"]}, this is {compiler()}: {measure_once()}',
              file=sys.stderr)
        return 77
    return 0 if any(judge(measure_once(), baseline) for _ in range(TRIES)) else 1


if __name__ == '__main__':
    sys.exit(main())
