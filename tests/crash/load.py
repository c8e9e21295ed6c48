"""load - clients that use the server as applications do, and write down what they saw.

Producers put in pipelines and by MPUT, with delays and priorities; workers finish, fail,
release, cut their connection, come too late, and try leases that they lost; joiners wait on
a queue that is often empty.  Every client reconnects until told to stop.
SPDX-License-Identifier: MIT
"""
import itertools
import random
import threading
import time

import resp
from checker import FAILED, OK, UNKNOWN, Fault, Op

UNKNOWN_CODES = {'UNKNOWN'}
uids = itertools.count(1)


def body_of(uid):
    """What is put as job `uid`: mostly small, some large, one in a few hundred huge."""
    size = 300_000 if uid % 509 == 0 else 5_000 if uid % 31 == 0 else uid % 97
    return b'%d:%b' % (uid, bytes([97 + uid % 26]) * size)


def uid_of(body):
    return int(body.partition(b':')[0])


class Client(threading.Thread):
    """One thread, one connection at a time; `turn(conn)` is what it does over and over."""

    def __init__(self, load, name):
        super().__init__(name=name, daemon=True)
        self.load, self.random = load, random.Random(f'{load.seed}-{name}')
        self.begun = self.answered = self.acknowledged = 0
        self.problem = None

    def run(self):
        try:
            while not self.load.is_over(self):
                self._connected()
        except Exception as e:  # pylint: disable=broad-except
            self.problem = f'{self.name}: {type(e).__name__}: {e}'

    def _connected(self):
        port = self.load.server.port
        try:
            conn = resp.Client(port, timeout=60)
        except (OSError, TypeError):
            time.sleep(0.01)
            return
        try:
            while not self.load.is_over(self):
                self.turn(conn)
        except (ConnectionError, TimeoutError):
            pass
        self.answered = self.begun  # the rest never will be
        # Written down first: from the moment of the cut its leases may go to others.
        self.load.faults.append(Fault(time.monotonic_ns(), self.name))
        if self.random.random() < 0.5:
            conn.close()
        else:
            conn.abort()

    def turn(self, conn):
        raise NotImplementedError

    # ---- writing history ----

    def begin(self, what, **fields):
        op = Op(what, self.name, time.monotonic_ns(), **fields)
        self.load.ops.append(op)
        self.begun += 1
        return op

    def end(self, op, reply, **fields):
        """Files the reply to `op`; True when it was good."""
        self.answered += 1
        now = time.monotonic_ns()
        if isinstance(reply, resp.Error):
            op.finish(UNKNOWN if reply.code in UNKNOWN_CODES else FAILED, now, code=reply.code)
            self.load.ended_op(op)
            return False
        op.finish(OK, now, **fields)
        self.load.ended_op(op)
        self.acknowledged += 1
        return True


class Producer(Client):
    def turn(self, conn):
        if self.load.backlog() > 3000:
            time.sleep(0.01)
            return
        n = self.random.choice((1, 1, 4, 16, 48))
        if self.random.random() < 0.1:
            self._mput(conn, n)
        else:
            self._pipeline(conn, n)

    def _new(self, **fields):
        return self.begin('put', uid=next(uids), queue=self.load.busy, tries=25, **fields)

    def _pipeline(self, conn, n):
        ops, commands = [], []
        for _ in range(n):
            options = []
            delay = self.random.choice((50, 300, 900)) if self.random.random() < 0.05 else 0
            if delay:
                options += ['DELAY', delay]
            if self.random.random() < 0.2:
                options += ['PRI', self.random.randrange(256)]
            op = self._new(delay_ms=delay)
            ops.append(op)
            commands.append(resp.encode('PUT', op.queue, body_of(op.uid), *options))
        conn.raw(b''.join(commands))
        for op in ops:
            reply = conn.read()
            self.end(op, reply, id=reply[0].decode() if isinstance(reply, list) else None)

    def _mput(self, conn, n):
        ops = [self._new() for _ in range(n)]
        conn.send('MPUT', self.load.busy, 'BODIES', n, *(body_of(op.uid) for op in ops))
        reply = conn.read()
        for i, op in enumerate(ops):
            self.end(op, reply, id=reply[i].decode() if isinstance(reply, list) else None)


class Worker(Client):
    ttr_ms = 30_000

    def turn(self, conn):
        jobs = self.get(conn, self.random.choice((1, 1, 8, 32)))
        if jobs and self.random.random() < 0.01:
            raise ConnectionResetError  # leaves with its leases
        # DONE of several at once is one command; the rest goes out as a pipeline.
        ops, commands = [], []
        for get in jobs:
            op, command = self.settle(get)
            ops.append(op)
            commands.append(command)
        if self.load.lost_leases and self.random.random() < 0.3:
            late = self.load.lost_leases.pop()
            ops.append(self.begin('done', uid=late.uid, lease=late.lease))
            commands.append(resp.encode('DONE', late.lease))
        conn.raw(b''.join(commands))
        for op in ops:
            self.settled(op, conn.read())

    def get(self, conn, count):
        queues = self.load.queues[:]
        self.random.shuffle(queues)
        ask = self.begin('get')
        conn.send('GET', ','.join(queues), 'BLOCK', 100, 'COUNT', count, 'TTR', self.ttr_ms)
        reply = conn.read()
        if not self.end(ask, reply) or reply is None:
            return []
        gets = []
        for job in map(resp.as_job, reply):
            uid = uid_of(job['body'])
            get = Op('get', self.name, ask.begin, uid=uid, queue=job['queue'], id=job['id'], lease=job['lease'],
                     attempt=int(job['attempt']), ttr_ms=self.ttr_ms, intact=job['body'] == body_of(uid))
            gets.append(get.finish(OK, ask.end))
        self.load.ops.extend(gets)
        self.load.lost_leases += gets[:1] if self.random.random() < 0.05 else []
        return gets

    def settle(self, get):
        chance = self.random.random()
        fields = {'uid': get.uid, 'lease': get.lease}
        if chance < 0.02:
            return self.begin('fail', **fields), resp.encode('FAIL', get.lease, 'DEAD', 'ERROR', 'poison')
        if chance < 0.06:
            return self.begin('fail', **fields), resp.encode('FAIL', get.lease, 'DELAY', 20)
        if chance < 0.09:
            return self.begin('release', **fields), resp.encode('RELEASE', get.lease)
        return self.begin('done', **fields), resp.encode('DONE', get.lease)

    def settled(self, op, reply):
        effect = {'done': 'done', 'release': 'ready'}.get(op.what)
        if op.what == 'fail' and isinstance(reply, list):
            effect = reply[0].decode()
        if self.end(op, reply, effect=effect) and effect in ('done', 'dead'):
            self.load.ended += 1


class LateWorker(Worker):
    """Holds its jobs longer than it may, then comes with DONE: STALE."""

    ttr_ms = 1000

    def turn(self, conn):
        for get in self.get(conn, 2):
            if self.load.drains:
                break
            time.sleep(1.1)
            op = self.begin('done', uid=get.uid, lease=get.lease)
            conn.send('DONE', get.lease)
            self.settled(op, conn.read())
        raise ConnectionResetError  # what it still holds goes back


class Joiner(Client):
    """Puts a job or two into the quiet queue now and then, and waits for its end."""

    def turn(self, conn):
        for _ in range(self.random.choice((0, 1, 2))):
            if not self.load.drains:
                op = self.begin('put', uid=next(uids), queue=self.load.quiet, tries=25)
                conn.send('PUT', op.queue, body_of(op.uid))
                reply = conn.read()
                self.end(op, reply, id=reply[0].decode() if isinstance(reply, list) else None)
        op = self.begin('join', queues=[self.load.quiet])
        conn.send('JOIN', self.load.quiet, 'BLOCK', self.random.choice((5, 50, 500)))
        reply = conn.read()
        self.answered += 1
        good = reply is not None and not isinstance(reply, resp.Error)
        op.finish(OK if good else FAILED, time.monotonic_ns())
        self.load.ended_op(op)


class Load:
    """All clients of one round, and their history."""

    def __init__(self, server, seed, name):
        self.server, self.seed = server, f'{seed}-{name}'
        self.busy, self.quiet = f'busy-{name}', f'quiet-{name}'
        self.queues = [self.busy, self.quiet]
        self.ops, self.faults, self.lost_leases = [], [], []
        self.ended = 0
        self.drains = self.stopped = False
        self.clients = ([Producer(self, f'producer-{i}') for i in range(2)]
                        + [Worker(self, f'worker-{i}') for i in range(3)] + [LateWorker(self, 'late')]
                        + [Joiner(self, f'joiner-{i}') for i in range(2)])

    def start(self):
        for client in self.clients:
            client.start()
        return self

    def ended_op(self, op):
        """For those who write the history elsewhere as well."""

    def is_over(self, client):
        return self.stopped or self.drains and isinstance(client, (Producer, LateWorker))

    def acknowledged(self):
        return sum(c.acknowledged for c in self.clients)

    def in_flight(self):
        return sum(c.begun - c.answered for c in self.clients)

    def backlog(self):
        return sum(c.acknowledged for c in self.clients if isinstance(c, Producer)) - self.ended

    def problems(self):
        return [c.problem for c in self.clients if c.problem]

    def server_died(self):
        """Call between the death of the server and the start of the next."""
        self.faults.append(Fault(time.monotonic_ns()))

    def drain(self, patience):
        """No more puts; the workers go on until JOIN says that nothing is left."""
        self.drains = True
        self.ops.append(join_all(self.server, self.queues, patience))
        self.stopped = True
        for client in self.clients:
            client.join(patience)

    def audit(self):
        return audit(self.server, self.ops)

    def totals(self):
        return totals(self.server, self.queues)


def join_all(server, queues, patience):
    """Waits until nothing is left in the queues; the op says whether it came to that."""
    with server.client(patience + 30) as c:
        op = Op('join', 'drain', time.monotonic_ns(), queues=queues, must_end=True)
        reply = c.call('JOIN', ','.join(queues), 'BLOCK', int(patience * 1000))
        return op.finish(OK if reply is not None else FAILED, time.monotonic_ns())


def audit(server, ops):
    """{uid: state} of every acknowledged job that the server still knows."""
    puts, known = [o for o in ops if o.what == 'put' and o.outcome == OK], {}
    with server.client() as c:
        for i in range(0, len(puts), 1000):
            part = puts[i:i + 1000]
            for op, reply in zip(part, c.pipeline(('SHOW', op.id) for op in part)):
                if not isinstance(reply, resp.Error):
                    known[op.uid] = resp.pairs(reply)['state'].decode()
    return known


def totals(server, queues):
    """The server's own counts, {queue: map}."""
    with server.client() as c:
        return {q: {k: int(v) for k, v in c.stats(q).items() if k.startswith('total_') or k in ('dead', 'unfinished')}
                for q in queues}
