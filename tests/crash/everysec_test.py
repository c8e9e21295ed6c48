#!/usr/bin/env python3
"""everysec_test - kill -9 under load at durability `everysec`, which may lose about the last two
seconds.  Of Redis alone: nothing may be lost, as ringqd still has all of it and writes it
again.  Of Redis and ringqd at once: the loss is measured, and must lie within the two seconds.

A killed process leaves what it had written to the kernel, so this measures what Redis had not
written yet; a power cut would also take what was not on the disk.

    everysec_test.py [--kills N] [--both N] [--seed S]

RINGQ_NIGHTLY asks for 50 of each.
SPDX-License-Identifier: MIT
"""
import time

import campaign
import ringqd
from load import Load

COMMANDS_PER_KILL = 1000
PER_ROUND = 10
MAY_BE_LOST_NS = 2_000_000_000
# What follows from forgetting the newest: jobs and ends are gone, so ended jobs live again.
FORGOTTEN = {'LOST', 'STUCK', 'RESURRECTED', 'DOUBLE_DONE', 'EARLY_JOIN', 'COUNT_MISMATCH'}


def strike(run, server, redis, load, name):
    before = load.acknowledged()
    ringqd.wait_until(lambda: load.acknowledged() - before >= COMMANDS_PER_KILL, 'enough commands')
    time.sleep(run.chance.uniform(0, 1))  # any moment between two fsyncs
    ringqd.wait_until(load.in_flight, 'a command in flight')
    redis.kill()
    when = time.monotonic_ns()  # it can have answered until now
    if name == 'both':
        server.kill()
        load.server_died()
    redis.start()
    if name == 'both':
        server.start()
    before = load.acknowledged()
    ringqd.wait_until(lambda: load.acknowledged() > before + 100, f'the service to be back after a kill of {name}')
    run.counts[f'kills of {name}'] += 1
    return when


def measure(run, load, lost, kills):
    """How much is gone, and how old it was."""
    puts = {op.uid: op for op in load.ops if op.what == 'put'}
    for kind, uid, _ in lost:
        if kind not in ('LOST', 'STUCK'):
            continue
        age = min((k - puts[uid].end for k in kills if k >= puts[uid].end), default=1 << 62)
        run.counts['acknowledged jobs lost by a kill of both'] += 1
        run.counts['oldest of them, ms'] = max(run.counts['oldest of them, ms'], age // 1_000_000)
        if age > MAY_BE_LOST_NS:
            run.anomalies.append((kind, uid, f'was {age // 1_000_000} ms old'))


def rounds(run, name, count):
    redis = run.redis(appendfsync='everysec')
    server = run.server('--log-spare', '64KiB', durability='everysec', redis=redis.url, name=name).start()
    for done in range(0, count, PER_ROUND):
        load = Load(server, run.chance.random(), f'{name}-{done}').start()
        kills = [strike(run, server, redis, load, name) for _ in range(min(PER_ROUND, count - done))]
        load.drain(ringqd.PATIENCE)
        legal = FORGOTTEN if name == 'both' else ()
        measure(run, load, run.check(load.ops, load.faults, load.audit(), load.totals(), legal), kills)
        run.anomalies += [('CLIENT', None, p) for p in load.problems()]
        print(f'{name}: {done + len(kills)} kills, {len(run.anomalies)} anomalies', flush=True)
    run.end(server)
    redis.kill()


def main():
    args = campaign.arguments(kills=(2, 50), both=(2, 50))
    with campaign.Campaign(args.seed) as run:
        rounds(run, 'redis', args.kills)
        rounds(run, 'both', args.both)
    run.verdict(f'everysec_test.py --kills {args.kills} --both {args.both}')


if __name__ == '__main__':
    main()
