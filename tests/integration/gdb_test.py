#!/usr/bin/env python3
"""gdb_test - `rio tasks` and `rio bt` of common/rio/gdb, on a live process and on a core file:
what the tasks of waiting_tasks.c wait for, and the functions they wait in.

SPDX-License-Identifier: MIT
"""
import functools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

import ringqd

SCRIPT = ringqd.ROOT / 'common/rio/gdb/librio-gdb.py'
PROGRAM = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build')) / 'tests/rio_waiting_tasks'
# LeakSanitizer does not work in a process that is being debugged.
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0:handle_abort=0:disable_coredump=0', 'DEBUGINFOD_URLS': ''}
COMMANDS = ('rio tasks', 'rio bt all', 'rio bt crowd', 'rio bt nobody', 'backtrace')


def gdb(*commands, program=(PROGRAM,)):
    commands = ('set confirm off', 'set width 0', f'source {SCRIPT}', *commands)
    args = [a for c in commands for a in ('-ex', c)]
    result = subprocess.run(['gdb', '-nx', '-batch', *args, '--args', *map(str, program)], env=ENV,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                            timeout=ringqd.PATIENCE)
    return result.stdout


@functools.cache
def why_not():
    """Why gdb is of no use here, or None."""
    if not shutil.which('gdb'):
        return 'no gdb: apt-get install gdb'
    text = gdb('break stop_here', 'run', 'python print("python is there")')
    if 'python is there' not in text:
        return 'this gdb has no python'
    if 'Breakpoint 1, stop_here' not in text:
        return f'gdb may not trace processes here: {text.strip().splitlines()[-1:]}'
    return None


class Tasks:
    """What `text`, gdb's answer to COMMANDS, must say; for both kinds of targets."""

    def section(self, heading):
        """The lines from `heading` to the next task's."""
        match = re.search(rf'^{heading}\n((?:#.*\n)+)', self.text, re.M)
        self.assertTrue(match, f'{heading}:\n{self.text}')
        return match.group(1)

    def in_order(self, text, *names):
        at = 0
        for name in names:
            found = text.find(f' {name} (', at)
            self.assertGreaterEqual(found, 0, f'{name} in\n{text}')
            at = found

    def test_tasks_are_listed_by_group_with_what_they_wait_for(self):
        for line in (r'loop 0x[0-9a-f]+ \((uring|epoll).*\): 5 tasks', r' +1  main +running', r' +2  crowd +group',
                     r' +4    task-4 +sleep', r' +5    task-5 +queue get', r' +3  joiner +join crowd'):
            self.assertRegex(self.text, rf'(?m)^{line}$')

    def test_the_backtrace_of_a_waiting_task_shows_its_functions(self):
        self.in_order(self.section('task 4 task-4: sleep'), 'sleep_a_while', 'sleeper', 'rio__entry')
        self.in_order(self.section('task 5 task-5: queue get'), 'rio_queue_get', 'take_an_item', 'getter')
        self.in_order(self.section('task 3 joiner: join crowd'), 'joiner')

    def test_frames_count_from_0_and_end_at_the_first_one(self):
        frames = self.section('task 4 task-4: sleep').splitlines()
        self.assertEqual([f.split()[0] for f in frames], [f'#{i}' for i in range(len(frames))])
        self.assertIn('rio__entry', frames[-1])

    def test_one_task_can_be_named(self):
        self.assertEqual(len(re.findall('^task 2 crowd: group$', self.text, re.M)), 2)
        self.assertIn('no task nobody', self.text)

    def test_the_running_task_is_said_to_run(self):
        self.assertRegex(self.text, r'task 1 main: running\nrunning')

    def test_the_ordinary_backtrace_is_what_it_was(self):
        self.in_order(self.text[self.text.index('no task nobody'):], 'amain')


@unittest.skipIf(why_not(), why_not())
class Live(Tasks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = gdb('break stop_here', 'run', *COMMANDS)

    def test_the_process_goes_on_to_a_good_end(self):
        self.assertIn('exited normally', gdb('break stop_here', 'run', 'rio bt all', 'continue'))


def no_cores():
    """Why the kernel writes no core file into the current folder, or None."""
    pattern = pathlib.Path('/proc/sys/kernel/core_pattern').read_text(encoding='utf-8').strip()
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if '/' in pattern or pattern.startswith('|'):
        return f'core files go elsewhere: kernel.core_pattern is {pattern}'
    return 'no core files are allowed: ulimit -H -c is 0' if hard == 0 else None


@unittest.skipIf(why_not() or no_cores(), why_not() or no_cores())
class Core(Tasks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory(prefix='ringq-gdb-')
        cls.addClassCleanup(home.cleanup)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        subprocess.run([PROGRAM, 'abort'], cwd=home.name, env=ENV, check=False, timeout=ringqd.PATIENCE,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
        core = next(pathlib.Path(home.name).iterdir())
        cls.text = gdb(f'core-file {core}', *COMMANDS)


@unittest.skipIf(why_not(), why_not())
class Elsewhere(unittest.TestCase):
    def test_a_program_without_librio_is_no_traceback_of_python(self):
        text = gdb('rio tasks', program=(sys.executable,))
        self.assertIn('no librio with debug information', text)
        self.assertNotIn('Traceback', text)


if __name__ == '__main__':
    for reason in filter(None, (why_not(), no_cores())):
        print(f'SKIPPED: {reason}', file=sys.stderr)
    ringqd.main()
