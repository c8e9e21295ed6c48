#!/usr/bin/env python3
"""packages - what CMake looks for is what deploy/packages.sh installs.

SPDX-License-Identifier: MIT
"""
import re

import source

DEPS = 'common/cmake/RingqDeps.cmake'


def check(root):
    installed = set((root / 'deploy/packages.sh').read_text(encoding='utf-8').replace("'", ' ').split())
    for number, line in enumerate((root / DEPS).read_text(encoding='utf-8').splitlines(), 1):
        needed = re.match(r'\s*ringq_(?:need|want)\(\w+\s+\S+\s+(\S+)\)', line)
        if needed and needed.group(1) not in installed:
            yield DEPS, number, f'{needed.group(1)} is missing in deploy/packages.sh'


if __name__ == '__main__':
    source.run(check)
