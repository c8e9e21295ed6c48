"""transcripts - the examples of a page: what is sent behind `> `, and the reply as
redis-cli shows it.

SPDX-License-Identifier: MIT
"""
import re

import resp


def blocks(page, language):
    """The contents of the fenced blocks of one language, with the line each begins at."""
    found = re.finditer(rf'^```{language}\n(.*?)^```$', page, re.M | re.S)
    return [(page.count('\n', 0, m.start()) + 2, m.group(1)) for m in found]


def exchanges(block):
    """[(line sent, reply expected)]."""
    parts = re.split(r'^> (.*)\n', block, flags=re.M)[1:]
    return list(zip(parts[::2], (reply.rstrip('\n') for reply in parts[1::2])))


def quoted(data):
    out = ''.join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\' else
                  {0x22: '\\"', 0x5c: '\\\\', 10: '\\n', 13: '\\r', 9: '\\t'}.get(b, f'\\x{b:02x}') for b in data)
    return f'"{out}"'


def show(reply, indent=0):
    """A RESP2 reply as redis-cli prints it on a terminal."""
    if isinstance(reply, resp.Error):
        return f'(error) {reply}'
    if reply is None:
        return '(nil)'
    if isinstance(reply, bytes):
        return quoted(reply)
    if isinstance(reply, str):
        return reply
    if isinstance(reply, int):
        return f'(integer) {reply}'
    if not reply:
        return '(empty array)'
    width, lines = len(str(len(reply))), []
    for i, element in enumerate(reply):
        head = f'{i + 1:>{width}}) '
        lines.append((' ' * indent if i else '') + head + show(element, indent + len(head)))
    return '\n'.join(lines)


def matches(expected, actual):
    """`...` stands for any run of characters."""
    return re.fullmatch('.*'.join(map(re.escape, expected.split('...'))), actual, re.S) is not None
