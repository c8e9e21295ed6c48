#!/usr/bin/env python3
"""client_cycles_test - kill -9 of clients, which are processes of their own: producers with
pipelines on their way, workers with leases, joiners, and `ringq work` with its programs.  What
a killed worker held goes to others, nothing is lost, nothing is done twice.

    client_cycles_test.py [--kills N] [--seed S]

A kill counts only if at least 500 commands were acknowledged since the one before.
RINGQ_NIGHTLY asks for 1,000 kills.
SPDX-License-Identifier: MIT
"""
import itertools
import signal
import subprocess
import sys
import time

import campaign
import load
import ringqd
from checker import Fault
from journal import Reader, Script

HERE = ringqd.ROOT / 'tests/crash'
COMMANDS_PER_KILL = 500
KILLS_PER_ROUND = 100  # then the queues are drained and the history is checked
ROLES = ('producer', 'producer', 'feeder', 'worker', 'worker', 'worker', 'program', 'late', 'joiner')
UIDS = 1_000_000  # of each process
SOON_NS = (3 if ringqd.IS_SANITIZED else 1) * 1_000_000_000
numbers = itertools.count(1)


class Client(ringqd.Process):
    """A process, and the history that it writes."""

    def __init__(self, directory, server, role, queue):
        number = next(numbers)
        self.role, self.who = role, f'{role}-{number}'
        super().__init__(directory / 'clients.log', {'PYTHONPATH': f'{HERE}:{ringqd.ROOT}/tests/support'})
        path = directory / f'{self.who}.history'
        if role == 'program':
            self.history = Script(path, self.who, f'programs-{queue}', 60_000)
            self.env['RINGQ_URL'] = server.url
            args = [ringqd.RINGQ, 'work', f'programs-{queue}', '-j', '4', '--', str(HERE / 'job.sh'), str(path)]
        else:
            self.history = Reader(path)
            args = [sys.executable, '-B', str(HERE / 'client.py'), role, self.who, str(server.port), queue,
                    str(number * UIDS), str(path)]
        self.spawn(args)

    def stop(self):
        """SIGTERM; the end of its history."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            status = 'hung'
        self.history.poll()
        return [] if status == 0 else [('CLIENT', None, f'{self.who}: {status}')]


class Crowd:
    """All clients of a round, living and killed."""

    def __init__(self, run, server, queue):
        self.run, self.server, self.queue = run, server, queue
        self.living = [self._new(role) for role in ROLES]
        self.dead, self.faults, self.kills, self.waits = [], [], [], []

    def _new(self, role):
        return Client(self.run.directory, self.server, role, self.queue)

    def acknowledged(self):
        return sum(c.history.poll().acknowledged for c in self.living) + sum(c.history.acknowledged for c in self.dead)

    def kill_one(self):
        victim = self.run.chance.choice(self.living)
        now = time.monotonic_ns()
        self.faults.append(Fault(now, victim.who))
        victim.kill()
        self.faults.append(Fault(time.monotonic_ns(), victim.who))
        self.kills.append((now, victim.who))
        self.living.remove(victim)
        victim.history.poll()
        self.dead.append(victim)
        self.living.append(self._new(victim.role))
        self.run.counts[f'kills of a {victim.role}'] += 1

    def end(self):
        """No more puts; then the rest is worked off."""
        problems = []
        for client in self.living[:]:
            if client.role in ('producer', 'feeder', 'late', 'joiner'):
                problems += client.stop()
        queues = [f'{q}-{self.queue}' for q in ('busy', 'quiet', 'programs')]
        join = load.join_all(self.server, queues, ringqd.PATIENCE)
        for client in self.living:
            problems += client.stop()
        ops = [join, *(op for c in self.dead + self.living for op in c.history.poll().ops.values())]
        faults = self.faults + [f for c in self.dead + self.living for f in c.history.faults]
        self.run.check(ops, faults, load.audit(self.server, ops), load.totals(self.server, queues))
        self.run.anomalies += problems
        self._waits(ops)
        late = [w // 1_000_000 for w in self.waits if w > SOON_NS]
        # The others may have had no processor: that is no fault of ringqd.
        if len(late) > 1 + len(self.waits) // 100:
            self.run.anomalies.append(('LATE', None, f'given to another after {sorted(late)} ms'))

    def _waits(self, ops):
        """How soon the jobs of a killed worker were given to another."""
        killed = {who: when for when, who in self.kills if who.startswith('worker')}
        ends = {(o.uid, o.lease) for o in ops if o.what in ('done', 'fail', 'release')}
        held = {o.uid: o for o in ops if o.what == 'get' and o.who in killed and (o.uid, o.lease) not in ends}
        for op in ops:
            before = held.get(op.uid)
            if op.what == 'get' and before is not None and op.attempt == before.attempt + 1:
                wait = op.end - killed[before.who]
                self.run.counts['jobs of killed workers given to others'] += 1
                self.run.counts['within a second'] += wait <= 1_000_000_000
                self.waits.append(wait)


def main():
    args = campaign.arguments(kills=(30, 1000))
    with campaign.Campaign(args.seed) as run:
        server = run.server('--log-spare', '64KiB', durability='fsync').start()
        for done in range(0, args.kills, KILLS_PER_ROUND):
            crowd = Crowd(run, server, str(done))
            for _ in range(min(KILLS_PER_ROUND, args.kills - done)):
                before = crowd.acknowledged()
                ringqd.wait_until(lambda: crowd.acknowledged() - before >= COMMANDS_PER_KILL, 'enough commands')
                crowd.kill_one()
            crowd.end()
            print(f'{sum(n for what, n in run.counts.items() if what.startswith("kills"))} kills, '
                  f'{len(run.anomalies)} anomalies', flush=True)
            if run.anomalies:
                break
        run.end(server)
    run.verdict(f'client_cycles_test.py --kills {args.kills}')


if __name__ == '__main__':
    main()
