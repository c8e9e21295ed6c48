#!/usr/bin/env python3
"""rio_man_test - rio(7) lists every function of librio's headers, and no other.

SPDX-License-Identifier: MIT
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ('common/rio/rio.h', 'common/rio/sim.h', 'common/rio-http/include/rio/http.h')
FUNCTION = re.compile(r'\bRIO_API\b[^;(]*?\b(rio_\w+)\s*\(')


def declared():
    for name in HEADERS:
        text = (ROOT / name).read_text(encoding='utf-8')
        yield from FUNCTION.findall(re.sub(r'/\*.*?\*/', '', text, flags=re.S))


class Page(unittest.TestCase):
    def test_functions_lists_what_the_headers_declare(self):
        page = (ROOT / 'docs/man/rio.7.scd').read_text(encoding='utf-8')
        functions = page.split('\n# FUNCTIONS\n')[1].split('\n# ')[0]
        self.assertEqual(set(re.findall(r'\*(rio_\w+)\*', functions)), set(declared()))


if __name__ == '__main__':
    unittest.main()
