"""contests - all that is measured: who, against whom, at what.

SPDX-License-Identifier: MIT
"""
from contest import AtHalf, BodyLimit, Contest, Deep, Recovery, Side, Syscalls
from systems import Beanstalkd, Echo, Nats, Redis, Ringq

CYCLE_32 = ('--depth', 32)
BATCHES = ('--batch', 32, '--depth', 2)
PUT, WAKE = ('--mode', 'put'), ('--mode', 'wake')
BODY = 16384


def put_p50(line):
    return line['put_us']['p50']


def put_p99_ms(line):
    return line['put_us']['p99'] / 1000


def woken_p50(line):
    return line['woken_us']['p50']


def first_job_s(line):
    return line['first_job_s']


def our_syscalls(line):
    return next(iter(line['syscalls_per_job'].values()))


def lists(appendfsync, **how):
    return Redis('redis-lists', appendfsync, **how)


def streams(appendfsync):
    return Redis('redis-streams', appendfsync)


def full_load():
    return [
        Contest('cycle-fsync', 'put, get, done; 64 connections, depth 32, on disk before the reply',
                Side(Ringq('fsync'), *CYCLE_32), Side(lists('always'), *CYCLE_32), Side(streams('always'), *CYCLE_32),
                Side(Beanstalkd(fsync=True), *CYCLE_32), Side(Nats(), *CYCLE_32)),
        Contest('cycle-everysec', 'the same, disk once a second',
                Side(Ringq('everysec'), *CYCLE_32), Side(lists('everysec'), *CYCLE_32),
                Side(streams('everysec'), *CYCLE_32), Side(Beanstalkd(fsync=False), *CYCLE_32), Side(Nats(), *CYCLE_32)),
        Contest('batch-fsync', 'batches of 32, depth 2, on disk before the reply',
                Side(Ringq('fsync'), *BATCHES), Side(streams('always'), *BATCHES), Side(lists('always'), *BATCHES)),
        Contest('batch-everysec', 'batches of 32, depth 2, disk once a second',
                Side(Ringq('everysec'), *BATCHES), Side(streams('everysec'), *BATCHES)),
        Contest('put-fsync', 'puts; depth 32, on disk before the reply',
                Side(Ringq('fsync'), *PUT, '--depth', 32), Side(lists('always'), *PUT, '--depth', 32)),
        Contest('producers-consumers', '32 producers and 32 consumers on connections of their own, depth 8; on disk '
                'before the reply',
                *(Side(system, '--producers', 32, '--consumers', 32, '--depth', 8)
                  for system in (Ringq('fsync'), lists('always'), streams('always')))),
        Contest('syscalls', 'system calls a cycle of the server; 64 connections, depth 32',
                Syscalls(Ringq('fsync'), *CYCLE_32), Syscalls(Ringq('everysec'), *CYCLE_32),
                Syscalls(lists('always'), *CYCLE_32), Syscalls(streams('always'), *CYCLE_32),
                figure=our_syscalls, unit='calls', digits=3, costs=True),
    ]


def one_at_a_time():
    """A cycle after the other on each connection."""
    for level, theirs, where in (('everysec', 'everysec', 'disk once a second'),
                                 ('fsync', 'always', 'on disk before the reply')):
        yield Contest(f'cycle-{level}-1', f'put, get, done; 64 connections, depth 1, {where}',
                      Side(Ringq(level)), Side(lists(theirs)), Side(Beanstalkd(fsync=level == 'fsync')), Side(Nats()))
        yield Contest(f'unix-{level}-1', 'the same through a unix socket',
                      Side(Ringq(level, unix=True)), Side(lists(theirs, unix=True)))
        yield Contest(f'fused-{level}-1', f'DONE and the next GET in one write; depth 1, {where}',
                      Side(Ringq(level), '--fused'), Side(lists(theirs), '--fused'))
        yield Contest(f'fused-unix-{level}-1', 'the same through a unix socket',
                      Side(Ringq(level, unix=True), '--fused'), Side(lists(theirs, unix=True), '--fused'))


def times():
    return [
        Contest('put-half', 'p99 of a put at half of the highest rate, open loop; on disk before the reply',
                AtHalf(Ringq('fsync')), AtHalf(lists('always')), figure=put_p99_ms, unit='ms p99', digits=2, costs=True),
        Contest('put-everysec-1', 'puts against a plain echo; 64 connections, depth 1',
                Side(Ringq('everysec'), *PUT), Side(Echo(), *PUT)),
        Contest('round-trip', 'a put against an echo; one connection',
                Side(Ringq('everysec'), *PUT, '--conns', 1), Side(Echo(), *PUT, '--conns', 1),
                figure=put_p50, unit='us p50', costs=True),
        Contest('wake-everysec', 'a put reaches a consumer that waits; disk once a second',
                Side(Ringq('everysec'), *WAKE), Side(lists('everysec'), *WAKE), figure=woken_p50, unit='us p50', costs=True),
        Contest('wake-fsync', 'a put reaches a consumer that waits; on disk before the reply',
                Side(Ringq('fsync'), *WAKE), Side(lists('always'), *WAKE), figure=woken_p50, unit='us p50', costs=True),
    ]


def sizes(deep):
    ours = Ringq('everysec')
    return [
        Contest('size', 'cycles on an empty server, with many queues, with idle connections, with a deep queue; depth 32',
                Side(ours, *CYCLE_32, label='ringq empty'),
                Side(ours, *CYCLE_32, '--queues', 100000, label='ringq 100,000 queues'),
                Side(ours, *CYCLE_32, '--idle', 10000, label='ringq 10,000 idle'),
                Deep(ours, deep, *CYCLE_32, label=f'ringq {deep:,} deep')),
        Contest('recovery', f'{deep:,} jobs of 100 B: the first job after kill -9 of server and Redis',
                Recovery(Ringq('everysec'), deep), Recovery(lists('everysec'), deep),
                Recovery(Beanstalkd(fsync=False), deep), figure=first_job_s, unit='s', digits=3, costs=True),
        Contest('body-16k', 'puts of 16 KiB, depth 4, on disk before the reply',
                Side(Ringq('fsync'), *PUT, '--body', BODY, '--depth', 4),
                Side(lists('always'), *PUT, '--body', BODY, '--depth', 4), BodyLimit(BODY)),
    ]


def all_contests(deep):
    """`deep`: jobs that wait in the contests of size."""
    return [*full_load(), *one_at_a_time(), *times(), *sizes(deep)]
