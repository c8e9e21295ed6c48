#!/usr/bin/env python3
"""headers_test - the public headers in every language that they claim: a program
with all their macros is compiled by gcc and clang, without a warning; two of them run.
SPDX-License-Identifier: MIT
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = pathlib.Path(os.environ['RINGQ_BUILD'])
INCLUDE = [f'-I{d}' for d in (ROOT / 'common', ROOT / 'common/rio-http/include', ROOT / 'client/include', BUILD / 'client/lib/include')]
WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Werror']
C = [(compiler, 'c', standard) for compiler in ('gcc', 'clang') for standard in ('c11', 'c17', 'c2x')]
CXX = [(compiler, 'c++', standard) for compiler in ('g++', 'clang++') for standard in ('c++17', 'c++20')]


def cache(name):
    """A value of the build's CMakeCache.txt."""
    match = re.search(rf'^{name}:\w+=(.*)$', (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8'), re.M)
    return match.group(1) if match else ''


def program(compiler, language, standard, source):
    return [compiler, f'-std={standard}', '-x', language, *WARNINGS, *INCLUDE, source]


def run(command):
    env = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
    return subprocess.run([str(c) for c in command], env=env, text=True, capture_output=True, check=False, timeout=60)


class Headers(unittest.TestCase):
    def test_every_language_takes_them_without_a_warning(self):
        known = [c for c in C + CXX if shutil.which(c[0])]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            commands = [program(*c, HERE / 'headers.c') + ['-fsyntax-only'] for c in known]
            for case, done in zip(known, pool.map(run, commands)):
                with self.subTest(case=case):
                    self.assertEqual((done.returncode, done.stderr), (0, ''))

    def check_runs(self, compiler, language, standard):
        if not shutil.which(compiler):
            self.skipTest(f'no {compiler}')
        sanitizers = [f'-fsanitize={s}' for s in cache('RINGQ_SANITIZE').split(';') if s]
        with tempfile.TemporaryDirectory(prefix='ringq-headers-') as home:
            binary = pathlib.Path(home, 'program')
            done = run(program(compiler, language, standard, HERE / 'headers.c') +
                       ['-x', 'none', *sanitizers, BUILD / 'common/rio/librio.a', '-luring', '-pthread', '-o', binary])
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            done = run([binary])
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))

    def test_the_program_runs_as_c(self):
        self.check_runs(cache('CMAKE_C_COMPILER'), 'c', 'c17')

    def test_the_program_runs_as_cxx(self):
        self.check_runs('clang++' if 'clang' in cache('CMAKE_C_COMPILER') else 'g++', 'c++', 'c++20')


if __name__ == '__main__':
    unittest.main()
