#!/usr/bin/env python3
"""network_test - a network that is cut, one way or both, slow, lossy, or silent for ever: what
clients and server see of it, and that the service is back when the network is.

The packets are carried by support/wire.py.  RINGQ_NIGHTLY adds what takes minutes.
SPDX-License-Identifier: MIT
"""
import os
import time
import unittest

import resp
import ringqd
import wire
from wire import FAR, NEAR

SOON = 3.0 if ringqd.IS_SANITIZED else 1.0
WHY_NOT = wire.available()
IS_NIGHTLY = bool(os.environ.get('RINGQ_NIGHTLY'))


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Network(ringqd.Test):
    """The server is FAR; clients are NEAR, but for `local`, which the wire does not touch."""

    durability = 'redis'

    def setUp(self):
        self.wire = wire.Wire()
        self.addCleanup(self.wire.close)
        super().setUp()  # last in, first out: the processes end before their wire
        self.addCleanup(self.wire.mend)

    def far(self, *args, **how):
        """A server in the far namespace."""
        server = self.server(*args, **how)
        server.args[1] = f'{wire.ADDRESSES[FAR]}:0'
        with self.wire.inside(FAR):
            return server.start()

    def near(self, server, timeout=ringqd.PATIENCE):
        with self.wire.inside(NEAR):
            client = resp.Client((wire.ADDRESSES[FAR], server.port), timeout)
        self.addCleanup(client.close)
        return client

    def local(self, server):
        client = server.unix_client()
        self.addCleanup(client.close)
        return client

    def soon(self, begin, limit=SOON):
        self.assertLess(time.monotonic() - begin, limit)


class Cut(Network):
    def test_what_was_sent_into_a_short_cut_is_answered_after_it(self):
        server = self.far()
        near, local = self.near(server), self.local(server)
        near.put('q', 'before')
        self.wire.cut()
        near.send('PUT', 'q', 'during')
        time.sleep(0.7)  # TCP tries again after 0.2, 0.6 and 1.4 s
        self.assertEqual(local.stats('q')['ready'], 1)
        self.wire.mend()
        begin = time.monotonic()
        near.read()
        self.soon(begin)
        self.assertEqual(local.stats('q')['ready'], 2)

    def test_a_new_connection_is_served_as_soon_as_a_long_cut_is_over(self):
        server = self.far()
        self.near(server).put('q', 'before')
        self.wire.cut()
        with self.assertRaises(TimeoutError):
            self.near(server, timeout=1.5)
        self.wire.mend()
        begin = time.monotonic()
        self.near(server).put('q', 'after')
        self.soon(begin)

    def test_others_do_not_notice(self):
        server = self.far()
        near, local = self.near(server), self.local(server)
        near.send('GET', 'q')
        ringqd.wait_until(lambda: local.stats()['waiting_getters'] == 1, 'the getter')
        self.wire.cut()
        begin = time.monotonic()
        for i in range(100):
            local.put('other', str(i))
        self.soon(begin)

    def test_an_answer_that_is_lost_leaves_the_job_in_the_queue_once(self):
        """What the server sends is lost: the client cannot know, and asks by its key."""
        server = self.far()
        near, local = self.near(server, timeout=0.5), self.local(server)
        near.call('PING')
        self.wire.cut(FAR)
        near.send('PUT', 'q', 'x', 'UNIQUE', 'order-17')
        ringqd.wait_until(lambda: local.stats('q')['ready'] == 1, 'the job')
        with self.assertRaises(TimeoutError):
            near.read()
        near.abort()
        self.wire.mend()
        self.near(server).call('PUT', 'q', 'x', 'UNIQUE', 'order-17')
        self.assertEqual(local.stats('q')['ready'], 1)

    def test_a_command_that_is_lost_never_happened(self):
        server = self.far()
        near, local = self.near(server, timeout=0.5), self.local(server)
        near.call('PING')
        self.wire.cut(NEAR)
        near.send('PUT', 'q', 'x')
        with self.assertRaises(TimeoutError):
            near.read()
        near.abort()
        self.wire.mend()
        self.assertEqual(local.stats('q')['total_put'], 0)


class Vanished(Network):
    """A peer that is gone without a FIN: the server cannot tell it from a silent one."""

    def test_its_jobs_go_to_others_when_their_time_is_over(self):
        server = self.far()
        near, local = self.near(server), self.local(server)
        job = local.put('q', 'x')
        begin = time.monotonic()
        held = near.get('q', 'TTR', 1000)
        self.wire.cut()
        near.close()
        again = local.get('q', 'BLOCK', 30000)
        waited = time.monotonic() - begin
        self.assertEqual(again['id'], job)
        self.assertGreaterEqual(waited, 0.99)
        self.assertLess(waited, 1 + SOON)
        self.refuses(local, 'STALE', 'DONE', held['lease'])

    def test_what_is_sent_to_it_waits_for_its_deadline_only(self):
        """It waits in GET: the next job goes into the void, and comes back."""
        server = self.far()
        near, local = self.near(server), self.local(server)
        near.send('GET', 'q', 'TTR', 1000)
        ringqd.wait_until(lambda: local.stats()['waiting_getters'] == 1, 'the getter')
        self.wire.cut()
        job = local.put('q', 'x')
        begin = time.monotonic()
        self.assertEqual(local.get('q', 'BLOCK', 30000)['id'], job)
        self.soon(begin, 1 + SOON)

    @unittest.skipUnless(IS_NIGHTLY, 'takes two minutes: RINGQ_NIGHTLY=1')
    def test_its_connection_is_closed_within_two_minutes(self):
        """Idle: by keepalive.  With bytes on their way, which keepalive does not look at: by
        TCP_USER_TIMEOUT."""
        server = self.far()
        idle, owed, local = self.near(server), self.near(server), self.local(server)
        idle.call('PING')
        owed.send('GET', 'q', 'TTR', 1000)
        ringqd.wait_until(lambda: local.stats()['waiting_getters'] == 1, 'the getter')
        self.wire.cut()
        local.put('q', 'x')
        ringqd.wait_until(lambda: local.stats()['connections'] == 1, 'both to be gone', 120)


class Slow(Network):
    def test_a_pipeline_takes_one_round_trip(self):
        server = self.far()
        near = self.near(server)
        near.call('PING')
        self.wire.slow(0.1)
        begin = time.monotonic()
        near.raw(b''.join(resp.encode('PUT', 'q', str(i)) for i in range(100)))
        for _ in range(100):
            near.read()
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)
        self.soon(begin, 0.2 + SOON)

    def test_a_slow_client_costs_nobody_else(self):
        server = self.far()
        near, local = self.near(server), self.local(server)
        self.wire.slow(0.3)
        near.raw(b''.join(resp.encode('PUT', 'q', str(i)) for i in range(1000)))
        begin = time.monotonic()
        local.put('other', 'x')
        self.soon(begin, 0.3)


class Lossy(Network):
    """Nothing is lost, nothing is done twice: TCP sees to it, and nobody spoils it."""

    def through(self, loss, jobs, jitter_s=0.0):
        server = self.far()
        near = self.near(server)
        self.wire.lose(loss)
        if jitter_s:
            self.wire.slow(0.001, jitter_s)
        near.raw(b''.join(resp.encode('PUT', 'q', str(i) * 100) for i in range(jobs)))
        put = [near.read()[0].decode() for _ in range(jobs)]
        got = []
        while len(got) < jobs:
            near.send('GET', 'q', 'COUNT', 32)
            batch = [resp.as_job(j) for j in near.read()]
            near.call('DONE', *(j['lease'] for j in batch))
            got += batch
        self.assertEqual([j['id'] for j in got], put)
        self.assertEqual([j['body'] for j in got], [str(i).encode() * 100 for i in range(jobs)])
        self.assertGreater(sum(w.lost for w in self.wire.ways) + bool(jitter_s), 0)
        self.wire.mend()
        local = self.local(server)
        self.assertEqual(local.stats('q')['total_done'], jobs)

    def test_one_percent_of_the_packets_are_lost(self):
        self.through(0.01, 3000)

    def test_a_tenth_of_the_packets_is_lost(self):
        self.through(0.1, 300)

    @unittest.skipUnless(IS_NIGHTLY, 'takes a minute: RINGQ_NIGHTLY=1')
    def test_a_third_of_the_packets_is_lost(self):
        self.through(0.3, 500)

    def test_packets_overtake_each_other(self):
        self.through(0.0, 1000, jitter_s=0.01)


class Library(Network):
    """What libringq makes of it, through the CLI."""

    def spawn(self, server, *args):
        process = ringqd.Process(self.directory / 'ringq.log', {'RINGQ_URL': f'ringq://{wire.ADDRESSES[FAR]}:{server.port}'})
        self._processes.append(process)
        with self.wire.inside(NEAR):
            process.spawn([ringqd.RINGQ, *args])
        return process

    def test_a_put_during_a_cut_is_stored_when_the_cut_is_over(self):
        server = self.far()
        local = self.local(server)
        self.wire.cut()
        put = self.spawn(server, 'put', 'q', 'x')
        time.sleep(0.7)
        self.assertTrue(put.is_running(), put.log_text())
        self.wire.mend()
        begin = time.monotonic()
        ringqd.wait_until(lambda: local.stats('q')['ready'] == 1, 'the job')
        self.soon(begin)
        self.assertEqual(put.wait(), 0)

    def test_a_worker_goes_on_when_the_cut_is_over(self):
        server = self.far()
        local = self.local(server)
        self.spawn(server, 'work', 'q', '--', 'true')
        ringqd.wait_until(lambda: local.stats()['waiting_getters'] == 1, 'the worker')
        self.wire.cut()
        local.put('q', 'x')
        time.sleep(0.7)
        self.assertEqual(local.stats('q')['leased'], 1)
        self.wire.mend()
        begin = time.monotonic()
        ringqd.wait_until(lambda: local.stats('q')['total_done'] == 1, 'the job to be done')
        self.soon(begin)

    def test_a_worker_finds_a_server_that_was_restarted_during_the_cut(self):
        server = self.far()
        local = self.local(server)
        self.spawn(server, 'work', 'q', '--reconnect', '30s', '--', 'true')
        ringqd.wait_until(lambda: local.stats()['waiting_getters'] == 1, 'the worker')
        port = server.port
        self.wire.cut()
        server.kill()
        server.args[1] = f'{wire.ADDRESSES[FAR]}:{port}'
        with self.wire.inside(FAR):
            server.start()
        local = self.local(server)
        local.put('q', 'x')
        time.sleep(0.3)
        self.wire.mend()
        # Its old connection is silent and owes nothing: the worker learns from a keepalive that
        # the server has forgotten it.
        ringqd.wait_until(lambda: local.stats('q')['total_done'] == 1, 'the job to be done')


class RedisBehindTheWire(Network):
    """Redis is NEAR, ringqd FAR: it connects through the wire."""

    durability = 'redis'

    def both(self, *args):
        redis = ringqd.Redis(self.directory, appendonly='no')
        self._processes.append(redis)
        redis.port = ringqd.free_port()
        redis.settings['bind'] = wire.ADDRESSES[NEAR]
        redis.settings['protected-mode'] = 'no'
        with self.wire.inside(NEAR):
            redis.start()
        server = self.far(*args, redis=f'redis://{wire.ADDRESSES[NEAR]}:{redis.port}')
        return server, self.local(server)

    def put(self, c):
        try:
            return c.put('q', 'x') and 'OK'
        except resp.Error as e:
            return e.code

    def until_ok(self, c):
        ringqd.wait_until(lambda: self.put(c) == 'OK', 'PUT to be answered')

    def through_a_cut(self, server, c, sender, patience, after):
        """Puts through a cut: UNKNOWN first, then STORE; and what is there goes on.  The cut
        ends `after` s after the link was given up, which takes `patience` s."""
        job = c.put('work', 'x')
        server.until_idle(c)
        self.wire.cut(sender)
        begin = time.monotonic()
        self.assertEqual(self.put(c), 'UNKNOWN')
        self.soon(begin, 0.3 + SOON)
        ringqd.wait_until(lambda: c.stats()['store'] == b'connecting', 'the link to be given up', 1.25 * patience + SOON)
        begin = given_up = time.monotonic()
        self.assertEqual(self.put(c), 'STORE')
        self.soon(begin, 0.3 + SOON)
        self.assertEqual(c.get('work')['id'], job)
        time.sleep(max(0.0, given_up + after - time.monotonic()))
        self.wire.mend()
        begin = time.monotonic()
        self.until_ok(c)
        self.soon(begin)

    def test_a_cut_both_ways(self):
        server, c = self.both('--redis-timeout', '500ms', '--store-wait', '300ms')
        self.through_a_cut(server, c, None, 0.5, 1)

    def test_a_cut_of_what_redis_sends(self):
        server, c = self.both('--redis-timeout', '500ms', '--store-wait', '300ms')
        self.through_a_cut(server, c, NEAR, 0.5, 1)

    def test_a_cut_of_what_ringqd_sends(self):
        server, c = self.both('--redis-timeout', '500ms', '--store-wait', '300ms')
        self.through_a_cut(server, c, FAR, 0.5, 1)

    def test_after_a_long_cut_it_is_back_at_once_also_with_long_patience(self):
        """While Redis is away each try to connect is short, whatever a silent Redis is given."""
        server, c = self.both('--redis-timeout', '4s', '--store-wait', '300ms')
        # Of one try a SYN would be sent at once, after 1 s and after 3 s.
        self.through_a_cut(server, c, None, 4, 1.4)

    def test_a_slow_redis_is_waited_for(self):
        _, c = self.both()
        self.wire.slow(0.2)
        begin = time.monotonic()
        c.put('q', 'x')
        self.assertGreaterEqual(time.monotonic() - begin, 0.4)
        begin = time.monotonic()
        c.pipeline(('PUT', 'q', str(i)) for i in range(200))
        self.soon(begin, 1.2 + SOON)  # one commit on its way, one that fills: two round trips


if __name__ == '__main__':
    if WHY_NOT:
        print(f'SKIPPED: {WHY_NOT}')
    ringqd.main()
