"""ringqd - the real binaries under test: starts ringqd on a free port with a private
directory, kills, stops and restarts it, and sees to it that nothing is left behind.

    class Puts(ringqd.Test):
        def test_a_job_comes_back(self):
            server = self.start()
            with server.client() as c:
                c.put('q', 'hello')
                server.kill()
                server.start()

When a test fails, the directory stays and the ends of the logs are shown.  A report of a
sanitizer or a failed assertion in a log fails the test that caused it.
RINGQD and RINGQ name the binaries; without them those of build/bin are tested.
SPDX-License-Identifier: MIT
"""
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import resp

ROOT = pathlib.Path(__file__).resolve().parents[2]
RINGQD = os.environ.get('RINGQD', str(ROOT / 'build/bin/ringqd'))
RINGQ = os.environ.get('RINGQ', str(ROOT / 'build/bin/ringq'))
IS_SANITIZED = b'__asan_init' in pathlib.Path(RINGQD).read_bytes() if os.path.exists(RINGQD) else False

PATIENCE = 60.0  # seconds until something that must happen counts as hung
REPORT = re.compile(r'.*(?:ERROR: \w+Sanitizer|runtime error:|assertion failed|Assertion .* failed).*')
_libc = ctypes.CDLL(None, use_errno=True)


def wait_until(condition, what, patience=PATIENCE):
    """Polls until `condition()` is true and returns its value."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f'still waiting after {patience:.0f} s: {what}')
        time.sleep(0.005)


def die_with_the_test():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def is_alive(pid):
    """Does the process exist, and is it more than a zombie?"""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid):
    """{pid: name} of all processes below `pid`."""
    children, names = {}, {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                with open(f'/proc/{entry}/stat', encoding='utf-8', errors='replace') as f:
                    head, _, tail = f.read().rpartition(')')
                children.setdefault(int(tail.split()[1]), []).append(int(entry))
                names[int(entry)] = head.partition('(')[2]
    found, todo = {}, [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found[child] = names[child]
            todo.append(child)
    return found


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def environment(**extra):
    """For the children: sanitizers speak up, and nothing of the user's own setup leaks in."""
    env = {k: v for k, v in os.environ.items() if not k.startswith('RINGQ')}
    env['ASAN_OPTIONS'] = 'detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=0'
    env['UBSAN_OPTIONS'] = 'print_stacktrace=1'
    env.update(extra)
    return env


class Process:
    """A child with a log file."""

    def __init__(self, log, env=None):
        self.log, self.proc, self.env = pathlib.Path(log), None, env or {}

    def spawn(self, args, **popen):
        with open(self.log, 'ab') as out:
            self.proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                         preexec_fn=die_with_the_test, env=environment(**self.env), **popen)

    @property
    def pid(self):
        return self.proc.pid

    def is_running(self):
        return self.proc is not None and self.proc.poll() is None

    def signal(self, number):
        self.proc.send_signal(number)

    def wait(self, patience=PATIENCE):
        """The exit status."""
        return self.proc.wait(patience)

    def kill(self):
        """SIGKILL, and waits for the end."""
        self.proc.kill()
        self.proc.wait()

    def log_text(self):
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    def log_tail(self, lines=40):
        return '\n'.join(self.log_text().splitlines()[-lines:])


class Redis(Process):
    """A redis-server of the test's own, for --redis. On a unix socket, and on TCP if asked."""

    def __init__(self, directory, tcp=False, appendfsync='always', **settings):
        super().__init__(pathlib.Path(directory) / 'redis.log')
        self.directory = pathlib.Path(directory)
        self.path = self.directory / 'own.sock'
        self.port = free_port() if tcp else 0
        self.settings = {'appendonly': 'yes', 'appendfsync': appendfsync, **settings}

    @property
    def url(self):
        return f'redis://127.0.0.1:{self.port}' if self.port else f'unix:{self.path}'

    def start(self):
        self.launch()
        wait_until(self._answers, 'redis-server to answer')
        return self

    def launch(self):
        """Starts it without waiting until it has loaded."""
        args = ['redis-server', '--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
                '--unixsocket', str(self.path), '--dir', str(self.directory)]
        for name, value in self.settings.items():
            args += [f'--{name}', value]
        self.spawn(args)

    def _answers(self):
        if not self.is_running():
            raise RuntimeError(f'redis-server ended:\n{self.log_tail()}')
        try:
            with self.client() as c:
                return c.call('PING') == 'PONG'
        except (OSError, resp.Error):
            return False

    def client(self):
        return resp.Client(str(self.path))


class Server(Process):
    """ringqd with a data directory of its own; it can be started again on it."""

    def __init__(self, directory, *args, durability=None, redis=None, name='ringqd', env=None):
        super().__init__(pathlib.Path(directory) / f'{name}.log', env)
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / f'{name}-data'
        self.port_file = self.directory / f'{name}.port'
        self.unix_path = self.directory / f'{name}.sock'
        self.args = ['--listen', '127.0.0.1:0', '--listen', f'unix:{self.unix_path}',
                     '--data-dir', str(self.data_dir), '--port-file', str(self.port_file), *args]
        if durability:
            self.args += ['--durability', durability]
        if redis:
            self.args += ['--redis', redis]
        self.port, self._redis_pid = None, 0

    def start(self):
        """Starts it and waits until it is ready, that is, until the port file is there."""
        self.launch()
        wait_until(self._is_ready, 'ringqd to be ready')
        return self

    def launch(self):
        """Starts it without waiting."""
        with contextlib.suppress(FileNotFoundError):
            self.port_file.unlink()
        self.port = None
        self.spawn([RINGQD, *self.args])

    def _is_ready(self):
        if not self.is_running():
            raise RuntimeError(f'ringqd ended with {self.proc.returncode}:\n{self.log_tail()}')
        with contextlib.suppress(FileNotFoundError, ValueError):
            self.port = int(self.port_file.read_text())
        return self.port

    def client(self, timeout=PATIENCE):
        return resp.Client(self.port, timeout)

    def unix_client(self, timeout=PATIENCE):
        return resp.Client(str(self.unix_path), timeout)

    @property
    def url(self):
        return f'ringq://127.0.0.1:{self.port}'

    def ringq(self, *args, **run):
        """Runs the CLI against this server and returns what subprocess.run does."""
        run.setdefault('timeout', PATIENCE)
        run.setdefault('stdin', subprocess.DEVNULL if 'input' not in run else None)
        return subprocess.run([RINGQ, *map(str, args)], env=environment(RINGQ_URL=self.url),
                              text=True, capture_output=True, check=False, **run)

    def redis_pid(self):
        """Of the private redis-server, once it is there."""
        def find():
            for pid, name in descendants(self.pid).items():
                if name == 'redis-server':
                    return pid
            return 0
        self._redis_pid = wait_until(find, 'the private redis-server')
        return self._redis_pid

    def kill(self):
        """kill -9. The private Redis follows it."""
        super().kill()

    def kill_redis(self):
        """kill -9 of the private Redis; returns its pid, which is gone."""
        pid = self.redis_pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), 'redis to die')
        return pid

    def restart(self):
        self.kill()
        return self.start()

    def terminate(self):
        """SIGTERM; the exit status, which is 0 for a clean end."""
        self.signal(signal.SIGTERM)
        return self.wait()

    @staticmethod
    def until_idle(client):
        """Waits until no commit is on its way to Redis or open."""
        wait_until(lambda: client.stats()['store_commits_in_flight'] == 0, 'the store to be idle')

    def rss_bytes(self):
        with open(f'/proc/{self.pid}/status', encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1)) * 1024


def end_all(processes):
    """SIGTERM to what still runs, the youngest first, as they lean on the older ones; a list
    of sentences about what went wrong in any of them."""
    problems = []
    for p in reversed(processes):
        if p.is_running():
            p.signal(signal.SIGCONT)
            p.signal(signal.SIGTERM)
            try:
                status = p.wait()
            except subprocess.TimeoutExpired:
                p.kill()
                problems.append(f'{p.log.name}: hung at SIGTERM')
            else:
                if status != 0 and isinstance(p, Server):
                    problems.append(f'{p.log.name}: exit status {status} at SIGTERM')
        report = REPORT.search(p.log_text())
        if report:
            problems.append(f'{p.log.name}: {report.group().strip()}')
    return problems


def make_directory():
    # Short: the path of a unix socket has 107 bytes at most.
    return pathlib.Path(tempfile.mkdtemp(prefix='ringq-'))


class _Watched(unittest.TestCase):
    """Knows while a test ends whether it has failed."""

    durability = 'redis'  # waits for Redis' memory only: fast; tests of loss say 'fsync'
    _result = None

    def run(self, result=None):
        _Watched._result = result
        return super().run(result)

    @classmethod
    def _count_failures(cls):
        result = _Watched._result
        return len(result.failures) + len(result.errors) if result else 0

    @classmethod
    def _put_away(cls, directory, processes, failures_before):
        problems = end_all(processes)
        if problems or cls._count_failures() > failures_before:
            for p in processes:
                print(f'--- end of {p.log}\n{p.log_tail()}', file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
        return problems

    def refuses(self, client, code, *command):
        """The command is answered with an error of this code; returns its text."""
        with self.assertRaises(resp.Error) as caught:
            client.call(*command)
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertTrue(caught.exception.text, 'an error says what to do')
        return caught.exception.text


class Test(_Watched):
    """Servers of the test's own: a directory for each test, and the end of all it started."""

    def setUp(self):
        self.directory, self._processes = make_directory(), []
        self._failures = self._count_failures()
        self.addCleanup(self._end)

    def start(self, *args, **how):
        """A server, ready."""
        return self.server(*args, **how).start()

    def server(self, *args, **how):
        """A server that is not started yet."""
        how.setdefault('durability', self.durability)
        server = Server(self.directory, *args, **how)
        self._processes.append(server)
        return server

    def redis(self, **how):
        redis = Redis(self.directory, **how)
        self._processes.append(redis)
        return redis.start()

    def _end(self):
        problems = self._put_away(self.directory, self._processes, self._failures)
        if problems:
            self.fail('; '.join(problems))


class SharedTest(_Watched):
    """One server for all tests of a class; each has a connection `c` and a queue `q` of its
    own.  `args` are the server's."""

    args = ()

    @classmethod
    def setUpClass(cls):
        cls.directory, cls._failures = make_directory(), cls._count_failures()
        cls.server = Server(cls.directory, *cls.args, durability=cls.durability).start()

    @classmethod
    def tearDownClass(cls):
        problems = cls._put_away(cls.directory, [cls.server], cls._failures)
        if problems:
            raise AssertionError('; '.join(problems))

    def setUp(self):
        self.c = self.connect()
        self.q = self.id().rpartition('.')[2][:128]

    def connect(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    def until_alone(self):
        """Until the server has noticed that all connections but `c` have gone, those of
        earlier tests as well."""
        wait_until(lambda: self.c.stats()['connections'] == 1, 'the other connections to be gone')


def main():
    """unittest.main(), but a program that could run none of its tests says so to CTest."""
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun == len(result.skipped) else 0)
