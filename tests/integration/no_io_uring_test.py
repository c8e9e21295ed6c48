#!/usr/bin/env python3
"""no_io_uring_test - where a seccomp filter forbids io_uring, as in many containers, nothing
is asked of anybody: librio's tests pass on epoll, and so do ringqd and ringq.

SPDX-License-Identifier: MIT
"""
import concurrent.futures
import os
import pathlib
import subprocess
import unittest

import ringqd

TESTS = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'tests'
FORBIDDEN = TESTS / 'no_io_uring'
# io has filters of its own; the others take seconds, and do not care for the backend.
LEFT_OUT = {'rio.io_test', 'rio.copy_files_test', 'rio.stack_test', 'rio.nomem_test', 'rio.nomem_io_test'}
NO_SECCOMP = 77
ENV = {'ASAN_OPTIONS': 'handle_segv=2:detect_stack_use_after_return=0', 'RIO_TEST_IO': ''}


def run(*args, **env):
    env = {k: v for k, v in ringqd.environment(**{**ENV, **env}).items() if v}
    return subprocess.run([FORBIDDEN, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False, timeout=ringqd.PATIENCE)


@unittest.skipIf(run('true').returncode == NO_SECCOMP, 'this kernel has no seccomp filters')
class Librio(unittest.TestCase):
    def test_its_tests_pass(self):
        tests = [t for t in sorted(TESTS.glob('rio.*_test')) if t.name not in LEFT_OUT]
        self.assertGreater(len(tests), 25)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for test, result in zip(tests, pool.map(run, tests)):
                self.assertEqual(result.returncode, 0, f'{test.name}\n{result.stdout[-4000:]}')

    def test_they_fail_if_they_insist(self):
        result = run(TESTS / 'rio.loop_test', RIO_TEST_IO='uring')
        self.assertNotEqual(result.returncode, 0, 'the filter is one')
        self.assertIn('Operation not permitted', result.stdout)


@unittest.skipIf(run('true').returncode == NO_SECCOMP, 'this kernel has no seccomp filters')
class Server(ringqd.Test):
    def start_forbidden(self):
        server = self.server()
        spawn = server.spawn
        server.spawn = lambda args, **how: spawn([FORBIDDEN, *args], **how)
        return server.start()

    def test_ringqd_serves_and_says_why_it_uses_epoll(self):
        server = self.start_forbidden()
        self.assertRegex(server.log_text(), r'event=io io=epoll why="io_uring_setup: EPERM; (seccomp\?|sysctl.*)"')
        with server.client() as c:
            self.assertEqual(c.stats()['io'], b'epoll')

    def test_ringq_pings_puts_and_gets(self):
        server = self.start_forbidden()

        def ringq(*args):
            result = run(ringqd.RINGQ, *args, RINGQ_URL=server.url)
            self.assertEqual(result.returncode, 0, result.stdout)
            return result.stdout

        self.assertTrue(ringq('ping'))
        ringq('put', 'q', 'hello')
        self.assertIn('hello', ringq('get', 'q'))


if __name__ == '__main__':
    ringqd.main()
