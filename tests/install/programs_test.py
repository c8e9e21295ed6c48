#!/usr/bin/env python3
"""programs_test - the programs as they are installed: all are there, and `ringq bench` finds
the one that it runs, wherever the installation stands.

SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import shutil
import subprocess

import ringqd

BUILD = pathlib.Path(os.environ.get('RINGQ_BUILD', ringqd.ROOT / 'build'))


class Programs(ringqd.Test):
    def setUp(self):
        super().setUp()
        self.bin = self.directory / 'prefix/bin'
        subprocess.run(['cmake', '--install', BUILD, '--prefix', self.bin.parent, '--component', 'Unspecified'],
                       check=True, capture_output=True)

    def ringq(self, *args, program=None):
        return subprocess.run([program or self.bin / 'ringq', *args], text=True, capture_output=True, check=False,
                              env=ringqd.environment(RINGQ_URL=self.url), timeout=ringqd.PATIENCE)

    def measures(self, program=None):
        self.url = self.start().url
        result = self.ringq('bench', '--json', '--conns', '2', '--warm', '10ms', '--time', '50ms', program=program)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(json.loads(result.stdout)['jobs'], 0)

    def test_they_are_there(self):
        self.assertEqual(sorted(p.name for p in self.bin.iterdir()), ['ringq', 'ringq-bench', 'ringqd'])

    def test_ringq_bench_measures(self):
        self.measures()

    def test_it_does_so_in_a_moved_installation_and_through_a_link(self):
        moved = self.directory / 'moved'
        shutil.move(self.bin.parent, moved)
        (self.directory / 'rq').symlink_to(moved / 'bin/ringq')
        self.measures(program=self.directory / 'rq')

    def test_without_the_program_it_says_what_is_missing(self):
        self.url = 'ringq://127.0.0.1:1'
        (self.bin / 'ringq-bench').unlink()
        result = self.ringq('bench')
        self.assertEqual(result.returncode, 70)
        self.assertIn('cannot run ringq-bench', result.stderr)
        self.assertEqual(self.ringq('bench', '--help').returncode, 0)


if __name__ == '__main__':
    ringqd.main()
