"""scripted - a server that gives the answers a test wants, for those that a real one gives
only on bad days: BUSY, STORE, a connection that breaks after the command was read.

    with Scripted(PUT=scripted.error('STORE not stored')) as server:
        ...  server.url, server.commands

Each answer is bytes, or a function of the command's words that returns bytes; CLOSE ends the
connection in place of an answer, SILENCE gives none.  HELLO and PING are answered as ringqd
does, all else by name.
SPDX-License-Identifier: MIT
"""
import contextlib
import socket
import threading

CLOSE = object()
SILENCE = object()


def error(text):
    return b'-%b\r\n' % text.encode()


def simple(text):
    return b'+%b\r\n' % text.encode()


def number(n):
    return b':%d\r\n' % n


def bulk(data):
    data = data if isinstance(data, bytes) else str(data).encode()
    return b'$%d\r\n%b\r\n' % (len(data), data)


def value(v):
    """A Python value in RESP3; str and bytes are bulk strings."""
    if v is None:
        return b'_\r\n'
    if isinstance(v, bool):
        return b'#t\r\n' if v else b'#f\r\n'
    if isinstance(v, int):
        return number(v)
    if isinstance(v, dict):
        return b'%%%d\r\n' % len(v) + b''.join(value(x) for pair in v.items() for x in pair)
    if isinstance(v, (list, tuple)):
        return b'*%d\r\n' % len(v) + b''.join(value(x) for x in v)
    return bulk(v)


HELLO = {'server': 'ringq', 'version': '0.1.0', 'proto': 3, 'id': 1, 'mode': 'standalone', 'role': 'master',
         'modules': [], 'durability': 'fsync', 'body_max': 1 << 20, 'frame_max': 64 << 20}


class Scripted:
    def __init__(self, hello=None, raw=None, port=0, **answers):
        """`raw`: bytes sent to whatever comes, for peers that do not speak RESP at all."""
        self.answers = {'HELLO': value({**HELLO, **(hello or {})}), 'PING': simple('PONG'), **answers}
        self.raw = raw
        self.commands = []  # lists of bytes, as they came
        self._socket = socket.create_server(('127.0.0.1', port))
        self.url = f'ringq://127.0.0.1:{self._socket.getsockname()[1]}'
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Nobody listens any more, and all connections break."""
        for s in (self._socket, *self._connections):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)  # wakes the threads that wait on it
            s.close()

    def named(self, verb):
        """The commands with this verb, their words as str."""
        return [[w.decode(errors='replace') for w in c] for c in list(self.commands) if c[0] == verb.encode()]

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection.makefile('rb') as stream:
                while self._answer(connection, stream):
                    pass
        except (OSError, ValueError):
            pass
        connection.close()

    def _answer(self, connection, stream):
        if self.raw is not None:
            connection.recv(4096)
            connection.sendall(self.raw)
            return False
        head = stream.readline()
        if not head.startswith(b'*'):
            return False
        words = []
        for _ in range(int(head[1:])):
            size = int(stream.readline()[1:])
            words.append(stream.read(size + 2)[:-2])
        self.commands.append(words)
        answer = self.answers.get(words[0].decode(), error(f'ERR unknown command {words[0].decode()}'))
        if callable(answer):
            answer = answer([w.decode(errors='replace') for w in words])
        if answer is CLOSE:
            connection.shutdown(socket.SHUT_RDWR)
            return False
        if answer is not SILENCE:
            connection.sendall(answer)
        return True
