"""contest - the same work by several systems, in turns, and the line that is printed for each.

A side is a system and what it is made to do; each kind of side measures in its own way and
returns a line, as ringq-bench prints it in JSON, with more in it where that is not enough.
SPDX-License-Identifier: MIT
"""
import statistics
import time

import probes
from systems import jobs_per_second, warm_up

# What is said behind the figure of a side: what its lines have of these.
DETAILS = {'cpu_us_per_job': ('us a job', 2), 'syscalls_per_job': ('system calls a job', 3),
           'bytes_per_job': ('bytes a job', 0), 'mb_per_second': ('MB/s', 0), 'offered': ('offered', 0)}


class Side:
    """A system under a load."""

    def __init__(self, system, *args, label=None):
        self.system, self.args = system, args
        self.label = label or system.name

    def why_not(self):
        """None, or why it cannot be measured here."""
        return None if self.system.is_here() else 'not here'

    def play(self, seconds):
        with self.system.running():
            return self.system.run(*self.args, seconds=seconds)


class Syscalls(Side):
    """The same, with the system calls counted that each process makes meanwhile."""

    def why_not(self):
        return super().why_not() or probes.why_no_syscalls()

    def play(self, seconds):
        with self.system.running():
            # Within what ringq-bench measures, which begins a moment later than perf.
            counts = probes.SyscallRates(self.system.processes(), warm_up(seconds) + seconds / 4, seconds / 2)
            line = self.system.run(*self.args, seconds=seconds)
            line['syscalls_per_job'] = {name: calls / line['jobs_per_second'] for name, calls in counts.result().items()}
            return line


class AtHalf(Side):
    """Puts, open loop, at half of the rate that it reaches when it is asked for all it can."""

    FRACTION = 0.5

    def play(self, seconds):
        with self.system.running():
            most = jobs_per_second(self.system.run('--mode', 'put', '--depth', 32, seconds=seconds))
        return self.at(most * self.FRACTION, seconds)

    def at(self, rate, seconds):
        with self.system.running():
            line = self.system.run('--mode', 'latency', '--conns', 16, '--rate', max(1, int(rate)), *self.args,
                                   seconds=seconds)
        line['offered'] = {'jobs/s': line['rate'], 'p50 us': line['put_us']['p50'], 'p99.9 us': line['put_us']['p99.9']}
        return line


class Deep(Side):
    """The same beside jobs that were put before, and are on the disk."""

    def __init__(self, system, jobs, *args, **how):
        super().__init__(system, *args, **how)
        self.jobs = jobs

    def play(self, seconds):
        with self.system.running():
            filled = self.system.run('--mode', 'fill', '--prefill', self.jobs)
            self.system.settle()
            return {**self.system.run(*self.args, seconds=seconds), 'bytes_per_job': filled['bytes_per_job']}


class Recovery(Side):
    """Jobs are put, everything is killed and started again on what is left: the seconds until
    the first job is handed out.  What a waiting job takes in memory is told as well."""

    def __init__(self, system, jobs, **how):
        super().__init__(system, **how)
        self.jobs = jobs

    def play(self, seconds):
        with self.system.running():
            line = self.system.run('--mode', 'fill', '--prefill', self.jobs)
            self.system.settle()
            self.system.crash()
            begin = time.monotonic()
            self.system.launch()
            self.system.ask('--mode', 'recovery')
            line['first_job_s'] = time.monotonic() - begin
            return line


class BodyLimit(Side):
    """No system: how many bodies this machine could take if all that is done with one is what
    cannot be avoided.

        jobs/s <= min(disk / body, memory / (copies * body))

    disk    bytes a second that write() and fdatasync() of 1 MiB at a time bring to the disk
    memory  bytes a second that one core copies
    copies  6: into the server's socket and out of it, into Redis' socket and out of it, into
            Redis' memory, into the file
    """

    COPIES = 6

    def __init__(self, body):
        self.body, self.label, self.system, self.args = body, 'limit of disk and memory', None, ()

    def why_not(self):
        return None

    def play(self, seconds):
        disk, memory = probes.disk_bytes_per_second(seconds), probes.copied_bytes_per_second(seconds)
        return {'jobs_per_second': min(disk / self.body, memory / (self.COPIES * self.body)),
                'mb_per_second': {'disk': disk / 1e6, 'copied': memory / 1e6}}


class Contest:
    """The first side is ours.  `figure` is what counts of a line; of what `costs`, less is better."""

    def __init__(self, name, what, *sides, figure=jobs_per_second, unit='jobs/s', digits=0, costs=False):
        self.name, self.what, self.sides = name, what, sides
        self.figure, self.unit, self.digits, self.costs = figure, unit, digits, costs
        self.lines = [[] for _ in sides]

    def play(self, seconds):
        """One round."""
        for lines, side in zip(self.lines, self.sides):
            if side.why_not() is None:
                lines.append(side.play(seconds))

    def medians(self):
        return [statistics.median(map(self.figure, lines)) if lines else None for lines in self.lines]

    def ratio(self, ours, theirs):
        """How far ahead of this side the first one is: above 1 it is."""
        if not ours or not theirs:
            return ''
        return f'{theirs / ours if self.costs else ours / theirs:.2f}'

    def text(self):
        """As it is printed."""
        medians = self.medians()
        rows = [f'{self.name}: {self.what}']
        for side, lines, value in zip(self.sides, self.lines, medians):
            if value is None:
                rows.append(f'  {side.label:32} {side.why_not()}')
                continue
            ratio = self.ratio(medians[0], value)
            rows.append(f'  {side.label:32} {value:12,.{self.digits}f} {self.unit:8} {ratio:>6}   {details(lines)}'.rstrip())
        return '\n'.join(rows)

    def as_json(self):
        return {' '.join(map(str, (side.label, *side.args))): lines for side, lines in zip(self.sides, self.lines)}


def details(lines):
    """The medians of what else the lines tell."""
    parts = []
    for key, (what, digits) in DETAILS.items():
        names = {name: None for line in lines for name in line.get(key, {})}
        if names:
            values = (f'{name} {statistics.median(line[key][name] for line in lines if name in line.get(key, {})):,.{digits}f}'
                      for name in names)
            parts.append(f'{what}: ' + ', '.join(values))
    return '; '.join(parts)
