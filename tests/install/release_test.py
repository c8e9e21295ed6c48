#!/usr/bin/env python3
"""release_test - what is installed has no seams for tests: no failpoint can be planned, and not
even their names are in the program; and its archives do not bind anybody to our compiler.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import subprocess
import unittest

import ringqd

BUILD = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build'))
NAME = re.compile(r'FAILPOINT(?:_ERROR)?\("([\w.]+)"')


def failpoints():
    """All that the sources name."""
    for source in (*(ringqd.ROOT / 'server').rglob('*.c'), *(ringqd.ROOT / 'common').rglob('*.c')):
        yield from NAME.findall(source.read_text(encoding='utf-8'))


def is_debug():
    return 'CMAKE_BUILD_TYPE:STRING=Debug' in (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8')


class Names(unittest.TestCase):
    def test_each_failpoint_has_a_name_of_its_own(self):
        names = list(failpoints())
        self.assertGreater(len(names), 30)
        self.assertEqual(len(names), len(set(names)))


class Release(unittest.TestCase):
    def setUp(self):
        if is_debug():
            self.skipTest('a Debug build: its failpoints are wanted')

    def test_the_program_knows_no_failpoint(self):
        program = pathlib.Path(ringqd.RINGQD).read_bytes()
        for name in (*failpoints(), 'RINGQ_FAILPOINT'):
            self.assertNotIn(name.encode(), program)

    def test_installed_archives_hold_ordinary_code_alone(self):
        for name in ('common/rio/librio.a', 'common/rio-http/librio_http.a', 'client/lib/libringq.a',
                     'client/rio/libringq-rio.a'):
            if not (BUILD / name).exists():  # librio_http is optional
                continue
            sections = subprocess.run(['objdump', '-h', BUILD / name], capture_output=True, text=True, check=True).stdout
            self.assertIn('.text', sections)
            self.assertNotIn('.gnu.lto', sections, name)

    def test_they_can_be_neither_listed_nor_planned(self):
        listed = subprocess.run([ringqd.RINGQD, '--failpoints'], capture_output=True, check=False)
        self.assertEqual(listed.returncode, 2)
        version = subprocess.run([ringqd.RINGQD, '--version'], capture_output=True, check=False,
                                 env=ringqd.environment(RINGQ_FAILPOINT='nonsense'))
        self.assertEqual(version.returncode, 0)


class Debug(unittest.TestCase):
    """The positive control: what the tests above look for is there in the other build."""

    def setUp(self):
        if not is_debug():
            self.skipTest('a release build')

    def test_the_program_has_each_of_them(self):
        listed = subprocess.run([ringqd.RINGQD, '--failpoints'], capture_output=True, text=True, check=False)
        self.assertEqual(sorted(line.split()[0] for line in listed.stdout.splitlines()), sorted(failpoints()))
        program = pathlib.Path(ringqd.RINGQD).read_bytes()
        self.assertIn(b'RINGQ_FAILPOINT', program)

    def test_a_plan_that_is_none_is_refused(self):
        refused = subprocess.run([ringqd.RINGQD, '--data-dir', '/nonexistent'], capture_output=True, check=False,
                                 env=ringqd.environment(RINGQ_FAILPOINT='nonsense'))
        self.assertEqual(refused.returncode, 2)


if __name__ == '__main__':
    ringqd.main()
