#!/usr/bin/env python3
"""format - every C file is as clang-format leaves it.

Other versions lay out differently, so only version 14 (Debian 12) is asked; without it
the lint is skipped.
SPDX-License-Identifier: MIT
"""
import re
import shutil
import subprocess
import sys

import source

SKIP = 77
COMPLAINT = re.compile(r'^(.+?):(\d+):\d+: error: .*clang-format')


def formatter():
    for name in ('clang-format-14', 'clang-format'):
        if shutil.which(name):
            version = subprocess.run([name, '--version'], text=True, capture_output=True, check=False)
            if 'version 14.' in version.stdout:
                return name
    return None


def check(root):
    program = formatter()
    if program is None:
        print('skipped: no clang-format 14; install it with: sudo apt-get install clang-format')
        sys.exit(SKIP)
    files = [root / src.path for src in source.c_sources(root)]
    if not files:
        return
    result = subprocess.run([program, '--dry-run', '-Werror', '--ferror-limit=1', *files], text=True,
                            capture_output=True, check=False)
    for line in result.stderr.splitlines():
        match = COMPLAINT.match(line)
        if match:
            path = match.group(1).removeprefix(f'{root}/')
            yield path, int(match.group(2)), f'not formatted: clang-format -i {path}'


if __name__ == '__main__':
    source.run(check)
