#!/usr/bin/env python3
"""replay_test - a seed is a run: the same once more, in another process.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import unittest

SIM = os.path.join(os.environ['RINGQ_BUILD'], 'tests', 'ringq_sim')
SEEDS = range(1, 9)


def run(*words, env=None):
    return subprocess.run([SIM, *map(str, words)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})})


class Replay(unittest.TestCase):
    def test_a_seed_gives_the_same_trace_again(self):
        for seed in SEEDS:
            first = run('--seed', seed, '--trace')
            again = run('--seed', seed, '--trace', env={'LONGER_ENVIRONMENT': 'x' * 5000})
            self.assertEqual(first.returncode, 0, first.stdout[-2000:] + first.stderr)
            self.assertIn('hash', first.stdout)
            self.assertEqual(first.stdout, again.stdout, seed)

    def test_another_seed_is_another_run(self):
        hashes = {run('--seed', seed).stdout.split()[3] for seed in SEEDS}
        self.assertEqual(len(hashes), len(SEEDS))

    def test_what_it_cannot_do_is_said(self):
        for words in ([], ['--seed'], ['--seed', 'x'], ['--seeds', 0], ['--seed', 1, '--seeds', 2],
                      ['--seed', 1, '--mutant', 'delay-ignored']):
            self.assertEqual(run(*words).returncode, 2, words)


if __name__ == '__main__':
    unittest.main()
