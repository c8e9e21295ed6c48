"""systems - the servers that peers.py compares, each fresh for each measurement.

A system is a name, what it promises, how it is started, and how ringq-bench speaks to it.
SPDX-License-Identifier: MIT
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
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


def jobs_per_second(line):
    return line['jobs_per_second']


def milliseconds(seconds):
    return f'{int(seconds * 1000)}ms'


def warm_up(seconds):
    """How long before a measurement of so many seconds it is warmed up."""
    return min(1, seconds)


class System:
    """`kind` promises the same whatever way it is spoken to; `talk` is what ringq-bench is told
    about it; `processes` are its pids by name."""

    def __init__(self, kind, promise, program, talk=(), unix=False):
        self.kind, self.promise, self.program, self.talk = kind, promise, program, list(talk)
        self.name = kind + (', unix socket' if unix else '')
        self.unix = unix
        self.directory, self.process, self.port = None, None, None

    def is_here(self):
        return shutil.which(self.program) is not None

    # ---- its life ----

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
        self.process = ringqd.Process(self.directory / 'log')
        self.launch()
        until_it_listens(self.port)

    def launch(self):
        """Starts it, also on what a former one has left behind, and does not wait."""
        self.process.spawn([self.program, *map(str, self.arguments())])

    def stop(self):
        if self.process and self.process.is_running():
            self.process.kill()

    def crash(self):
        """kill -9 of all that belongs to it."""
        self.process.kill()

    def settle(self):
        """Until what was put is on the disk at any setting: a crash loses nothing then."""
        time.sleep(2)

    def arguments(self):
        raise NotImplementedError

    # ---- what it is asked ----

    def address(self):
        return f'127.0.0.1:{self.port}'

    def processes(self):
        return {self.kind: self.process.pid}

    def ask(self, *args):
        """The line of JSON that ringq-bench prints, as a dictionary."""
        command = [BENCH, '--json', '--url', self.address(), *self.talk, *args]
        result = subprocess.run(list(map(str, command)), text=True, capture_output=True, check=False, timeout=1200)
        if result.returncode != 0:
            raise RuntimeError(f'{self.name}: {result.stderr.strip()}')
        return json.loads(result.stdout)

    def run(self, *args, seconds=3):
        """A measurement, with the processor time of its processes."""
        watched = [word for name, pid in self.processes().items() for word in ('--process', f'{name}={pid}')]
        return self.ask('--warm', milliseconds(warm_up(seconds)), '--time', milliseconds(seconds), *watched, *args)


class Ringq(System):
    PROMISES = {'everysec': 'on disk within about 2 seconds', 'fsync': 'on disk'}

    def __init__(self, durability, unix=False):
        super().__init__(f'ringq {durability}', self.PROMISES[durability], ringqd.RINGQD, unix=unix)
        self.durability = durability

    def is_here(self):
        return os.path.exists(ringqd.RINGQD)

    def start(self):
        self.process = ringqd.Server(self.directory, durability=self.durability).start()
        self.port = self.process.port

    def launch(self):
        self.process.launch()
        self.port = None  # it is another one each time

    def stop(self):
        if self.process and self.process.is_running():
            self.process.terminate()

    def crash(self):
        redis = self.process.redis_pid()
        self.process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(redis, signal.SIGKILL)
        ringqd.wait_until(lambda: not ringqd.is_alive(redis), 'redis to die')

    def address(self):
        return f'unix:{self.process.unix_path}' if self.unix or not self.port else super().address()

    def processes(self):
        return {'ringqd': self.process.pid, 'redis': self.process.redis_pid()}


class Redis(System):
    PROMISES = {'everysec': 'on disk within about 2 seconds', 'always': 'on disk'}

    def __init__(self, kind, appendfsync, unix=False):
        super().__init__(f'{kind} {appendfsync}', self.PROMISES[appendfsync], 'redis-server', ['--system', kind], unix)
        self.appendfsync = appendfsync

    def arguments(self):
        return ['--port', self.port, '--bind', '127.0.0.1', '--unixsocket', self.directory / 's', '--save', '',
                '--appendonly', 'yes', '--appendfsync', self.appendfsync, '--dir', self.directory]

    def address(self):
        return f'unix:{self.directory}/s' if self.unix else super().address()


class Beanstalkd(System):
    def __init__(self, fsync):
        super().__init__('beanstalkd fsync' if fsync else 'beanstalkd binlog',
                         'on disk; each write is synced' if fsync else 'given to the kernel', 'beanstalkd',
                         ['--system', 'beanstalkd'])
        self.fsync = fsync

    def arguments(self):
        log = self.directory / 'binlog'
        log.mkdir(exist_ok=True)
        return ['-l', '127.0.0.1', '-p', self.port, '-b', log, *(['-f', '0'] if self.fsync else ['-F'])]


class Nats(System):
    def __init__(self):
        super().__init__('nats file', 'given to the kernel; synced every 2 minutes', 'nats-server', ['--system', 'nats'])

    def arguments(self):
        return ['-a', '127.0.0.1', '-p', self.port, '-js', '-sd', self.directory / 'js']


class Echo(System):
    def __init__(self):
        super().__init__('echo', 'nothing', str(BENCH), ['--system', 'echo'])

    def is_here(self):
        return BENCH.exists()

    def arguments(self):
        return ['--echo', self.port]


def processor():
    """How many of which."""
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        model = next((line.partition(':')[2].strip() for line in f if line.startswith('model name')), 'processor')
    return f'{len(os.sched_getaffinity(0))} x {model}'


def versions():
    """What was measured, and on what."""
    def first_line(*command):
        try:
            result = subprocess.run(command, text=True, capture_output=True, check=False)
        except FileNotFoundError:
            return f'{command[0]}: not here'
        return (result.stdout or result.stderr).splitlines()[0]
    return [f'{processor()}, Linux {os.uname().release}, {time.strftime("%Y-%m-%d", time.gmtime())}',
            first_line(ringqd.RINGQD, '--version'), first_line('redis-server', '--version'),
            first_line('beanstalkd', '-v'), first_line('nats-server', '--version')]
