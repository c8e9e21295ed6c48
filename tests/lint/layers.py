#!/usr/bin/env python3
"""layers - who may include whom: the table of docs/architecture.md, held against the
#include lines.

A folder's row names the layers whose headers it may include, or single headers.  Tests
may include everything.
SPDX-License-Identifier: MIT
"""
import re

import source

#    folder            may include from: a layer, or one header of a layer
ALLOWED = {
    'common/base':   'base',
    'common/wire':   'base wire',
    'common/sec':    'base sec',
    'common/rio':    'base rio',
    'common/rio/examples/databases': 'rio/rio.h',
    'common/rio-http': 'base rio/rio.h rio/http.h rio-http',
    'common/rio-http/examples': 'rio/rio.h rio/http.h',
    'server/core':   'base core',
    'server/store':  'base rio core/record.h store',
    'server/broker': 'base rio core store broker',
    'server/api':    'base wire rio broker core/attrs.h core/limits.h api',
    'server/net':    'base wire sec rio api core/limits.h net',
    'server/ops':    'base rio broker ops',
    'server':        'base wire sec rio core store broker api net ops server',
    'client/lib':    'base wire sec ringq lib',
    'client/rio':    'base wire rio ringq lib',
    'client/cli':    'ringq cli',
    'client/include': 'ringq',
    'client/examples': 'ringq rio',
}
LAYERS = 'base wire sec rio rio-http core store broker api net ops ringq lib cli server'.split()

#    foreign header    only in (one place each that knows it)
FOREIGN = {
    'liburing.h': ['common/rio'],
    'hiredis/':   ['server/store', 'common/rio/examples/databases'],
    'sqlite3.h':  ['common/rio/examples/databases'],
    'curl/':      ['common/rio-http'],
    'microhttpd.h': ['common/rio-http'],
    'sodium.h':   ['common/sec', 'server/store'],
    'cmocka.h':   [],
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    """The most specific row for a file; None for tests."""
    while '/' in path:
        path = path.rsplit('/', 1)[0]
        if path in ALLOWED:
            return path
    return None


def judge(folder, quote, header):
    """A sentence about one include, or None."""
    for foreign, homes in FOREIGN.items():
        if header.startswith(foreign) and folder not in homes:
            return f'{folder} may not include {header}: only {", ".join(homes) or "tests"} may'
    layer = header.split('/')[0] if '/' in header else None
    if layer not in LAYERS:
        if quote == '"' and folder != 'server':  # the assembly: no layer, nobody includes it
            return f'"{header}" names no layer: write "layer/file.h"'
        return None
    allowed = ALLOWED[folder].split()
    if layer in allowed or header in allowed:
        return None
    return f'{folder} may not include {header}'


def check(root):
    for src in source.c_sources(root):
        folder = folder_of(src.path)
        if folder is None:
            continue
        for match in INCLUDE.finditer(src.without_comments):
            sentence = judge(folder, *match.groups())
            if sentence:
                yield src.path, src.line(match.start(2)), sentence


if __name__ == '__main__':
    source.run(check)
