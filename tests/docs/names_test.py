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
TEST = re.compile(r'`(\w+_test)(?:\.([A-Z]\w*))?(?:\.(test_\w+))?`')
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

    def test_every_test_of_the_list_of_faults_exists(self):
        page = (ringqd.ROOT / 'docs/operations.md').read_text(encoding='utf-8')
        named = TEST.findall(page)
        self.assertGreater(len(named), 30)
        for module, group, name in named:
            with self.subTest(test=f'{module}.{group}.{name}'):
                file, = (ringqd.ROOT / 'tests').rglob(f'{module}.py')
                text = file.read_text(encoding='utf-8')
                if group:
                    self.assertRegex(text, rf'(?m)^class {group}\(')
                    text = text.split(f'\nclass {group}(')[1].split('\nclass ')[0]
                if name:
                    self.assertIn(f'    def {name}(self', text)

    def test_every_option_of_the_server_stands_in_operations(self):
        page = (ringqd.ROOT / 'docs/operations.md').read_text(encoding='utf-8')
        table = (ringqd.ROOT / 'server/options.def').read_text(encoding='utf-8')
        known = set(re.findall(r'^OPTION\("([\w-]+)"', table, re.M)) | {'config'}
        self.assertEqual(set(re.findall(r'`--([\w-]+)(?: [^`]*)?`', page.split('\n## ')[1])), known)

    def test_every_exit_status_of_the_help_stands_in_operations(self):
        page = (ringqd.ROOT / 'docs/operations.md').read_text(encoding='utf-8')
        main = (ringqd.ROOT / 'server/main.c').read_text(encoding='utf-8')
        for status in re.findall(r'\b(\d+) (?:stopped|usage|Redis|internal|refused)', main):
            self.assertIn(f'| {status} |', page)


if __name__ == '__main__':
    ringqd.main()
