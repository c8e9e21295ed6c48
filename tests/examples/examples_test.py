#!/usr/bin/env python3
"""examples_test - the demo programs print what the tutorials promise, when they promise it.

    examples_test.py TABLE.txt [PROGRAM ...] [--epoll]

A table is a list of runs, each ended by an empty line:

    # a remark
    [sim real] 001-lock --no-lock     where it runs, the program and its arguments
    0.1 the text of a line            the second at which it is printed, then the line
    0.1 ~one of several lines         neighbours marked so may come in any order
    0.1 /value \\d+/                   a regular expression for the whole line
    - a line                          whenever
    0.1 end                           the last line: how long the program took
    ! slow step                       a line of stderr holds this text or /regular
                                      expression/; in order
    = 1                               the exit status, else 0

`sim` is the simulated backend, whose times are exact.  `real` is the real clock at a tenth
of the time: nothing comes early, the order is the table's, and late is what takes LATE s
more; --epoll puts these on epoll.  A program that prints on stderr where the table has
nothing, fails.
SPDX-License-Identifier: MIT
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HOME = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(os.environ['RINGQ_BUILD'], 'examples')
SCALE = 10
EARLY = 0.001  # s
LATE = 20.0    # s: a bound for a loaded machine, not a measurement
AT_ONCE = 4
ENV = {**os.environ, 'ASAN_OPTIONS': 'detect_stack_use_after_return=0'}


class Run:
    """One entry of a table."""

    def __init__(self, text):
        head, *rest = [line for line in text.splitlines() if not line.startswith('#')]
        modes, command = re.fullmatch(r'\[([a-z ]+)\] (.+)', head).groups()
        self.modes = modes.split()
        self.command = command.split()
        self.status = 0
        self.stderr = []
        self.lines = []  # [(second or None, text)]
        for line in rest:
            key, _, value = line.partition(' ')
            if key == '=':
                self.status = int(value)
            elif key == '!':
                self.stderr.append(value)
            else:
                self.lines.append((None if key == '-' else float(key), value))

    def __str__(self):
        return ' '.join(self.command)


def matches(expected, line):
    if len(expected) > 1 and expected[0] == expected[-1] == '/':
        return re.fullmatch(expected[1:-1], line) is not None
    return expected.removeprefix('~') == line


def holds(expected, line):
    if len(expected) > 1 and expected[0] == expected[-1] == '/':
        return re.search(expected[1:-1], line) is not None
    return expected in line


def same_time(mode, expected, got):
    if expected is None:
        return True
    if mode == 'sim':
        return abs(got - expected) < 0.0005
    return -EARLY * SCALE - 0.0005 < got - expected < LATE * SCALE


def in_any_order(want, got):
    """Puts the lines that answer neighbours marked ~ into the table's order."""
    i = 0
    while i < len(want):
        end = i
        while end < len(want) and want[end][1].startswith('~'):
            end += 1
        if end > i:
            place = {text.removeprefix('~'): n for n, (_, text) in enumerate(want[i:end])}
            got[i:end] = sorted(got[i:end], key=lambda line: place.get(line[1], 0))
        i = max(end, i + 1)
    return got


def judge(run, mode, result):
    """What is wrong with a result, as sentences."""
    got = []
    for line in result.stdout.splitlines():
        second, _, text = line.partition(' ')
        try:
            got.append((float(second), text))
        except ValueError:
            yield f'not said by say(): {line}'
    want = run.lines
    if got and got[-1][1] == 'end' and not (want and want[-1][1] == 'end'):
        got.pop()  # the total does not matter here
    if len(got) != len(want):
        yield f'{len(got)} lines instead of {len(want)}'
    for (when, text), (second, line) in zip(want, in_any_order(want, got)):
        if not matches(text, line):
            yield f'expected: {text}'
        elif not same_time(mode, when, second):
            yield f'at {second} s instead of {when} s: {line}'
    complaints = iter(result.stderr.splitlines())
    for text in run.stderr:
        if not any(holds(text, line) for line in complaints):
            yield f'missing on stderr: {text}'
    if result.stderr and not run.stderr:
        yield 'nothing may stand on stderr'
    if result.returncode != run.status:
        yield f'exit status {result.returncode} instead of {run.status}'


def play(run, mode, options):
    """Returns a report, or an empty string when all is as the table says."""
    program, *args = run.command
    how = ['--sim'] if mode == 'sim' else ['--scale', str(SCALE), *options]
    with tempfile.TemporaryDirectory(prefix='rio-demo-') as home:
        try:
            result = subprocess.run([PROGRAMS / program, '--times', *how, *args], text=True, cwd=home, env=ENV,
                                    capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            return f'{run} ({mode}): still running after 60 s\n'
    wrong = list(judge(run, mode, result))
    if not wrong:
        return ''
    indented = ''.join(f'    {line}\n' for line in (result.stdout + result.stderr).splitlines())
    return f'{run} ({mode}): ' + '; '.join(wrong) + '\n' + indented


def main(table, *words):
    only = [word for word in words if not word.startswith('--')]
    options = [word for word in words if word.startswith('--')]
    entries = re.split(r'\n\s*\n', (HOME / table).read_text(encoding='utf-8').strip())
    runs = [Run(text) for text in entries if re.search(r'^\[', text, re.M)]
    todo = [(run, mode) for run in runs for mode in run.modes if not only or run.command[0] in only]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        reports = [text for text in pool.map(lambda job: play(*job, options), todo) if text]
    sys.stdout.write(''.join(reports))
    print(f'{len(todo) - len(reports)} of {len(todo)} runs are as the table says')
    sys.exit(1 if reports or not todo else 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
