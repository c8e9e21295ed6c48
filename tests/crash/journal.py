"""journal - a history that outlives its writer: a client that is killed by -9 has written
every command down before it sent it, and every answer when it had read it.

One JSON list a line: the number of the op, then its fields; the last line of a number counts.
What began and never ended may have happened.
SPDX-License-Identifier: MIT
"""
import json
import os
import time

from checker import OK, Fault, Op

FIELDS = Op.__slots__


class Writer:
    """In the client's process: stands where load.Load has its list of ops."""

    def __init__(self, path):
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._numbers, self._next = {}, 0

    def _write(self, number, values):
        os.write(self._fd, json.dumps([number, *values], separators=(',', ':')).encode() + b'\n')

    def append(self, op):
        self._next += 1
        if op.what != 'get':  # what it was asked for shows itself in the deliveries
            self._numbers[id(op)] = self._next
            self._write(self._next, (getattr(op, f) for f in FIELDS))

    def extend(self, ops):
        for op in ops:
            self._next += 1
            self._write(self._next, (getattr(op, f) for f in FIELDS))

    def ended(self, op):
        number = self._numbers.pop(id(op), None)
        if number is not None:
            self._write(number, (getattr(op, f) for f in FIELDS))

    def fault(self, fault):
        self._write(0, (fault.time, fault.who))


class Reader:
    """In the test's process: follows one file, also after the writer's death."""

    def __init__(self, path):
        self._path, self._at, self._torn = path, 0, b''
        self.ops, self.faults, self.acknowledged = {}, [], 0

    def poll(self):
        try:
            with open(self._path, 'rb') as f:
                f.seek(self._at)
                data = f.read()
        except FileNotFoundError:
            return self
        self._at += len(data)
        *lines, self._torn = (self._torn + data).split(b'\n')
        for line in lines:
            self._take(*json.loads(line))
        return self

    def _take(self, number, *values):
        if number == 0:
            self.faults.append(Fault(*values))
            return
        op = self.ops.setdefault(number, Op(None, None, 0))
        for field, value in zip(FIELDS, values):
            setattr(op, field, value)
        self.acknowledged += op.outcome == OK and op.what != 'get'


class Script:
    """Follows what tests/crash/job.sh writes: the jobs that `ringq work` has run.

    Neither when it asked nor what became of its DONE is known, so a delivery lies anywhere
    between the start of the process and now, and the end may have come or not."""

    def __init__(self, path, who, queue, ttr_ms):
        self._file = open(path, 'a+b')  # pylint: disable=consider-using-with
        self._file.seek(0)
        self._who, self._queue, self._ttr_ms = who, queue, ttr_ms
        self._begin, self._torn = time.monotonic_ns(), b''
        self.ops, self.faults, self.acknowledged = {}, [], 0

    def poll(self):
        *lines, self._torn = (self._torn + self._file.read()).split(b'\n')
        now = time.monotonic_ns()
        for line in lines:
            uid, length, lease, attempt, job = line.decode().split()
            get = Op('get', self._who, self._begin, uid=int(uid), queue=self._queue, id=job, lease=lease,
                     attempt=int(attempt), ttr_ms=self._ttr_ms, intact=int(length) == body_length(int(uid)))
            done = Op('done', self._who, self._begin, uid=int(uid), lease=lease)
            self.ops[len(self.ops)] = get.finish(OK, now)
            self.ops[len(self.ops)] = done
            self.acknowledged += 1
        return self


def body_length(uid):
    from load import body_of  # pylint: disable=import-outside-toplevel
    return len(body_of(uid))
