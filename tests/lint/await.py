#!/usr/bin/env python3
"""await - every call of a function that may suspend is written await(...).

Names come from the RIO_AWAITS declarations of all headers, and for static functions from
the file itself; a static function that does not suspend may bear another's name.  Two rules:

1. A call `f(...)` of such a name stands directly inside `await(`.
2. A function whose body awaits and which is called by name is declared RIO_AWAITS itself,
   so that the word reaches its callers.  Task bodies, which only the loop calls, need not.

File scope holds declarations and definitions, never calls, so only what stands inside
braces is looked at.
SPDX-License-Identifier: MIT
"""
import collections
import re

import source

Function = collections.namedtuple('Function', 'name offset static declared awaits')
Call = collections.namedtuple('Call', 'name offset awaited')
NOT_FUNCTIONS = {'_Static_assert', '__attribute__', '_Alignas', 'defined'}


class Unit:
    """One file: what it declares, defines and calls."""

    def __init__(self, src):
        self.src = src
        self.declared = set()   # names after RIO_AWAITS
        self.functions = []     # definitions
        self.calls = []
        self._read(self._tokens())

    def _tokens(self):
        tokens = self.src.tokens()
        if not self.src.path.endswith('.h'):
            return tokens
        # `extern "C" {` opens no scope.
        text = re.sub(r'\bextern\s*\{', lambda m: ' ' * len(m.group()), self.src.plain)
        return [(m.group(), m.start()) for m in source.TOKEN.finditer(text)]

    def _read(self, tokens):
        depth, i, head = 0, 0, 0
        while i < len(tokens):
            text = tokens[i][0]
            if depth == 0 and text == ';':
                self._declaration(tokens[head:i])
                head = i + 1
            elif text == '{':
                if depth == 0:
                    i = self._braces(tokens, head, i)
                    head = i + 1
                else:
                    depth += 1
            elif text == '}':
                depth = max(0, depth - 1)
                head = i + 1
            i += 1

    def _name(self, head):
        """The function that a declaration declares: the name before its first parenthesis
        that is not an attribute's; None for a pointer to a function."""
        words = [t for t in head if not t[0].startswith(('RQ_', 'RIO_'))]
        for j in range(len(words) - 1):
            if (words[j + 1][0] == '(' and re.match(r'[A-Za-z_]', words[j][0])
                    and words[j][0] not in NOT_FUNCTIONS):
                return None if [t for t, _ in words[j + 2:j + 3]] == ['*'] else words[j]
        return None

    def _declaration(self, head):
        if any(t == 'RIO_AWAITS' for t, _ in head):
            named = self._name(head)
            if named:
                self.declared.add(named[0])

    def _braces(self, tokens, head, start):
        """Reads from the brace at `start` to its partner, and returns that one's place."""
        depth, i = 0, start
        while i < len(tokens):
            depth += {'{': 1, '}': -1}.get(tokens[i][0], 0)
            if depth == 0:
                break
            i += 1
        before = tokens[head:start]
        if before and before[-1][0] == ')' and not any(t == '=' for t, _ in before):
            self._definition(before, tokens[start:i])
        else:
            self._calls(tokens[start:i])  # an initialiser or a type
        return i

    def _definition(self, head, body):
        self._declaration(head)
        named = self._name(head)
        if not named:
            return
        words = {t for t, _ in head}
        awaits = any(t == 'await' for t, _ in body)
        self.functions.append(Function(*named, 'static' in words, 'RIO_AWAITS' in words, awaits))
        self._calls(body)

    def _calls(self, tokens):
        for j in range(len(tokens) - 1):
            name, offset = tokens[j]
            if tokens[j + 1][0] != '(' or not re.match(r'[A-Za-z_]', name):
                continue
            before = [t for t, _ in tokens[max(0, j - 2):j]]
            if before and before[-1] in ('.', '->'):
                continue
            self.calls.append(Call(name, offset, before == ['await', '(']))


def check(root):
    units = [Unit(src) for src in source.c_sources(root)]
    shared = set().union(*(u.declared for u in units if u.src.path.endswith('.h')))
    called_anywhere = {c.name for u in units for c in u.calls}
    for u in units:
        own = {f.name for f in u.functions if f.static and not f.declared} - u.declared
        suspending = (shared | u.declared) - own
        for c in u.calls:
            if c.name in suspending and not c.awaited:
                yield (u.src.path, u.src.line(c.offset),
                       f'{c.name}() suspends: write await({c.name}(...))')
        called_here = {c.name for c in u.calls}
        for f in u.functions:
            if f.awaits and f.name not in suspending and f.name in (
                    called_here if f.static else called_anywhere):
                yield (u.src.path, u.src.line(f.offset),
                       f'{f.name}() awaits and is called by name: declare it RIO_AWAITS')


if __name__ == '__main__':
    source.run(check)
