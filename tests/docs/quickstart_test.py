#!/usr/bin/env python3
"""quickstart_test - runs deploy/quickstart.sh as a newcomer does, twice.

It builds in build/, so it is skipped where that is not the build under test.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import subprocess
import tempfile
import unittest

import resp
import ringqd

BUILD = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build'))


class Quickstart(unittest.TestCase):
    def setUp(self):
        if BUILD.resolve() != ringqd.ROOT / 'build':
            self.skipTest('only for the release build')
        self.home = ringqd.make_directory()
        self.port = ringqd.free_port()
        self.env = ringqd.environment(HOME=str(self.home), XDG_STATE_HOME=str(self.home / 'state'))

    def run_it(self, *options):
        return subprocess.run(['sh', str(ringqd.ROOT / 'deploy/quickstart.sh'), '--no-install', '--port',
                               str(self.port), *options], text=True, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)

    def stop(self):
        subprocess.run([ringqd.RINGQD, 'dev', '--stop'], env=self.env, capture_output=True, check=False)

    def test_it_leaves_a_server_that_answers_and_uses_it_the_second_time(self):
        self.addCleanup(self.stop)
        first = self.run_it()
        self.assertEqual(first.returncode, 0, first.stdout)
        self.assertRegex(first.stdout, r'20 put, 25 delivered, 19 done, 5 retried, 1 dead, 0 unfinished')
        self.assertIn('ringqd dev --stop', first.stdout.splitlines()[-1])
        with resp.Client(self.port) as c:
            self.assertEqual(c.call('PING'), 'PONG')
        second = self.run_it()
        self.assertEqual(second.returncode, 0, second.stdout)
        self.assertIn('already running', second.stdout)
        self.assertIn('40 put', second.stdout)

    def test_once_stops_what_it_has_started(self):
        result = self.run_it('--once')
        self.assertEqual(result.returncode, 0, result.stdout)
        with self.assertRaises(ConnectionRefusedError):
            resp.Client(self.port)

    def test_a_bad_option_shows_the_usage(self):
        result = self.run_it('--nonsense')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--once', result.stdout)


class NothingInstalled(unittest.TestCase):
    """On a machine without any of the packages, as dpkg-query tells it."""

    SCRIPTS = ('deploy/quickstart.sh', 'tests/run.sh')

    def test_no_install_prints_the_one_line_and_does_nothing(self):
        with tempfile.TemporaryDirectory() as tmp:
            fake = pathlib.Path(tmp) / 'dpkg-query'
            fake.write_text('#!/bin/sh\nexit 1\n')
            fake.chmod(0o755)
            env = ringqd.environment(PATH=f'{tmp}:{os.environ["PATH"]}')
            for script in self.SCRIPTS:
                with self.subTest(script):
                    result = subprocess.run(['sh', str(ringqd.ROOT / script), '--no-install'], text=True, env=env,
                                            capture_output=True, timeout=60, check=False)
                    self.assertEqual(result.returncode, 1)
                    lines = [l for l in result.stderr.splitlines() if 'apt-get install' in l]
                    self.assertEqual(len(lines), 1, result.stderr)
                    for package in ('gcc', 'liburing-dev', 'libhiredis-dev', 'redis-server'):
                        self.assertIn(f' {package} ', lines[0])


if __name__ == '__main__':
    ringqd.main()
