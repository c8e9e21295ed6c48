#!/usr/bin/env python3
"""programs_test - the demo programs are complete: each is built, run, and on the page; what
the tutorials call mistakes does not compile.

SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import subprocess
import unittest

HOME = pathlib.Path(__file__).resolve().parent
ROOT = HOME.parents[1]
BUILD = pathlib.Path(os.environ['RINGQ_BUILD'])
SOURCES = ROOT / 'common/rio/examples'
PAGE = (ROOT / 'docs/rio/examples.md').read_text(encoding='utf-8')
KIT = {'demo', 'tinyhttp', 'copy_files'}
# What a program of librio may stand on, sanitizers included.
LIBRARIES = {'linux-vdso', 'ld-linux', 'libc', 'libm', 'liburing', 'libpthread', 'libdl', 'librt', 'libgcc_s',
             'libasan', 'libubsan', 'libtsan', 'libstdc++'}


def cache(name):
    """A value of the build's CMakeCache.txt."""
    text = (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8')
    match = re.search(rf'^{name}:\w+=(.*)$', text, re.M)
    return match.group(1) if match else ''


def listed():
    """The programs of the lists that CMake reads."""
    lists = ''.join(path.read_text(encoding='utf-8') for path in SOURCES.glob('*.cmake'))
    names = ' '.join(re.findall(r'rio_demos\(([^)]*)\)', lists)).split()
    return names


class Programs(unittest.TestCase):
    def test_every_source_is_in_one_list(self):
        self.assertEqual(sorted(listed()), sorted({path.stem for path in SOURCES.glob('*.c')} - KIT))

    def test_every_program_is_run_by_a_table_or_a_test(self):
        tables = ''.join(path.read_text(encoding='utf-8') for path in HOME.glob('*.txt'))
        tests = ''.join(path.read_text(encoding='utf-8') for path in HOME.glob('*_test.py'))
        for name in listed():
            with self.subTest(program=name):
                self.assertTrue(re.search(rf'^\[.*\] {name}(?: |$)', tables, re.M) or f"'{name}'" in tests)

    def test_every_program_is_on_the_page_and_the_page_names_no_other(self):
        named = set(re.findall(r'`([\w-]+)(?: [^`]*)?`', '\n'.join(
            line.split('|')[3] for line in PAGE.splitlines() if line.startswith('|'))))
        for name in listed():
            with self.subTest(program=name):
                self.assertIn(name, named)
        self.assertEqual({name for name in named if re.match(r'00\d-', name)} - set(listed()), set())

    def test_every_main_runs_one_loop(self):
        for name in listed():
            with self.subTest(program=name):
                text = (SOURCES / f'{name}.c').read_text(encoding='utf-8')
                self.assertEqual(len(re.findall(r'^int main\(int argc, char \*\*argv\)', text, re.M)), 1)
                self.assertRegex(text, r'demo_main\(argc, argv, \w+\)|demo_setup\(argc, argv\)')

    def test_a_program_stands_on_libc_and_liburing(self):
        out = subprocess.run(['ldd', BUILD / 'examples/hello'], text=True, capture_output=True, check=True).stdout
        used = {re.split(r'[.-](?:so|x86|gate|\d|aarch|riscv)', pathlib.Path(line.split()[0]).name)[0]
                for line in out.splitlines()}
        self.assertEqual(used - LIBRARIES, set())


class Mistakes(unittest.TestCase):
    def diagnostics(self, name):
        result = subprocess.run([cache('CMAKE_C_COMPILER'), '-std=c17', '-Wall', '-Wextra', '-Werror', '-I',
                                 ROOT / 'common', '-S', '-o', '-', HOME / 'compile-fail' / name],
                                text=True, capture_output=True, check=False,
                                env={**os.environ, 'LC_ALL': 'C'}, timeout=60)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_a_task_is_not_its_value(self):
        self.assertRegex(self.diagnostics('forget-await.c'), r'error: .*int-conversion')

    def test_the_result_of_a_wait_is_looked_at(self):
        self.assertRegex(self.diagnostics('drop-result.c'), r'error: .*unused-result')


if __name__ == '__main__':
    unittest.main()
