"""page - puts figures into docs/benchmarks.md, between the two lines that are meant for them.

SPDX-License-Identifier: MIT
"""
import pathlib

PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs/benchmarks.md'
BEGIN, END = '<!-- figures -->\n', '<!-- end of figures -->\n'


def with_figures(old, figures):
    """The page with these figures in the place of those that stand there."""
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    return f'{before}{BEGIN}\n```text\n{figures}\n```\n\n{END}{after}'


def put_figures(figures):
    PAGE.write_text(with_figures(PAGE.read_text(encoding='utf-8'), figures), encoding='utf-8')
