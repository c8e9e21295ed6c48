#!/usr/bin/env python3
"""cycles_test - kill -9 at random moments under load, at durability `fsync`: of the server,
of its Redis, of both at once; and a Redis that forgets everything, which the server repairs.
The history of all clients must break no promise.

    cycles_test.py [--cycles N] [--seed S]

A cycle counts only if at least 1,000 commands were acknowledged since the one before, and one
was in flight when the blow fell.  RINGQ_NIGHTLY asks for 300 cycles.
SPDX-License-Identifier: MIT
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

import resp
import ringqd
from checker import OK, Checker
from load import Load

COMMANDS_PER_CYCLE = 1000
CYCLES_PER_ROUND = 20  # then the queues are drained and the history is checked
BLOWS = ('server', 'redis', 'forget', 'server', 'both')


def forget(server):
    """FLUSHALL; until the repair is over the next blow would lose jobs, and may."""
    with server.client() as c, resp.Client(str(server.data_dir / 'redis.sock')) as redis:
        before = c.stats()['store_repairs']
        redis.call('FLUSHALL')
        ringqd.wait_until(lambda: c.stats()['store_repairs'] > before, 'the repair')


def strike(blow, server, load):
    """One kill, and the recovery from it."""
    if blow == 'redis':
        server.kill_redis()
    elif blow == 'forget':
        forget(server)
    else:
        if blow == 'both':
            os.kill(server.redis_pid(), signal.SIGKILL)
        server.kill()
        load.server_died()
        server.start()
    before = load.acknowledged()
    ringqd.wait_until(lambda: load.acknowledged() > before + 100, f'the service to be back after a kill of {blow}')


def round_of_cycles(server, chance, number, cycles, counts):
    load = Load(server, chance.random(), number).start()
    for i in range(cycles):
        before = load.acknowledged()
        ringqd.wait_until(lambda: load.acknowledged() - before >= COMMANDS_PER_CYCLE, 'enough commands')
        time.sleep(chance.uniform(0, 0.3))
        ringqd.wait_until(load.in_flight, 'a command in flight')
        blow = BLOWS[i % len(BLOWS)]
        strike(blow, server, load)
        counts[blow] += 1
    load.drain(ringqd.PATIENCE)
    counts['commands acknowledged'] += load.acknowledged()
    anomalies = Checker(load.ops, load.faults).check(audit=load.audit(), stats=load.totals())
    tell(load, counts)
    return [*anomalies, *(('CLIENT', None, p) for p in load.problems())]


def tell(load, counts):
    delivered = collections.Counter(o.uid for o in load.ops if o.what == 'get' and o.uid is not None)
    counts['puts acknowledged'] += sum(o.what == 'put' and o.outcome == OK for o in load.ops)
    counts['outcomes unknown'] += sum(o.is_open for o in load.ops)
    counts['recovered'] += sum(o.what == 'put' and o.is_open and o.uid in delivered for o in load.ops)
    counts['delivered twice or more'] += sum(n > 1 for n in delivered.values())
    counts['joins answered'] += sum(o.what == 'join' and o.outcome == OK for o in load.ops)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cycles', type=int, default=300 if os.environ.get('RINGQ_NIGHTLY') else 20)
    parser.add_argument('--seed', type=int, default=None)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(4), 'big')
    chance, counts, anomalies = random.Random(seed), collections.Counter(), []
    print(f'seed {seed}', flush=True)

    directory = pathlib.Path(tempfile.mkdtemp(prefix='ringq-crash-'))
    # A small spare: the log is compacted all the time.
    server = ringqd.Server(directory, '--log-spare', '64KiB', durability='fsync').start()
    try:
        for number, done in enumerate(range(0, args.cycles, CYCLES_PER_ROUND)):
            anomalies += round_of_cycles(server, chance, number, min(CYCLES_PER_ROUND, args.cycles - done), counts)
            print(f'{sum(counts[b] for b in set(BLOWS))} cycles, {len(anomalies)} anomalies', flush=True)
            if anomalies:
                break
        counts['compactions'] = server.log_text().count('event=log_compacted')
        status = server.terminate()
        report = ringqd.REPORT.search(server.log_text())
        if status != 0 or report:
            anomalies.append(('SERVER', None, f'exit status {status}; {report.group() if report else ""}'))
    except BaseException:
        print(server.log_tail(), file=sys.stderr)
        raise
    finally:
        if server.is_running():
            server.kill()

    print(', '.join(f'{n} {what}' for what, n in counts.items()))
    kinds = collections.Counter(kind for kind, _, _ in anomalies)
    print(f'{kinds["LOST"] + kinds["STUCK"]} acknowledged jobs lost, {kinds["DOUBLE_DONE"]} finished twice, '
          f'{kinds["EARLY_JOIN"]} early joins, {len(anomalies)} anomalies in all')
    if anomalies:
        for kind, uid, detail in anomalies[:20]:
            print(f'{kind} uid={uid} {detail}')
        print(f'{server.log_tail()}\nagain: cycles_test.py --cycles {args.cycles} --seed {seed}; files: {directory}')
        sys.exit(1)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == '__main__':
    main()
