#!/usr/bin/env python3
"""names_test - every `file:function` and every path that the pages name exists.

SPDX-License-Identifier: MIT
"""
import re
import unittest

import ringqd

PAGES = [p for p in (ringqd.ROOT / 'docs').rglob('*.md')] + [ringqd.ROOT / 'README.md']
FUNCTION = re.compile(r'`([\w./-]+\.[ch]):(\w+)`')
PATH = re.compile(r'`((?:common|server|client|tests|deploy|docs)/[\w./-]*\w)`')
LINK = re.compile(r'\]\(([\w./-]+)(?:#[\w-]*)?\)')


class Names(unittest.TestCase):
    def test_every_function_is_defined_where_the_page_says(self):
        for page in PAGES:
            for path, name in FUNCTION.findall(page.read_text(encoding='utf-8')):
                with self.subTest(page=page.name, name=f'{path}:{name}'):
                    text = (ringqd.ROOT / path).read_text(encoding='utf-8')
                    # At the start of a line: a definition, whose body follows.
                    self.assertRegex(text, rf'(?m)^[a-zA-Z_][\w\s*]*\b{name}\([^;{{]*\)\s*\{{')

    def test_every_path_exists(self):
        for page in PAGES:
            text = page.read_text(encoding='utf-8')
            for path in PATH.findall(text):
                with self.subTest(page=page.name, path=path):
                    self.assertTrue((ringqd.ROOT / path).exists())

    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in LINK.findall(page.read_text(encoding='utf-8')):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())


if __name__ == '__main__':
    unittest.main()
