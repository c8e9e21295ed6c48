"""installed - one installation in an empty prefix, for the tests of a module, and what
strangers do with it: pkg-config, a compiler, CMake.

A build with sanitizers is tested with them: what is linked to the library gets the same.
SPDX-License-Identifier: MIT
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import ringqd

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ['RINGQ_BUILD'])


def cache(name):
    """A value of the build's CMakeCache.txt."""
    match = re.search(rf'^{name}:\w+=(.*)$', (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8'), re.M)
    return match.group(1) if match else ''


def sanitizers():
    return [f'-fsanitize={s}' for s in cache('RINGQ_SANITIZE').split(';') if s]


class Installed(ringqd.Test):
    """Derive from it, and name the components, the shared library and the package."""
    COMPONENTS = ()
    LIBRARY = ''
    PACKAGE = ''

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix='ringq-install-'))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.prefix = cls.home / 'prefix'
        cls.cc = cache('CMAKE_C_COMPILER')
        cls.cxx = shutil.which('clang++' if 'clang' in cls.cc else 'g++')
        for component in cls.COMPONENTS:
            subprocess.run(['cmake', '--install', BUILD, '--prefix', cls.prefix, '--component', component],
                           check=True, capture_output=True)
        cls.libdir = next(cls.prefix.glob(f'lib*/**/{cls.LIBRARY}')).parent
        cls.env = ringqd.environment(PKG_CONFIG_PATH=str(cls.libdir / 'pkgconfig'),
                                     LD_LIBRARY_PATH=str(cls.libdir), CC=cls.cc,
                                     CFLAGS=' '.join(sanitizers()), LDFLAGS=' '.join(sanitizers()))
        if cls.cxx:
            cls.env.update(CXX=cls.cxx, CXXFLAGS=cls.env['CFLAGS'])

    def run_(self, *args, cwd=None, env=None, status=0, **extra):
        """Runs and returns what subprocess.run does; the status is checked."""
        result = subprocess.run([str(a) for a in args], cwd=cwd or self.home, env={**self.env, **(env or {})},
                                text=True, capture_output=True, check=False, timeout=120, **extra)
        self.assertEqual(result.returncode, status, f'{args}\n{result.stdout}{result.stderr}')
        return result

    def flags(self, *options, package=None):
        return self.run_('pkg-config', *options, package or self.PACKAGE).stdout.split()

    def compile(self, source, program, package=None):
        self.run_(self.cc, '-Wall', '-Wextra', '-Wpedantic', '-Werror', *sanitizers(), source,
                  *self.flags('--cflags', '--libs', package=package), '-o', program)
        return program

    def exported(self):
        """The names that the shared library gives to its users."""
        lines = self.run_('nm', '-D', '--defined-only', self.libdir / self.LIBRARY).stdout.splitlines()
        return sorted(re.sub('@.*', '', line.split()[2]) for line in lines if line.split()[1] != 'A')

    def dynamic(self):
        return self.run_('readelf', '-d', self.libdir / self.LIBRARY).stdout

    def needed_beyond_the_c_library(self):
        needed = re.findall(r'Shared library: \[(.*?)\]', self.dynamic())
        return [n for n in needed if not re.match(r'(libc\.so|lib(a|ub|t)san|libm\.so|libgcc_s|ld-linux)', n)]
