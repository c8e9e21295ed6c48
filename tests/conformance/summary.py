#!/usr/bin/env python3
"""summary - how many cases of each area pass, are skipped, fail; and that none is missing.

    summary.py DIRECTORY     where the programs conformance.<AREA> are

Every id of ids.txt must be defined once and listed once in the sources beside this file,
and every skipped case must be named in docs/rio/conformance.md.
SPDX-License-Identifier: MIT
"""
import collections
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, '..', '..', 'docs', 'rio', 'conformance.md')
DEFINED = re.compile(r'^(?:LOOP_TEST|SKIP_CASE|static void )\(?test_([A-Z]+_\w+)\(?', re.M)
LISTED = re.compile(r'cmocka_unit_test\w*\(test_([A-Z]+_\w+)')
RESULT = re.compile(r'^\[\s*(OK|SKIPPED|FAILED|ERROR)\s*\] test_([A-Z]+_\w+)', re.M)


def known_ids():
    with open(os.path.join(HERE, 'ids.txt'), encoding='utf-8') as f:
        lines = [line.split() for line in f if line.strip() and not line.startswith('#')]
    return {name.replace('-', '_'): int(priority) for name, priority in lines}


def check_sources(ids):
    """Returns what is wrong with them, as lines."""
    defined, listed = collections.Counter(), collections.Counter()
    for name in sorted(os.listdir(HERE)):
        if name.endswith('_test.c'):
            with open(os.path.join(HERE, name), encoding='utf-8') as f:
                text = f.read()
            defined.update(DEFINED.findall(text))
            listed.update(LISTED.findall(text))
    wrong = []
    for case in sorted(set(ids) | set(defined) | set(listed)):
        own = re.fullmatch(r'[A-Z]+_[A-Z]', case)  # a case of our own: a letter
        if case not in ids and not own:
            wrong.append(f'{case} is not in ids.txt')
        elif defined[case] != 1 or listed[case] != 1:
            wrong.append(f'{case} is defined {defined[case]} times, '
                         f'listed {listed[case]} times')
    return wrong


def run_area(directory, area):
    """Returns {case: result} of one program."""
    program = os.path.join(directory, 'conformance.' + area)
    try:
        done = subprocess.run([program], capture_output=True, text=True, timeout=100,
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        print(f'{area}: {e}')
        return {}
    return {case: result for result, case in RESULT.findall(done.stdout + done.stderr)}


def table_ids():
    with open(TABLE, encoding='utf-8') as f:
        return {m.replace('-', '_') for m in re.findall(r'^\|\s*([A-Z]+-\w+)', f.read(), re.M)}


def main():
    ids = known_ids()
    wrong = check_sources(ids)
    areas = list(dict.fromkeys(case.split('_')[0] for case in ids))
    named = table_ids()
    total = collections.Counter()
    print('area     passed skipped failed')
    for area in areas:
        results = run_area(sys.argv[1], area)
        count = collections.Counter()
        for case in (c for c in ids if c.split('_')[0] == area):
            result = results.get(case, 'FAILED')
            count['failed' if result in ('FAILED', 'ERROR') else result] += 1
            if result == 'SKIPPED' and case not in named:
                wrong.append(f'{case} is skipped: docs/rio/conformance.md must say why')
        print(f'{area:8}{count["OK"]:7}{count["SKIPPED"]:8}{count["failed"]:7}')
        total.update(count)
    print(f'{"all":8}{total["OK"]:7}{total["SKIPPED"]:8}{total["failed"]:7}')
    for line in wrong:
        print(line)
    return 1 if wrong or total['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
