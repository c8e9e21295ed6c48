#!/usr/bin/env python3
"""databases_test - the programs that talk to databases: SQLite in a thread, Redis by a codec.

SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAMS = pathlib.Path(os.environ['RINGQ_BUILD'], 'examples')
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
PATIENCE = 60  # s
ROWS = '1 await\n2 async\n3 asyncio\n'


def run(*args):
    return subprocess.run([PROGRAMS / args[0], *args[1:]], env=ENV, text=True, capture_output=True, check=False,
                          timeout=PATIENCE)


@unittest.skipUnless((PROGRAMS / 'sqlite').exists(), 'libsqlite3-dev was not there')
class Sqlite(unittest.TestCase):
    def test_rows_come_in_the_order_they_went_in_and_the_loop_goes_on(self):
        result = run('sqlite')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertTrue(result.stdout.startswith(ROWS + 'counted to 1000000\n'), result.stdout)
        ticks = int(re.search(r'the loop ticked (\d+) times', result.stdout)[1])
        self.assertGreater(ticks, 2)  # the query takes some hundred ms, a tick 5

    def test_they_are_in_the_file(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, 'words.db')
            for _ in range(2):
                self.assertIn(ROWS, run('sqlite', file).stdout)
            self.assertTrue(file.read_bytes().startswith(b'SQLite format 3\0'))

    def test_what_is_no_database_is_said(self):
        result = run('sqlite', '/nonexistent/words.db')
        self.assertEqual(result.returncode, 1)
        self.assertIn('unable to open database file', result.stderr)


@unittest.skipUnless(shutil.which('redis-server'), 'no redis-server')
class Redis(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.socket = pathlib.Path(directory.name, 'redis.sock')
        server = subprocess.Popen(['redis-server', '--port', '0', '--unixsocket', cls.socket, '--save', '',
                                   '--dir', directory.name], stdout=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait, PATIENCE)
        cls.addClassCleanup(server.terminate)
        deadline = time.monotonic() + PATIENCE
        while not cls.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    def test_what_is_set_is_got(self):
        result = run('redis', f'unix:{self.socket}')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertEqual(result.stdout, 'set 1000, got 1000 back, deleted 1000\n')

    def test_without_a_server_it_says_so(self):
        result = run('redis', 'unix:/nonexistent/redis.sock')
        self.assertEqual((result.returncode, result.stderr), (1, 'redis: No such file or directory\n'))
        self.assertEqual(run('redis').returncode, 2)


if __name__ == '__main__':
    unittest.main()
