#!/usr/bin/env python3
"""cycles_test - kill -9 at random moments under load, at durability `fsync`: of the server,
of its Redis, of both at once; and a Redis that forgets everything, which the server repairs.
The history of all clients must break no promise.

    cycles_test.py [--cycles N] [--kills N] [--seed S]

`cycles` are with the private Redis, which may die once in a server's life.  `kills` are with
a Redis of the test's own: three of the server to two of Redis.  A cycle counts only if at
least 1,000 commands were acknowledged since the one before, and one was in flight when the
blow fell.  RINGQ_NIGHTLY asks for 100 cycles and 500 kills.
SPDX-License-Identifier: MIT
"""
import os
import signal
import time

import campaign
import resp
import ringqd
from load import Load

COMMANDS_PER_CYCLE = 1000
CYCLES_PER_ROUND = 20  # then the queues are drained and the history is checked
BLOWS = ('server', 'redis', 'forget', 'server', 'both')
KILLS = ('server', 'own redis', 'server', 'own redis', 'server')


def forget(server):
    """FLUSHALL; until the repair is over the next blow would lose jobs, and may."""
    with server.client() as c, resp.Client(str(server.data_dir / 'redis.sock')) as redis:
        before = c.stats()['store_repairs']
        redis.call('FLUSHALL')
        ringqd.wait_until(lambda: c.stats()['store_repairs'] > before, 'the repair')


def strike(blow, server, redis, load):
    """One kill, and the recovery from it."""
    if blow == 'redis':
        server.kill_redis()
    elif blow == 'own redis':
        redis.kill()
        redis.start()
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


def round_of_cycles(run, server, redis, number, blows):
    load = Load(server, run.chance.random(), number).start()
    for blow in blows:
        before = load.acknowledged()
        ringqd.wait_until(lambda: load.acknowledged() - before >= COMMANDS_PER_CYCLE, 'enough commands')
        time.sleep(run.chance.uniform(0, 0.3))
        ringqd.wait_until(load.in_flight, 'a command in flight')
        strike(blow, server, redis, load)
        run.counts[f'kills of {blow}' if blow != 'forget' else 'FLUSHALL'] += 1
    load.drain(ringqd.PATIENCE)
    run.check(load.ops, load.faults, load.audit(), load.totals())
    run.anomalies += [('CLIENT', None, p) for p in load.problems()]


def cycles(run, name, blows, count, redis=None):
    # A small spare: the log is compacted all the time.
    server = run.server('--log-spare', '64KiB', durability='fsync', redis=redis and redis.url, name=name)
    server.start()
    for done in range(0, count, CYCLES_PER_ROUND):
        part = [blows[i % len(blows)] for i in range(min(CYCLES_PER_ROUND, count - done))]
        round_of_cycles(run, server, redis, f'{name}-{done}', part)
        print(f'{name}: {done + len(part)} cycles, {len(run.anomalies)} anomalies', flush=True)
        if run.anomalies:
            break
    run.end(server)


def main():
    args = campaign.arguments(cycles=(10, 100), kills=(10, 500))
    with campaign.Campaign(args.seed) as run:
        cycles(run, 'private', BLOWS, args.cycles)
        cycles(run, 'existing', KILLS, args.kills, run.redis())
    run.verdict(f'cycles_test.py --cycles {args.cycles} --kills {args.kills}')


if __name__ == '__main__':
    main()
