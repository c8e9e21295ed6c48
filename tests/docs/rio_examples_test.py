#!/usr/bin/env python3
"""rio_examples_test - every demo program of librio is built, and stands on the page of the examples.

SPDX-License-Identifier: MIT
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / 'common/rio/examples'


def built():
    for tutorial in EXAMPLES.glob('*.cmake'):
        for names in re.findall(r'rio_demos\(([^)]*)\)', tutorial.read_text(encoding='utf-8')):
            yield from names.split()


class Page(unittest.TestCase):
    def test_the_tables_name_what_is_built(self):
        page = (ROOT / 'docs/rio/examples.md').read_text(encoding='utf-8')
        cells = ' '.join(line.split('|')[3] for line in page.splitlines() if line.startswith('|'))
        named = {word for word in re.findall(r'`([\w-]+)[^`]*`', cells) if (EXAMPLES / f'{word}.c').exists()}
        self.assertEqual(set(built()) - named, set())

    def test_every_program_is_built(self):
        rules = [EXAMPLES / 'CMakeLists.txt', *EXAMPLES.glob('*.cmake')]
        words = set(re.findall(r'[\w-]+', ' '.join(path.read_text(encoding='utf-8') for path in rules)))
        self.assertEqual({path.stem for path in EXAMPLES.glob('*.c')} - words, set())


if __name__ == '__main__':
    unittest.main()
