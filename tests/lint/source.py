"""source - what the lints share: the project's files, and C as blanked text and tokens.

A lint is a program `NAME.py [ROOT]`.  It prints `path:line: sentence` for every violation
and exits 1 if there was one.  Comments and literals are replaced by blanks of the same
length and line breaks, so an offset into the blanked text is an offset into the file.
SPDX-License-Identifier: MIT
"""
import bisect
import pathlib
import re
import sys

C_FOLDERS = ('common', 'server', 'client', 'tests')
# A comment, a string or a character constant, whichever starts first.
OPAQUE = re.compile(
    r'/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*|"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:\\\n|[^\n])*', re.M)
TOKEN = re.compile(r'[A-Za-z_]\w*|->|\.\.\.|[^\s\w]|\d[\w.]*')


def _blank(match):
    return re.sub(r'[^\n]', ' ', match.group())


class Source:
    """One C file. `code`: without comments and literals; `plain`: without directives too."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding='utf-8')
        self.code = OPAQUE.sub(_blank, self.text)
        self._starts = [m.end() for m in re.finditer('\n', self.text)]

    @property
    def plain(self):
        return DIRECTIVE.sub(_blank, self.code)

    @property
    def without_comments(self):
        """The text with its string literals kept: for #include lines."""
        return OPAQUE.sub(lambda m: _blank(m) if m.group()[0] == '/' else m.group(), self.text)

    def line(self, offset):
        return bisect.bisect_right(self._starts, offset) + 1

    def tokens(self):
        """[(text, offset)] of `plain`."""
        return [(m.group(), m.start()) for m in TOKEN.finditer(self.plain)]


def c_sources(root):
    """Every C source and header of the project, in order."""
    for folder in C_FOLDERS:
        for path in sorted((root / folder).rglob('*.[ch]')):
            yield Source(root, path)


def text_files(root):
    """Every file that belongs to the project: no build trees, no version control."""
    for path in sorted(root.rglob('*')):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(
                p == '.git' or p == '__pycache__' or p == 'build' or p.startswith('build-')
                for p in parts):
            yield path


def calls(source, names):
    """Where a function of `names` is called by its own name: (name, offset). A member of the
    same name (`ops->time(...)`) is another function."""
    tokens = source.tokens()
    for i, (text, offset) in enumerate(tokens[:-1]):
        if text in names and tokens[i + 1][0] == '(' and (
                i == 0 or tokens[i - 1][0] not in ('.', '->')):
            yield text, offset


def run(check):
    """The main of a lint: `check(root)` yields (path, line, sentence)."""
    here = pathlib.Path(__file__).resolve()
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here.parents[2]
    found = sorted(set(check(root)))
    for path, line, sentence in found:
        print(f'{path}:{line}: {sentence}')
    sys.exit(1 if found else 0)
