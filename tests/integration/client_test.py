#!/usr/bin/env python3
"""client_test - libringq against the real server: every call; and puts and workers while the
server is killed and started again.

client_driver.c holds the programs; it is built here, against the library of the build.
SPDX-License-Identifier: MIT
"""
import collections
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import ringqd

BUILD = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build'))
SOURCE = pathlib.Path(__file__).resolve().parent / 'client_driver.c'


def cache(name):
    """A value of the build's CMakeCache.txt."""
    match = re.search(rf'^{name}:\w+=(.*)$', (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8'), re.M)
    return match.group(1) if match else ''


class Driver(ringqd.Test):
    durability = 'fsync'  # what was acknowledged survives kill -9

    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory(prefix='ringq-')
        cls.addClassCleanup(home.cleanup)
        cls.program = f'{home.name}/client_driver'
        flags = [f'-fsanitize={s}' for s in cache('RINGQ_SANITIZE').split(';') if s]
        subprocess.run([cache('CMAKE_C_COMPILER'), '-g', *flags, f'-I{ringqd.ROOT}/client/include',
                        f'-I{BUILD}/client/lib/include', SOURCE, BUILD / 'client/lib/libringq.a', '-pthread',
                        '-o', cls.program], check=True)

    def drive(self, server, *args):
        """Starts a program; its output is lines."""
        errors = tempfile.TemporaryFile('w+')
        process = subprocess.Popen([self.program, *map(str, args)], env=ringqd.environment(RINGQ_URL=server.url),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                   text=True, preexec_fn=ringqd.die_with_the_test)
        process.errors = errors
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.errors.close()

    def finish(self, process):
        """The rest of its lines; it ends well."""
        lines = process.stdout.read().splitlines()
        status = process.wait(ringqd.PATIENCE)
        process.errors.seek(0)
        self.assertEqual(status, 0, process.errors.read())
        return lines


class Calls(Driver):
    durability = 'redis'

    def test_every_call_does_what_it_says(self):
        self.finish(self.drive(self.start(), 'calls'))

    def test_every_call_over_a_unix_socket(self):
        server = self.start()
        env = ringqd.environment(RINGQ_URL=f'unix:{server.unix_path}')
        result = subprocess.run([self.program, 'calls'], env=env, text=True, capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)


class Fixed(ringqd.Server):
    """A server that listens on one port, also when it is started again."""

    def __init__(self, directory, **how):
        super().__init__(directory, **how)
        self.args[1] = f'127.0.0.1:{ringqd.free_port()}'


class Kills(Driver):
    def setUp(self):
        super().setUp()
        self.s = Fixed(self.directory, durability=self.durability)
        self._processes.append(self.s)
        self.s.start()

    def bodies(self, queue):
        """{body: how often} of all jobs of the queue."""
        found = collections.Counter()
        with self.s.client() as c:
            while (job := c.get_now(queue)) is not None:
                found[int(job['body'])] += 1
                c.done(job['lease'])
        return found

    def assert_kept(self, lines, n, queue):
        """Each acknowledged job is there once, each refused one is not, an unknown one may be."""
        said = {int(number): word for number, word, *_ in (line.split() for line in lines)}
        self.assertEqual(sorted(said), list(range(n)))
        self.assertLessEqual(set(said.values()), {'OK', 'UNKNOWN', 'DISCONNECTED', 'STORE', 'LOADING'})
        found = self.bodies(queue)
        self.assertLessEqual(max(found.values()), 1)
        for number, word in said.items():
            if word != 'UNKNOWN':
                self.assertEqual(found[number], word == 'OK', (number, word))
        return collections.Counter(said.values())

    def test_puts_are_stored_once_or_said_to_be_lost(self):
        n = 600
        driver, lines = self.drive(self.s, 'puts', 'q', n), []
        for at in (100, 300, 500):
            while len(lines) < at:
                lines.append(driver.stdout.readline())
            self.s.restart()
        lines += self.finish(driver)
        said = self.assert_kept(lines, n, 'q')
        self.assertLessEqual(said['UNKNOWN'], 3)
        self.assertEqual(said['OK'] + said['UNKNOWN'], n)

    def test_a_pipeline_knows_what_was_lost(self):
        n = 3000
        driver, lines = self.drive(self.s, 'pipeline', 'q', n, 200), []
        for at in (500, 1500):
            while len(lines) < at:
                lines.append(driver.stdout.readline())
            self.s.restart()
        lines += self.finish(driver)
        said = self.assert_kept(lines, n, 'q')
        self.assertLessEqual(said['UNKNOWN'], 2 * 201)
        self.assertGreater(said['OK'], 0)

    def test_workers_do_every_job_whatever_dies(self):
        n = 400
        with self.s.client() as c:
            c.call('MPUT', 'q', 'BODIES', n, *range(n))
        first, second = self.drive(self.s, 'work', 'q', 8), self.drive(self.s, 'work', 'q', 1)
        lines = [first.stdout.readline() for _ in range(50)]
        self.s.restart()
        second.kill()
        third = self.drive(self.s, 'work', 'q', 3)
        with self.s.client() as c:
            c.call('JOIN', 'q')
        for worker in (first, third):
            worker.send_signal(signal.SIGTERM)
            lines += self.finish(worker)
        lines += second.stdout.read().splitlines()
        done = collections.Counter(int(line.split()[0]) for line in lines if line.split()[1] == 'OK')
        # The second worker and the answers that were lost leave gaps here, not in the queue.
        self.assertGreater(len(done), n // 2)
        with self.s.client() as c:
            stats = c.stats('q')
            self.assertEqual((stats['unfinished'], stats['ready'], stats['leased'], stats['dead']), (0, 0, 0, 0))


if __name__ == '__main__':
    unittest.main()
