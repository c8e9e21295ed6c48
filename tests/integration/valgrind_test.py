#!/usr/bin/env python3
"""valgrind_test - valgrind follows the switches of stacks: programs of tasks, groups and
generators run under it without an error or a leak.

Programs without threads: valgrind 3.19 runs one thread at a time and may stall.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import ringqd

TESTS = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'tests'
FOUND = 9  # the exit status that says that valgrind has found something


def why_not():
    """Why valgrind is of no use here, or None."""
    if not shutil.which('valgrind'):
        return 'no valgrind: apt-get install valgrind'
    if b'__asan_init' in (TESTS / 'rio_waiting_tasks').read_bytes():
        return 'this build has sanitizers, which valgrind cannot run'
    return None


@unittest.skipIf(why_not(), why_not())
class Valgrind(unittest.TestCase):
    def finds_nothing(self, program, *args, **env):
        result = subprocess.run(['valgrind', '-q', '--leak-check=full', f'--error-exitcode={FOUND}',
                                 TESTS / program, *args], env={**os.environ, **env}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                timeout=2 * ringqd.PATIENCE)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_tasks_that_wait(self):
        self.finds_nothing('rio_waiting_tasks')

    def test_generators_on_stacks_of_their_own(self):
        for io in ('uring', 'epoll'):
            self.finds_nothing('rio.gen_test', RIO_TEST_IO=io)

    def test_stacks_that_were_used_deeply(self):
        self.finds_nothing('rio.stack_test', 'a_task_may_go_deep')


if __name__ == '__main__':
    if why_not():
        print(f'SKIPPED: {why_not()}', file=sys.stderr)
    ringqd.main()
