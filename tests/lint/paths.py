#!/usr/bin/env python3
"""paths - no file mentions a place that exists on one machine only.

SPDX-License-Identifier: MIT
"""
import re

import source

# Someone's home, a checkout, a build directory in the shared temporary folder.
PLACE = re.compile(rb'(?<![\w.$}~/-])/(?:work|root|home|Users)/[\w.-]|/tmp/(?:build|team|bash)[\w.-]*')


def check(root):
    for path in source.text_files(root):
        data = path.read_bytes()
        if b'\0' in data[:4096]:
            continue
        for match in PLACE.finditer(data):
            yield (path.relative_to(root).as_posix(), data.count(b'\n', 0, match.start()) + 1,
                   f'{match.group().decode()}... is a place on one machine')


if __name__ == '__main__':
    source.run(check)
