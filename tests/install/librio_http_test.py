#!/usr/bin/env python3
"""librio_http_test - librio_http as strangers get it, beside librio.
SPDX-License-Identifier: MIT
"""
import re
import unittest

import installed
from installed import HERE, sanitizers

DECLARED = re.compile(r'\bRIO_API\s[^;(]*?\b(rio_http_\w+)\(')
SAYS = '200 hello\n'


class LibrioHttp(installed.Installed):
    COMPONENTS = ('librio0', 'librio-dev', 'librio-http0', 'librio-http-dev')
    LIBRARY = 'librio_http.so'
    PACKAGE = 'rio-http'

    def test_it_exports_what_its_header_declares_and_nothing_else(self):
        declared = DECLARED.findall((self.prefix / 'include/rio/http.h').read_text(encoding='utf-8'))
        self.assertGreater(len(declared), 10)
        self.assertEqual(self.exported(), sorted(declared))

    def test_it_stands_on_librio_and_its_two_libraries(self):
        self.assertIn('Library soname: [librio_http.so.0]', self.dynamic())
        self.assertEqual(sorted(self.needed_beyond_the_c_library()),
                         ['libcurl.so.4', 'libmicrohttpd.so.12', 'librio.so.0'])

    def test_a_program_builds_by_pkg_config_and_runs(self):
        program = self.compile(HERE / 'foreign/http.c', self.home / 'shared')
        self.assertEqual(self.run_(program).stdout, SAYS)

    def test_the_static_libraries_say_what_they_need(self):
        program = self.home / 'static'
        self.run_(self.cc, *sanitizers(), HERE / 'foreign/http.c', *self.flags('--cflags'),
                  self.libdir / 'librio_http.a', self.libdir / 'librio.a', '-luring', '-pthread',
                  *self.flags('--libs', package='libcurl libmicrohttpd'), '-o', program)
        self.assertEqual(self.run_(program).stdout, SAYS)

    def test_a_foreign_project_finds_it_as_a_component(self):
        build = self.home / 'foreign'
        self.run_('cmake', '-S', HERE / 'foreign/http', '-B', build, f'-DCMAKE_PREFIX_PATH={self.prefix}')
        self.run_('cmake', '--build', build)
        for program in ('with_shared', 'with_static'):
            self.assertEqual(self.run_(build / program).stdout, SAYS)


class LibrioAlone(installed.Installed):
    COMPONENTS = ('librio0', 'librio-dev')
    LIBRARY = 'librio.so'
    PACKAGE = 'rio'

    def test_the_component_is_not_found_without_it(self):
        self.run_('cmake', '-S', HERE / 'foreign/http', '-B', self.home / 'b', f'-DCMAKE_PREFIX_PATH={self.prefix}',
                  status=1)


if __name__ == '__main__':
    unittest.main()
