"""systems - the servers that peers.py compares, each fresh for each measurement.

A system is a name, what it promises, how it is started, and how ringq-bench speaks to it.
SPDX-License-Identifier: MIT
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import ringqd

BENCH = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'bin' / 'ringq-bench'


def until_it_listens(port):
    def listens():
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            return True
        return False
    ringqd.wait_until(listens, f'port {port}')


class System:
    """`talk` is what ringq-bench is told about it; `processes` are its pids by name."""

    def __init__(self, name, promise, program, talk=()):
        self.name, self.promise, self.program, self.talk = name, promise, program, list(talk)
        self.directory, self.process, self.port = None, None, None

    def is_here(self):
        return shutil.which(self.program) is not None

    @contextlib.contextmanager
    def running(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='rqb-'))
        self.port = ringqd.free_port()
        try:
            self.start()
            yield self
        finally:
            self.stop()
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        self.process = ringqd.Process(self.directory / f'{self.name}.log')
        self.process.spawn([self.program, *map(str, self.arguments())])
        until_it_listens(self.port)

    def stop(self):
        if self.process and self.process.is_running():
            self.process.kill()

    def arguments(self):
        raise NotImplementedError

    def address(self):
        return f'127.0.0.1:{self.port}'

    def processes(self):
        return {self.name: self.process.pid}

    def memory_bytes(self):
        """Resident, of all its processes."""
        total = 0
        for pid in self.processes().values():
            fields = pathlib.Path(f'/proc/{pid}/statm').read_text(encoding='ascii').split()
            total += int(fields[1]) * os.sysconf('SC_PAGE_SIZE')
        return total

    def run(self, *args, seconds=3):
        """A measurement; the line of JSON as a dictionary."""
        command = [BENCH, '--json', '--url', self.address(), '--time', f'{int(seconds * 1000)}ms', *self.talk, *args]
        for name, pid in self.processes().items():
            command += ['--process', f'{name}={pid}']
        result = subprocess.run(list(map(str, command)), text=True, capture_output=True, check=False, timeout=600)
        if result.returncode != 0:
            raise RuntimeError(f'{self.name}: {result.stderr.strip()}')
        return json.loads(result.stdout)


class Ringq(System):
    def __init__(self, durability, unix=False, name=None):
        where = ', unix socket' if unix else ''
        super().__init__(name or f'ringq {durability}{where}', durability, ringqd.RINGQD)
        self.durability, self.unix = durability, unix

    def is_here(self):
        return os.path.exists(ringqd.RINGQD)

    def start(self):
        self.process = ringqd.Server(self.directory, durability=self.durability).start()
        self.port = self.process.port

    def arguments(self):
        return []

    def stop(self):
        if self.process and self.process.is_running():
            self.process.terminate()

    def address(self):
        return f'unix:{self.process.unix_path}' if self.unix else super().address()

    def processes(self):
        return {'ringqd': self.process.pid, 'redis': self.process.redis_pid()}


class Redis(System):
    PROMISES = {'no': 'memory', 'everysec': 'AOF everysec', 'always': 'AOF always'}

    def __init__(self, kind, appendfsync, unix=False):
        where = ', unix socket' if unix else ''
        super().__init__(f'{kind} {appendfsync}{where}', self.PROMISES[appendfsync], 'redis-server', ['--system', kind])
        self.appendfsync, self.unix = appendfsync, unix

    def arguments(self):
        keep = 'no' if self.appendfsync == 'no' else 'yes'
        return ['--port', self.port, '--bind', '127.0.0.1', '--unixsocket', self.directory / 's', '--save', '',
                '--appendonly', keep, '--appendfsync', self.appendfsync, '--dir', self.directory]

    def address(self):
        return f'unix:{self.directory}/s' if self.unix else super().address()


class Beanstalkd(System):
    def __init__(self, fsync):
        promise = 'binlog, fsync for each write' if fsync else 'binlog, not synced'
        super().__init__('beanstalkd fsync' if fsync else 'beanstalkd binlog', promise, 'beanstalkd',
                         ['--system', 'beanstalkd'])
        self.fsync = fsync

    def arguments(self):
        log = self.directory / 'binlog'
        log.mkdir()
        return ['-l', '127.0.0.1', '-p', self.port, '-b', log, *(['-f', '0'] if self.fsync else ['-F'])]


class Nats(System):
    def __init__(self):
        super().__init__('nats file', 'file, not synced', 'nats-server', ['--system', 'nats'])

    def arguments(self):
        return ['-a', '127.0.0.1', '-p', self.port, '-js', '-sd', self.directory / 'js']


class Echo(System):
    def __init__(self):
        super().__init__('echo', 'nothing', str(BENCH), ['--system', 'echo'])

    def is_here(self):
        return BENCH.exists()

    def arguments(self):
        return ['--echo', self.port]


def versions():
    """What was measured, for the page of figures."""
    def first_line(*command):
        try:
            result = subprocess.run(command, text=True, capture_output=True, check=False)
        except FileNotFoundError:
            return f'{command[0]}: not here'
        return (result.stdout or result.stderr).splitlines()[0]
    return [first_line(ringqd.RINGQD, '--version'), first_line('redis-server', '--version'),
            first_line('beanstalkd', '-v'), first_line('nats-server', '--version'), f'Linux {os.uname().release}']


def aof_bytes_per_second(directory):
    """How fast a file can be appended to and synced here: 1 MiB at a time, for a second."""
    block, written = os.urandom(1 << 20), 0
    with open(pathlib.Path(directory) / 'probe', 'wb', buffering=0) as f:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            f.write(block)
            os.fdatasync(f.fileno())
            written += len(block)
    return written
