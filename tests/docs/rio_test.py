#!/usr/bin/env python3
"""rio_test - librio's guide is what it says: each program of it is compiled against librio, run,
and must print the block that follows it.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['RINGQ_BUILD'])
PAGES = ('docs/rio.md', 'docs/rio/porting.md', 'docs/rio/simulation.md')
PROGRAM = re.compile(r'^```c\n(.*?)^```\n\n```text\n(.*?)^```$', re.M | re.S)


def cache(name):
    """A value of the build's CMakeCache.txt."""
    text = (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8')
    match = re.search(rf'^{name}:\w+=(.*)$', text, re.M)
    return match.group(1) if match else ''


class Guide(unittest.TestCase):
    def test_every_program_prints_what_its_page_shows(self):
        programs = []
        for page in PAGES:
            text = (ROOT / page).read_text(encoding='utf-8')
            found = PROGRAM.findall(text)
            self.assertEqual(len(found), len(re.findall(r'^```c$', text, re.M)), page)
            self.assertGreater(len(found), 2, page)
            programs += found
        sanitizers = [f'-fsanitize={s}' for s in cache('RINGQ_SANITIZE').split(';') if s]
        env = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
        with tempfile.TemporaryDirectory(prefix='ringq-docs-') as home:
            for i, (code, expected) in enumerate(programs):
                with self.subTest(program=i):
                    source = pathlib.Path(home, f'{i}.c')
                    source.write_text(code, encoding='utf-8')
                    subprocess.run([cache('CMAKE_C_COMPILER'), '-std=c17', '-Wall', '-Wextra', '-Werror', *sanitizers,
                                    '-I', ROOT / 'common', source, BUILD / 'common/rio/librio.a', '-luring', '-pthread',
                                    '-o', source.with_suffix('')], check=True, timeout=60)
                    result = subprocess.run([source.with_suffix('')], env=env, text=True, capture_output=True,
                                            check=False, timeout=60)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (0, expected, ''))


if __name__ == '__main__':
    unittest.main()
