"""campaign - what the crash tests share: options, counts, the verdict on a history.

SPDX-License-Identifier: MIT
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import sys
import tempfile

import ringqd
from checker import OK, Checker

IS_NIGHTLY = bool(os.environ.get('RINGQ_NIGHTLY'))


def parser(**counts):
    """--seed, and an option for each of `counts`: (in the commit tier, nightly)."""
    made = argparse.ArgumentParser()
    made.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'big'))
    for name, (commit, nightly) in counts.items():
        made.add_argument(f'--{name}', type=int, default=nightly if IS_NIGHTLY else commit)
    return made


def arguments(**counts):
    return parser(**counts).parse_args()


class Campaign:
    """A run of rounds: servers in a directory of their own, counts, and what was found.

    The directory stays when anything was found; all processes end in any case."""

    def __init__(self, seed):
        self.seed, self.chance = seed, random.Random(seed)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='ringq-crash-'))
        self.counts, self.anomalies, self.processes = collections.Counter(), [], []
        print(f'seed {seed}', flush=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for process in self.processes:
                print(f'--- end of {process.log}\n{process.log_tail()}', file=sys.stderr)
        for process in reversed(self.processes):
            if process.is_running():
                process.kill()

    def redis(self, **how):
        """A Redis of the test's own, which can be killed more than once in a server's life."""
        redis = ringqd.Redis(self.directory, **how)
        self.processes.append(redis)
        return redis.start()

    def server(self, *args, **how):
        """A server that is not started yet."""
        server = ringqd.Server(self.directory, *args, **how)
        self.processes.append(server)
        return server

    def check(self, ops, faults, audit, stats, legal=()):
        """Files the findings of a history, but for those that are `legal` in it; returns all."""
        found = Checker(ops, faults).check(audit=audit, stats=stats)
        self.anomalies += [a for a in found if a[0] not in legal]
        delivered = collections.Counter(o.uid for o in ops if o.what == 'get' and o.uid is not None)
        self.counts['commands acknowledged'] += sum(o.outcome == OK and o.uid is not None and o.what != 'get' for o in ops)
        self.counts['puts acknowledged'] += sum(o.what == 'put' and o.outcome == OK for o in ops)
        self.counts['outcomes unknown'] += sum(o.is_open for o in ops)
        self.counts['recovered'] += sum(o.what == 'put' and o.is_open and o.uid in delivered for o in ops)
        self.counts['delivered twice or more'] += sum(n > 1 for n in delivered.values())
        self.counts['joins answered'] += sum(o.what == 'join' and o.outcome == OK for o in ops)
        return found

    def end(self, server):
        """SIGTERM to the server, which must end well."""
        status = server.terminate()
        report = ringqd.REPORT.search(server.log_text())
        if status != 0 or report:
            self.anomalies.append(('SERVER', None, f'exit status {status}; {report.group() if report else ""}'))
        self.counts['compactions'] += server.log_text().count('event=log_compacted')

    def verdict(self, again):
        """Prints the counts and what was found; ends the program."""
        print(', '.join(f'{n} {what}' for what, n in self.counts.items()))
        kinds = collections.Counter(kind for kind, _, _ in self.anomalies)
        print(f'{kinds["LOST"]} acknowledged jobs lost, {kinds["DOUBLE_DONE"]} finished twice, '
              f'{kinds["EARLY_JOIN"]} early joins, {kinds["STUCK"] + kinds["STUCK_JOIN"]} stuck, '
              f'{len(self.anomalies)} anomalies in all')
        if not self.anomalies:
            shutil.rmtree(self.directory, ignore_errors=True)
            return
        for kind, uid, detail in self.anomalies[:20]:
            print(f'{kind} uid={uid} {detail}')
        for process in self.processes:
            print(f'--- end of {process.log}\n{process.log_tail()}')
        print(f'again: {again} --seed {self.seed}; files: {self.directory}')
        sys.exit(1)
