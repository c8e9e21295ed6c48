"""client - one client of load.py as a process of its own, to be killed.

    client.py ROLE NAME PORT QUEUE FIRST-UID HISTORY

SIGTERM ends it after the command at hand.
SPDX-License-Identifier: MIT
"""
import itertools
import signal
import sys
import types

import load
import resp
from journal import Writer


class Alone:
    """What a load.Client needs of its load, for one that shares a process with nobody."""

    def __init__(self, port, queue, path):
        self.server = types.SimpleNamespace(port=port)
        self.seed = path
        self.busy, self.quiet = f'busy-{queue}', f'quiet-{queue}'
        self.queues = [self.busy, self.quiet]
        self.ops = self.faults = Writer(path)
        self.faults = types.SimpleNamespace(append=self.ops.fault)
        self.lost_leases, self.ended = [], 0
        self.drains = self.stopped = False
        self._monitor, self._turns, self._backlog = None, 0, 0

    def ended_op(self, op):
        self.ops.ended(op)

    def is_over(self, _):
        return self.stopped

    def backlog(self):
        """What the server says; it is asked now and then."""
        self._turns += 1
        if self._turns % 8 == 1 or self._backlog > 3000:
            try:
                self._monitor = self._monitor or resp.Client(self.server.port)
                self._backlog = self._monitor.stats(self.busy)['unfinished']
            except (OSError, resp.Error):
                self._monitor = None
        return self._backlog

    def stop(self, *_):
        self.stopped = True


class ForTheCommandLine(load.Producer):
    """Puts what `ringq work` takes: a program a job, so there are few."""

    def turn(self, conn):
        if self.load.backlog() > 100:
            load.time.sleep(0.01)
        else:
            self._pipeline(conn, 4)


ROLES = {'producer': load.Producer, 'worker': load.Worker, 'late': load.LateWorker, 'joiner': load.Joiner,
         'feeder': ForTheCommandLine}


def main():
    role, name, port, queue, first, path = sys.argv[1:]
    alone = Alone(int(port), queue, path)
    if role == 'feeder':
        alone.busy = f'programs-{queue}'
    load.uids = itertools.count(int(first))
    signal.signal(signal.SIGTERM, alone.stop)
    client = ROLES[role](alone, name)
    client.run()
    if client.problem:
        sys.exit(client.problem)


if __name__ == '__main__':
    main()
