"""resp - a small RESP2/RESP3 client: commands, pipelines, raw bytes.

Bulk strings are bytes, simple strings are str, nulls are None, RESP3 maps are dicts, errors
are Error values: call() raises them, read() and pipeline() return them.
SPDX-License-Identifier: MIT
"""
import socket


class Error(Exception):
    """`-CODE text`."""

    def __init__(self, line):
        super().__init__(line)
        self.code, _, self.text = line.partition(' ')


class Closed(ConnectionError):
    """The server has closed the connection."""


def encode(*args):
    """A command as an array of bulk strings."""
    out = [b'*%d\r\n' % len(args)]
    for arg in args:
        data = arg if isinstance(arg, (bytes, bytearray)) else str(arg).encode()
        out.append(b'$%d\r\n%b\r\n' % (len(data), data))
    return b''.join(out)


def pairs(flat):
    """A map, however it came: {name: value} with names as str."""
    if isinstance(flat, dict):
        items = flat.items()
    else:
        items = zip(flat[::2], flat[1::2])
    return {(k.decode() if isinstance(k, bytes) else k): v for k, v in items}


class Client:
    """One connection. `address`: a port on loopback, (host, port), or the path of a unix
    socket."""

    def __init__(self, address, timeout=20.0):
        if isinstance(address, (int, tuple)):
            where = address if isinstance(address, tuple) else ('127.0.0.1', address)
            self.sock = socket.create_connection(where, timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            try:
                self.sock.connect(str(address))
            except OSError:
                self.sock.close()
                raise
        self._have, self._at = b'', 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def abort(self):
        """Closes with a reset, as a killed client's kernel may."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.sock.close()

    # ---- bytes ----

    def raw(self, data):
        self.sock.sendall(data)

    def send(self, *args):
        self.sock.sendall(encode(*args))

    def _fill(self):
        data = self.sock.recv(262144)
        if not data:
            raise Closed('closed by the server')
        self._have = self._have[self._at:] + data
        self._at = 0

    def _line(self):
        while True:
            end = self._have.find(b'\r\n', self._at)
            if end >= 0:
                line = self._have[self._at:end]
                self._at = end + 2
                return line
            self._fill()

    def _exactly(self, size):
        if len(self._have) - self._at < size:
            parts, missing = [self._have[self._at:]], size - (len(self._have) - self._at)
            while missing > 0:
                parts.append(self.sock.recv(min(missing, 1 << 20)))
                if not parts[-1]:
                    raise Closed('closed by the server')
                missing -= len(parts[-1])
            self._have, self._at = b''.join(parts), 0
        data = self._have[self._at:self._at + size]
        self._at += size
        return data

    def read(self):
        """The next reply."""
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b'+':
            return rest.decode()
        if kind == b'-':
            return Error(rest.decode(errors='replace'))
        if kind == b':':
            return int(rest)
        if kind == b'$':
            return None if rest == b'-1' else self._exactly(int(rest) + 2)[:-2]
        if kind == b'*':
            return None if rest == b'-1' else [self.read() for _ in range(int(rest))]
        if kind == b'%':
            return {self.read(): self.read() for _ in range(int(rest))}
        if kind == b'_':
            return None
        if kind == b'#':
            return rest == b't'
        if kind == b',':
            return float(rest)
        raise ValueError(f'not RESP: {line!r}')

    def rest(self):
        """All that comes until the server closes."""
        parts = [self._have[self._at:]]
        self._have, self._at = b'', 0
        while True:
            try:
                data = self.sock.recv(262144)
            except ConnectionResetError:
                data = b''
            if not data:
                return b''.join(parts)
            parts.append(data)

    def is_closed(self):
        """Waits for the end of the connection; what comes before it is an error."""
        return self.rest() == b''

    # ---- commands ----

    def call(self, *args):
        self.send(*args)
        reply = self.read()
        if isinstance(reply, Error):
            raise reply
        return reply

    def pipeline(self, commands):
        """Sends all, then reads all."""
        commands = list(commands)
        self.raw(b''.join(encode(*c) for c in commands))
        return [self.read() for _ in commands]

    # ---- ringq's words ----

    def put(self, queue, body, *options):
        """The id. What PUT says besides is for the tests of PUT."""
        return self.call('PUT', queue, body, *options)[0].decode()

    def get(self, queue, *options):
        """One job as a map with str lease and id, or None."""
        job = self.call('GET', queue, *options)
        return None if job is None else as_job(job)

    def get_now(self, queue):
        return self.get(queue, 'BLOCK', 0)

    def done(self, *words):
        return self.call('DONE', *words)

    def stats(self, *queue):
        """STATS with its numbers as int."""
        return {k: int(v) if not isinstance(v, bytes) or v.isdigit() else v
                for k, v in pairs(self.call('STATS', *queue)).items()}

    def show(self, job_id, *options):
        return pairs(self.call('SHOW', job_id, *options))


def as_job(reply):
    job = pairs(reply)
    for name in ('id', 'lease', 'queue'):
        job[name] = job[name].decode()
    for name in ('attempt', 'ttr'):
        job[name] = int(job[name])
    return job
