#!/usr/bin/env python3
"""librio_test - librio as strangers get it, and libringq-rio on top of both libraries.
SPDX-License-Identifier: MIT
"""
import os
import re
import unittest

import installed
import ringqd
from installed import HERE, sanitizers

DECLARED = re.compile(r'\bRIO_API\s[^;(]*?\b(rio_\w+)\(')


class Librio(installed.Installed):
    COMPONENTS = ('librio0', 'librio-dev')
    LIBRARY = 'librio.so'
    PACKAGE = 'rio'

    def test_it_exports_what_its_headers_declare_and_nothing_else(self):
        declared = set()
        for header in (self.prefix / 'include/rio').glob('*.h'):
            declared.update(DECLARED.findall(header.read_text(encoding='utf-8')))
        self.assertGreater(len(declared), 100)
        self.assertEqual(self.exported(), sorted(declared))

    def test_its_soname_is_its_major_version(self):
        self.assertIn('Library soname: [librio.so.0]', self.dynamic())

    def test_it_needs_nothing_but_the_c_library_and_liburing(self):
        self.assertEqual(self.needed_beyond_the_c_library(), ['liburing.so.2'])

    def test_gdb_finds_its_script_beside_the_library(self):
        scripts = list(self.prefix.glob('share/gdb/auto-load/**/librio.so.*-gdb.py'))
        self.assertEqual(len(scripts), 1)
        self.assertIn(scripts[0].name[:-len('-gdb.py')], [f.name for f in self.libdir.iterdir()])

    def test_a_program_builds_by_pkg_config_and_runs(self):
        program = self.compile(HERE / 'foreign/rio.c', self.home / 'shared')
        self.assertEqual(self.run_(program).stdout, 'hello\nworld\n')

    def test_the_static_library_says_what_it_needs(self):
        program = self.home / 'static'
        self.run_(self.cc, *sanitizers(), HERE / 'foreign/rio.c', *self.flags('--cflags'),
                  self.libdir / 'librio.a',
                  *[f for f in self.flags('--static', '--libs') if f != '-lrio'], '-o', program)
        self.assertEqual(self.run_(program).stdout, 'hello\nworld\n')

    def test_a_foreign_project_finds_the_package(self):
        build = self.home / 'foreign'
        self.run_('cmake', '-S', HERE / 'foreign/rio', '-B', build, f'-DCMAKE_PREFIX_PATH={self.prefix}')
        self.run_('cmake', '--build', build)
        for program in ('with_shared', 'with_static'):
            self.assertEqual(self.run_(build / program).stdout, 'hello\nworld\n')


class Shim(installed.Installed):
    """libringq-rio: the calls of libringq, suspending inside a task of librio."""
    COMPONENTS = ('libringq0', 'libringq-dev', 'librio0', 'librio-dev', 'libringq-rio-dev')
    LIBRARY = 'librio.so'
    PACKAGE = 'ringq-rio'

    @unittest.skipUnless(os.path.exists(ringqd.RINGQD), 'ringqd is not built')
    def test_a_task_puts_and_gets(self):
        server = self.start()
        program = self.compile(HERE / 'foreign/task.c', self.home / 'task')
        self.assertEqual(self.run_(program, env={'RINGQ_URL': server.url}).stdout, 'hello\n')

    def test_a_foreign_project_finds_it_as_a_component(self):
        build = self.home / 'foreign'
        self.run_('cmake', '-S', HERE / 'foreign/task', '-B', build, f'-DCMAKE_PREFIX_PATH={self.prefix}')
        self.run_('cmake', '--build', build)

    def test_without_a_server_it_says_so(self):
        program = self.compile(HERE / 'foreign/task.c', self.home / 'lonely')
        nowhere = {'RINGQ_URL': f'unix:{self.home}/nowhere'}
        self.assertIn('is ringqd running', self.run_(program, env=nowhere, status=1).stderr)


if __name__ == '__main__':
    unittest.main()
