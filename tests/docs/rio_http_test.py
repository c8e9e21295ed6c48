#!/usr/bin/env python3
"""rio_http_test - the page about HTTP is what it says: each program of it is compiled against
librio_http, run, and must print the block that follows it.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['RINGQ_BUILD'])
PROGRAM = re.compile(r'^```c\n(.*?)^```\n\n```text\n(.*?)^```$', re.M | re.S)
LIBRARIES = [BUILD / 'common/rio-http/librio_http.a', BUILD / 'common/rio/librio.a']
SYSTEM = ['-lcurl', '-lmicrohttpd', '-luring', '-pthread']


def cache(name):
    """A value of the build's CMakeCache.txt."""
    text = (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8')
    match = re.search(rf'^{name}:\w+=(.*)$', text, re.M)
    return match.group(1) if match else ''


class Page(unittest.TestCase):
    def test_every_program_prints_what_the_page_shows(self):
        programs = PROGRAM.findall((ROOT / 'docs/rio/http.md').read_text(encoding='utf-8'))
        self.assertEqual(len(programs), 2)
        sanitizers = [f'-fsanitize={s}' for s in cache('RINGQ_SANITIZE').split(';') if s]
        env = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}
        with tempfile.TemporaryDirectory(prefix='ringq-docs-') as home:
            for i, (code, expected) in enumerate(programs):
                with self.subTest(program=i):
                    source = pathlib.Path(home, f'{i}.c')
                    source.write_text(code, encoding='utf-8')
                    subprocess.run([cache('CMAKE_C_COMPILER'), '-std=c17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror',
                                    *sanitizers, '-I', ROOT / 'common', '-I', ROOT / 'common/rio-http/include', source,
                                    *LIBRARIES, *SYSTEM, '-o', source.with_suffix('')], check=True, timeout=60)
                    result = subprocess.run([source.with_suffix('')], env=env, text=True, capture_output=True,
                                            check=False, timeout=60)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (0, expected, ''))

    def test_it_names_what_the_header_declares(self):
        header = (ROOT / 'common/rio-http/include/rio/http.h').read_text(encoding='utf-8')
        text = (ROOT / 'docs/rio/http.md').read_text(encoding='utf-8')
        for name in set(re.findall(r'\brio_http_(?!test)\w+', text)):
            self.assertIn(name, header)


if __name__ == '__main__':
    if not LIBRARIES[0].exists():
        sys.exit(77)  # it is optional
    unittest.main()
