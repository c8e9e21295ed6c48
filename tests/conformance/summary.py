#!/usr/bin/env python3
"""summary - how many cases of each area pass on each backend; and that none is missing.

    summary.py DIRECTORY           where the programs conformance.<AREA> are
    summary.py DIRECTORY --show    prints again what the last run counted, once

Every id of ids.txt must be defined once and listed once in the sources beside this file,
and pass on every backend or be skipped and named in docs/rio/conformance.md.
SPDX-License-Identifier: MIT
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, '..', '..', 'docs', 'rio', 'conformance.md')
BACKENDS = {'io_uring': None, 'epoll': 'epoll', 'simulated': 'sim'}
DEFINED = re.compile(r'^(?:LOOP_TEST|QUEUE_CASE|SKIP_CASE|static void )\(?test_([A-Z]+_\w+)\(?', re.M)
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


def run_area(directory, area, io):
    """Returns {case: result} of one program on one backend."""
    program = os.path.join(directory, 'conformance.' + area)
    env = {k: v for k, v in os.environ.items() if k != 'RIO_TEST_IO'}
    if io:
        env['RIO_TEST_IO'] = io
    try:
        done = subprocess.run([program], capture_output=True, text=True, timeout=100,
                              check=False, env=env)
    except (OSError, subprocess.TimeoutExpired) as e:
        print(f'{area}: {e}')
        return {}
    return {case: result for result, case in RESULT.findall(done.stdout + done.stderr)}


def run_all(directory, areas):
    """Returns {backend: {case: result}}."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {(name, area): pool.submit(run_area, directory, area, io)
                for name, io in BACKENDS.items() for area in areas}
    found = {name: {} for name in BACKENDS}
    for (name, _), job in jobs.items():
        found[name].update(job.result())
    return found


def table_ids():
    with open(TABLE, encoding='utf-8') as f:
        return {m.replace('-', '_') for m in re.findall(r'^\|\s*([A-Z]+-\w+)', f.read(), re.M)}


def count(cases, results):
    return sum(results.get(case) == 'OK' for case in cases)


def table(ids, areas, found):
    """Yields the lines: how many of an area's cases pass, on each backend."""
    yield 'passed    ' + ''.join(f'{name:>12}' for name in found)
    for area in areas:
        cases = [case for case in ids if case.split('_')[0] == area]
        yield f'{area:10}' + ''.join(
            f'{f"{count(cases, results)} of {len(cases)}":>12}' for results in found.values())
    for priority in sorted(set(ids.values())):
        cases = [case for case, p in ids.items() if p == priority]
        for name, results in found.items():
            skipped = sum(results.get(case) == 'SKIPPED' for case in cases)
            note = f', {skipped} skipped: docs/rio/conformance.md says why' if skipped else ''
            yield (f'P{priority}: {count(cases, results)} of {len(cases)} '
                   f'pass on {name}{note}')


def check_results(ids, found):
    named = table_ids()
    for name, results in found.items():
        for case in ids:
            result = results.get(case, 'missing')
            if result == 'SKIPPED' and case not in named:
                yield f'{case} is skipped on {name}: docs/rio/conformance.md must say why'
            elif result not in ('OK', 'SKIPPED'):
                yield f'{case} on {name}: {result}'


def main():
    directory = sys.argv[1]
    report = os.path.join(directory, 'conformance.txt')
    if sys.argv[2:] == ['--show']:  # after a run of ctest: what it counted, once
        if os.path.exists(report):
            with open(report, encoding='utf-8') as f:
                print('\n' + f.read(), end='')
            os.remove(report)
        return 0
    ids = known_ids()
    areas = list(dict.fromkeys(case.split('_')[0] for case in ids))
    wrong = check_sources(ids)
    found = run_all(directory, areas)
    lines = list(table(ids, areas, found))
    wrong.extend(check_results(ids, found))
    with open(report, 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines + wrong) + '\n')
    print('\n'.join(lines + wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
