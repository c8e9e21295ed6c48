#!/usr/bin/env python3
"""peers_test - every contest can be played, what comes of it is put into words, and the page
of figures takes it; how fast anything is does not matter here.

SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import ringqd

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import contests  # noqa: E402
import page  # noqa: E402
from contest import Contest  # noqa: E402

TINY = ('--rounds', '1', '--seconds', '0.1', '--deep', '500')


def peers(*args):
    env = {**os.environ, 'RINGQD': ringqd.RINGQD}
    return subprocess.run([sys.executable, '-B', HERE / 'peers.py', *args], text=True, capture_output=True, check=False,
                          env=env, timeout=600)


class Fixed:
    """A side that measures what it was told."""

    def __init__(self, label, value, **more):
        self.label, self.line, self.args, self.system = label, {'jobs_per_second': value, **more}, (), None

    def why_not(self):
        return None if self.line['jobs_per_second'] is not None else 'gone fishing'

    def play(self, _):
        return self.line


class Words(unittest.TestCase):
    def rows(self, *sides, **how):
        contest = Contest('one', 'what', *sides, **how)
        for _ in range(3):
            contest.play(1)
        return [re.sub(' +', ' ', row.strip()) for row in contest.text().splitlines()]

    def test_a_ratio_above_one_says_that_the_first_is_ahead(self):
        self.assertEqual(self.rows(Fixed('a', 3000), Fixed('b', 1000)),
                         ['one: what', 'a 3,000 jobs/s 1.00', 'b 1,000 jobs/s 3.00'])

    def test_of_what_costs_less_is_better(self):
        self.assertEqual(self.rows(Fixed('a', 1), Fixed('b', 2), unit='s', digits=1, costs=True)[1:],
                         ['a 1.0 s 1.00', 'b 2.0 s 2.00'])

    def test_who_is_not_here_is_named_with_the_reason(self):
        self.assertEqual(self.rows(Fixed('a', 1), Fixed('b', None))[2], 'b gone fishing')

    def test_what_else_was_measured_stands_behind(self):
        self.assertIn('us a job: x 1.50; bytes a job: y 7',
                      self.rows(Fixed('a', 1, cpu_us_per_job={'x': 1.5}, bytes_per_job={'y': 7}))[1])


class Page(unittest.TestCase):
    def test_the_figures_of_the_page_give_way_to_new_ones_and_nothing_else_does(self):
        old = page.PAGE.read_text(encoding='utf-8')
        new = page.with_figures(old, 'FIGURES')
        self.assertEqual(page.with_figures(new, 'FIGURES'), new)
        before, after = old.split(page.BEGIN)[0], old.split(page.END)[1]
        self.assertEqual(new, f'{before}{page.BEGIN}\n```text\nFIGURES\n```\n\n{page.END}{after}')

    def test_it_says_how_each_contest_is_played_alone(self):
        text = page.PAGE.read_text(encoding='utf-8')
        for contest in contests.all_contests(1):
            with self.subTest(contest.name):
                self.assertIn(f'`{contest.name}`', text)


class Command(unittest.TestCase):
    def refuses(self, text, *args):
        result = peers(*args)
        self.assertEqual(result.returncode, 2)
        self.assertIn(text, result.stderr)

    def test_what_is_not_understood_is_named(self):
        self.refuses("no contest is named like 'nothing'", '--only', 'nothing')
        self.refuses('at least one round', '--rounds', '0')
        self.refuses('at least one round', '--seconds', '0.05')
        self.refuses('one job', '--deep', '0')
        self.refuses('without --only', '--page', '--only', 'size')

    def test_the_list_names_all(self):
        listed = [line.split()[0] for line in peers('--list').stdout.splitlines()]
        self.assertEqual(listed, [c.name for c in contests.all_contests(1)])
        self.assertEqual(len(listed), len(set(listed)))


class Play(unittest.TestCase):
    def test_every_contest(self):
        with tempfile.TemporaryDirectory() as home:
            file = pathlib.Path(home) / 'all.json'
            result = peers(*TINY, '--json', file)
            self.assertEqual(result.returncode, 0, result.stderr)
            played = json.loads(file.read_text(encoding='utf-8'))
        for contest in contests.all_contests(1):
            with self.subTest(contest.name):
                self.assertIn(f'\n{contest.name}: ', result.stdout)
                ours = next(iter(played[contest.name].values()))
                if contest.name != 'syscalls':  # which not every machine lets be counted
                    self.assertEqual(len(ours), 1)


if __name__ == '__main__':
    ringqd.main()
