#!/usr/bin/env python3
"""failpoint_test - kill -9 at every failpoint (common/base/failpoint.h) under load, at
durability `fsync`: `ringqd --failpoints` names them, so a new one is tried unasked.  Each
restart recovers from one kill and is the run in which the next one falls.  The history of all
clients must break no promise.

    failpoint_test.py [--rounds N] [--seed S] [--only NAME]

Failpoints of a repair are an exception: between a Redis that has forgotten and the end of the
repair only ringqd's memory has the jobs, so a kill there may lose some.  It must start again,
serve, and invent nothing.

RINGQ_NIGHTLY asks for 20 rounds.  Builds without failpoints skip it; that release builds have
none is tests/install/release_test.py's.
SPDX-License-Identifier: MIT
"""
import subprocess
import sys
import time

import campaign
import ringqd
from load import Load

PATIENCE = 20.0
# Those that a working server visits all the time; the kill comes at any of the first visits.
OFTEN = ('store.', 'broker.', 'net.', 'rewrite.')
# What must happen for the server to come there.
STIR = {'resolve': 'cut', 'store.refused': 'full', 'repair': 'forget'}
FORGOTTEN = {'LOST', 'STUCK', 'RESURRECTED', 'DOUBLE_DONE', 'EARLY_JOIN', 'STUCK_JOIN', 'COUNT_MISMATCH'}


def failpoints():
    """{name: may it fail?}, or an exit with 77."""
    listed = subprocess.run([ringqd.RINGQD, '--failpoints'], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print('SKIPPED: this build has no failpoints (cmake -DRINGQ_FAILPOINTS=ON, Debug)')
        sys.exit(77)
    return {line.split()[0]: 'error' in line.split() for line in sorted(listed.stdout.splitlines())}


class Stage:
    """A server, its Redis and a load; `kill_at` is one scene."""

    def __init__(self, run, number, name):
        self.run, self.redis = run, run.redis_of_all
        # A small spare: the log is compacted all the time.
        self.server = run.server('--log-spare', '64KiB', durability='fsync', redis=self.redis.url, name=name)
        self.load = Load(self.server, run.chance.random(), f'{name}-{number}')

    def launch(self, plan=None):
        """Starts the server, perhaps to its death; True when it is ready."""
        self.server.env['RINGQ_FAILPOINT'] = plan or ''
        if not plan:
            del self.server.env['RINGQ_FAILPOINT']
        self.server.launch()
        return ringqd.wait_until(self._ready_or_dead, 'ringqd to be ready, or dead') == 'ready'

    def _ready_or_dead(self):
        try:
            return 'ready' if self.server._is_ready() else None  # pylint: disable=protected-access
        except RuntimeError:  # it has ended
            return 'dead'

    def stir(self, what):
        with self.redis.client() as r:
            if what == 'cut':
                r.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
            elif what == 'forget':
                r.call('FLUSHALL')
            else:
                r.call('CONFIG', 'SET', 'maxmemory', 1)
                time.sleep(0.02)
                r.call('CONFIG', 'SET', 'maxmemory', 0)

    def kill_at(self, name, visit):
        """The server dies at that visit of that failpoint."""
        what = next((s for start, s in STIR.items() if name.startswith(start)), None)
        end = time.monotonic() + PATIENCE
        pause = 0.03  # longer each time: a slow machine, too, ends a repair before the next FLUSHALL
        self.launch(f'{name}:kill@{visit}')
        while self.server.is_running():
            if time.monotonic() > end:
                self.run.anomalies.append(('NOT REACHED', None, f'{name}@{visit}'))
                self.server.kill()
            elif what:
                self.stir(what)
                pause *= 1.2
            time.sleep(pause if what else 0.002)
        status = self.server.wait()
        if status != -9:
            self.run.anomalies.append(('SERVER', None, f'{name}: exit status {status}'))
        self.load.server_died()
        self.run.counts['kills at a failpoint'] += 1

    def fail_at(self, name):
        """An error there is lived through."""
        self.launch(f'{name}:error:EIO')
        ringqd.wait_until(lambda: f'event=failpoint name={name}' in self.server.log_text(), name, PATIENCE)
        self.run.counts['errors at a failpoint'] += 1
        self.server.kill()
        self.load.server_died()

    def end(self, legal=()):
        self.launch()
        self.load.drain(ringqd.PATIENCE)
        self.run.check(self.load.ops, self.load.faults, self.load.audit(), self.load.totals(), legal)
        self.run.anomalies += [('CLIENT', None, p) for p in self.load.problems()]
        self.run.end(self.server)


def visit(run, name):
    return run.chance.randint(1, 40) if name.startswith(OFTEN) and name != 'store.refused' else 1


def round_of_kills(run, number, points):
    ordinary = [p for p in points if not p.startswith('repair.')]
    run.chance.shuffle(ordinary)
    stage = Stage(run, number, 'ordinary')
    stage.load.start()
    for name in ordinary:
        stage.kill_at(name, visit(run, name))
    for name in ordinary:
        if points[name]:
            stage.fail_at(name)
    stage.end()
    repair = Stage(run, number, 'repair')
    repair.load.start()
    for name in (p for p in points if p.startswith('repair.')):
        repair.kill_at(name, 1)
    repair.end(FORGOTTEN)


def main():
    parser = campaign.parser(rounds=(1, 20))
    parser.add_argument('--only', help='the beginning of a name')
    args = parser.parse_args()
    points = {p: e for p, e in failpoints().items() if p.startswith(args.only or '')}
    with campaign.Campaign(args.seed) as run:
        run.redis_of_all = run.redis()
        for number in range(args.rounds):
            round_of_kills(run, number, points)
            print(f'{run.counts["kills at a failpoint"]} kills, {len(run.anomalies)} anomalies', flush=True)
            if run.anomalies:
                break
    run.verdict(f'failpoint_test.py --rounds {args.rounds}')


if __name__ == '__main__':
    main()
