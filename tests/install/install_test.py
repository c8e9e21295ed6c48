#!/usr/bin/env python3
"""install_test - libringq as strangers get it: installed into an empty prefix, then built
against by pkg-config, by CMake and by hand; and the examples and the guide, run.
SPDX-License-Identifier: MIT
"""
import os
import re
import shutil
import unittest

import installed
import ringqd
from installed import HERE, sanitizers

GUIDE = ringqd.ROOT / 'docs/client.md'
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.M | re.S)
C_STANDARDS = ('c99', 'c11', 'c17', 'c2x')
CXX_STANDARDS = ('c++11', 'c++14', 'c++17', 'c++20')


class Installed(installed.Installed):
    COMPONENTS = ('libringq0', 'libringq-dev')
    LIBRARY = 'libringq.so'
    PACKAGE = 'ringq'


class Library(Installed):
    def test_it_exports_what_the_list_says_and_nothing_else(self):
        self.assertEqual(self.exported(), (HERE / 'ringq.symbols').read_text(encoding='utf-8').split())

    def test_its_soname_is_its_major_version(self):
        self.assertIn('Library soname: [libringq.so.0]', self.dynamic())

    def test_it_needs_nothing_but_the_c_library(self):
        self.assertEqual(self.needed_beyond_the_c_library(), [])

    def test_the_static_library_says_what_it_needs(self):
        source = HERE / 'foreign/main.c'
        program = self.home / 'static'
        self.run_(self.cc, *sanitizers(), source, *self.flags('--cflags'), self.libdir / 'libringq.a',
                  *[f for f in self.flags('--static', '--libs') if f != '-lringq'], '-o', program)
        self.run_(program)

    def test_a_moved_installation_still_works(self):
        moved = self.home / 'moved'
        shutil.copytree(self.prefix, moved, symlinks=True)
        libdir = moved / self.libdir.relative_to(self.prefix)
        flags = self.run_('pkg-config', '--cflags', '--libs', 'ringq',
                          env={'PKG_CONFIG_PATH': str(libdir / 'pkgconfig')}).stdout.split()
        self.assertFalse([f for f in flags if str(self.prefix) in f], flags)
        self.run_(self.cc, *sanitizers(), HERE / 'foreign/main.c', *flags, '-o', self.home / 'from-moved')
        self.run_(self.home / 'from-moved', env={'LD_LIBRARY_PATH': str(libdir)})


class Headers(Installed):
    def check(self, compiler, standard, language):
        for header in sorted((self.prefix / 'include/ringq').glob('*.h')):
            if header.name == 'ringq_rio.h':
                continue  # it comes with librio, whose header is C17
            with self.subTest(header=header.name, standard=standard):
                self.run_(compiler, f'-std={standard}', '-x', language, '-fsyntax-only', '-Wall', '-Wextra',
                          '-Wpedantic', '-Werror', f'-I{self.prefix}/include', '-', input=f'#include <ringq/{header.name}>\nint x;\n')

    def test_they_compile_in_every_c(self):
        for standard in C_STANDARDS:
            self.check(self.cc, standard, 'c')

    def test_they_compile_in_every_cxx(self):
        if not self.cxx:
            self.skipTest('no C++ compiler')
        for standard in CXX_STANDARDS:
            self.check(self.cxx, standard, 'c++')


class ForeignProject(Installed):
    def test_it_finds_the_package_and_links_both_libraries(self):
        if not self.cxx:
            self.skipTest('no C++ compiler')
        build = self.home / 'foreign'
        self.run_('cmake', '-S', HERE / 'foreign', '-B', build, f'-DCMAKE_PREFIX_PATH={self.prefix}')
        self.run_('cmake', '--build', build)
        for program in ('with_shared', 'with_static', 'with_cxx'):
            self.assertEqual(self.run_(build / program).stdout.split()[1], 'USAGE')

    def test_another_major_version_is_not_found(self):
        source = self.home / 'too-new'
        source.mkdir(exist_ok=True)
        (source / 'CMakeLists.txt').write_text('cmake_minimum_required(VERSION 3.16)\nproject(x C)\n'
                                               'find_package(ringq 1.0 REQUIRED)\n', encoding='utf-8')
        self.run_('cmake', '-S', source, '-B', source / 'b', f'-DCMAKE_PREFIX_PATH={self.prefix}', status=1)


class Examples(Installed):
    def built(self, name):
        return self.compile(ringqd.ROOT / f'client/examples/{name}.c', self.home / name)

    def test_they_say_how_they_are_used(self):
        for name in ('put', 'work'):
            self.assertIn('usage:', self.run_(self.built(name), status=2).stderr)

    def test_without_a_server_they_say_so(self):
        nowhere = {'RINGQ_URL': f'unix:{self.home}/nowhere'}
        self.assertIn('is ringqd running', self.run_(self.built('put'), 'q', 'x', env=nowhere, status=1).stderr)

    @unittest.skipUnless(os.path.exists(ringqd.RINGQD), 'ringqd is not built')
    def test_what_one_puts_the_other_works_on(self):
        server = self.start()
        env = {'RINGQ_URL': server.url}
        for word in ('hello', 'world'):
            receipt = self.run_(self.built('put'), 'greetings', word, env=env).stdout
            self.assertRegex(receipt, r'^\d+-\d+ queued redis$')
        shouted = self.run_(self.built('work'), 'greetings', 'drain', env=env).stdout
        self.assertEqual(sorted(shouted.split()), ['HELLO', 'WORLD'])


class Guide(Installed):
    """docs/client.md: each block of C is a whole file, and builds; a program among them runs,
    in the order of the page, against one server."""

    def blocks(self, language):
        return [text for lang, text in BLOCK.findall(GUIDE.read_text(encoding='utf-8')) if lang == language]

    def test_its_programs_build_and_run(self):
        programs = []
        for i, text in enumerate(self.blocks('c')):
            source = self.home / f'guide{i}.c'
            source.write_text(text, encoding='utf-8')
            with self.subTest(block=text[:60]):
                if 'int main(' in text:
                    programs.append(self.compile(source, self.home / f'guide{i}'))
                else:
                    self.run_(self.cc, '-Wall', '-Wextra', '-Wpedantic', '-Werror', *self.flags('--cflags'), '-c',
                              source, '-o', self.home / 'guide.o')
        self.assertGreater(len(programs), 2)
        if os.path.exists(ringqd.RINGQD):
            server = self.start()
            for program in programs:
                self.run_(program, env={'RINGQ_URL': server.url})

    def test_its_cmake_builds(self):
        for i, text in enumerate(self.blocks('cmake')):
            source = self.home / f'guide-cmake{i}'
            source.mkdir()
            shutil.copy(ringqd.ROOT / 'client/examples/put.c', source / 'put.c')
            (source / 'CMakeLists.txt').write_text(text, encoding='utf-8')
            self.run_('cmake', '-S', source, '-B', source / 'b', f'-DCMAKE_PREFIX_PATH={self.prefix}')
            self.run_('cmake', '--build', source / 'b')

    def test_its_commands_run(self):
        where = self.home / 'guide-sh'
        where.mkdir()
        for name in ('put', 'work'):
            shutil.copy(ringqd.ROOT / f'client/examples/{name}.c', where)
        for text in self.blocks('sh'):
            self.run_('sh', '-e', '-c', f'cc() {{ {self.cc} {" ".join(sanitizers())} "$@"; }}\n{text}', cwd=where)

    def test_it_names_every_function_of_the_library(self):
        text = GUIDE.read_text(encoding='utf-8')
        for name in (HERE / 'ringq.symbols').read_text(encoding='utf-8').split():
            with self.subTest(function=name):
                self.assertIn(name, text)


if __name__ == '__main__':
    unittest.main()
