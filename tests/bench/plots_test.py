#!/usr/bin/env python3
"""plots_test - the plots can be drawn from the data beside them, and are small; and a point of
each curve can be measured.

SPDX-License-Identifier: MIT
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import ringqd

HERE = pathlib.Path(__file__).resolve().parent
PLOTS = ringqd.ROOT / 'docs/plots'
NAMES = ('connections-everysec', 'connections-fsync', 'latency-fsync')
SMALL = 60000


class Folder(unittest.TestCase):
    """docs/plots, copied."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ringq-plots-'))
        self.addCleanup(shutil.rmtree, self.folder)
        for data in PLOTS.glob('*.dat'):
            shutil.copy(data, self.folder)

    def run_(self, *command):
        result = subprocess.run(command, text=True, capture_output=True, check=False, timeout=300,
                                env={**os.environ, 'RINGQ_PLOTS': str(self.folder), 'RINGQD': ringqd.RINGQD})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def drawn(self):
        self.run_('gnuplot', '-e', f"folder = '{self.folder}'", str(HERE / 'plots.gp'))
        for name in NAMES:
            with self.subTest(name):
                file = self.folder / f'{name}.svg'
                self.assertLess(file.stat().st_size, SMALL)
                xml.etree.ElementTree.parse(file)

    @unittest.skipUnless(shutil.which('gnuplot'), 'no gnuplot: apt-get install gnuplot-nox')
    def test_each_is_drawn_from_its_data(self):
        self.drawn()

    def test_what_is_committed_is_small_and_shown_on_the_page(self):
        page = (ringqd.ROOT / 'docs/benchmarks.md').read_text(encoding='utf-8')
        for name in NAMES:
            self.assertLess((PLOTS / f'{name}.svg').stat().st_size, SMALL)
            self.assertIn(f'(plots/{name}.svg)', page)

    @unittest.skipUnless(shutil.which('gnuplot'), 'no gnuplot: apt-get install gnuplot-nox')
    def test_what_is_measured_is_what_is_drawn(self):
        for data in self.folder.glob('*.dat'):
            data.unlink()
        self.run_(sys.executable, '-B', str(HERE / 'curves.py'), '--rounds', '1', '--seconds', '0.1')
        self.drawn()


if __name__ == '__main__':
    ringqd.main()
