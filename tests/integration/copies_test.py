#!/usr/bin/env python3
"""copies_test - --replicas: a commit waits for its copies, and a reply names how many there are.

SPDX-License-Identifier: MIT
"""
import signal
import time

import resp
import ringqd

PATIENT = ('--replica-wait', '10s', '--store-wait', '60s')


class Copies(ringqd.Test):
    durability = 'fsync'

    def setUp(self):
        super().setUp()
        self.master = self.redis(tcp=True, **{'repl-diskless-sync-delay': '0'})

    def replica(self, name='replica'):
        """A Redis that has all that the master has."""
        directory = self.directory / name
        directory.mkdir()
        replica = ringqd.Redis(directory, tcp=True, appendonly='no')
        self._processes.append(replica)
        replica.start()
        self.follow(replica)
        return replica

    def follow(self, replica):
        with replica.client() as r, self.master.client() as m:
            r.call('REPLICAOF', '127.0.0.1', self.master.port)
            ringqd.wait_until(lambda: b'master_link_status:up' in r.call('INFO', 'replication'), 'the replica')
            ringqd.wait_until(lambda: m.call('WAIT', 1, 10) >= 1, 'the first copy')

    def copying(self, *args, **how):
        return self.start('--replicas', '1', *args, redis=self.master.url, **how)

    def reached(self, client, *options):
        return client.call('PUT', 'q', 'x', *options)[2].decode()

    def test_a_reply_names_the_copy(self):
        self.replica()
        server = self.copying(*PATIENT)
        with server.client() as c:
            self.assertEqual(self.reached(c), 'replica:1')
            self.assertEqual(self.reached(c, 'DURABLE', 'replica:1'), 'replica:1')
            self.assertEqual(self.reached(c, 'DURABLE', 'fsync'), 'replica:1')
            self.assertEqual(self.reached(c, 'DURABLE', 'memory'), 'memory')
            self.assertEqual(c.stats()['durability'], b'replica:1')
            self.assertEqual(resp.pairs(c.call('HELLO'))['durability'], b'replica:1')
            self.assertIn(b'durability:replica:1\r\n', c.call('INFO'))
        self.assertNotIn('durability_lower', server.log_text())

    def test_the_replica_has_what_was_answered(self):
        replica = self.replica()
        server = self.copying(*PATIENT)
        with server.client() as c, replica.client() as r:
            before = r.call('XLEN', 'ringq:{p000}:log')
            for n in range(1, 20):
                self.assertEqual(self.reached(c), 'replica:1')
                self.assertGreaterEqual(r.call('XLEN', 'ringq:{p000}:log'), before + n)

    def test_a_replica_that_stands_still_lowers_the_level_until_it_goes_on(self):
        replica = self.replica()
        server = self.copying()
        with server.client() as c:
            ringqd.wait_until(lambda: self.reached(c) == 'replica:1', 'the first copy')
            replica.signal(signal.SIGSTOP)
            try:
                start = time.monotonic()
                self.assertEqual(self.reached(c), 'fsync')
                self.assertGreaterEqual(time.monotonic() - start, 0.09)
                self.assertEqual(self.reached(c, 'DURABLE', 'replica:1'), 'fsync')
                self.assertEqual(c.stats()['durability'], b'fsync')
            finally:
                replica.signal(signal.SIGCONT)
            ringqd.wait_until(lambda: self.reached(c) == 'replica:1', 'the level to come back')
            log = server.log_text()
            self.assertIn('event=durability_lower wanted=replica:1 holds=fsync', log)
            self.assertIn('event=durability_restored holds=replica:1', log)

    def test_a_replica_that_dies_and_returns_loses_nothing(self):
        replica = self.replica()
        server = self.copying('--replica-wait', '20ms')
        with server.client() as c:
            ids = [c.put('q', n) for n in range(10)]
            replica.kill()
            ids += [c.put('q', n) for n in range(10)]
            self.assertEqual(c.call('PUT', 'other', 'x')[2], b'fsync')
            replica.start()
            self.follow(replica)
            ringqd.wait_until(lambda: self.reached(c, 'DELAY', 3600000) == 'replica:1', 'the level to come back')
            self.assertEqual([c.get('q')['id'] for _ in ids], ids)

    def test_without_any_replica_it_serves_at_the_lower_level_and_says_so(self):
        server = self.copying('--replica-wait', '1ms')
        with server.client() as c:
            self.assertEqual([self.reached(c) for _ in range(5)], ['fsync'] * 5)
            self.assertEqual(c.stats()['durability'], b'fsync')
        ringqd.wait_until(lambda: 'event=durability_lower wanted=replica:1 holds=fsync' in server.log_text(), 'the warning')
        self.assertEqual(server.log_text().count('durability_lower'), 1)

    def test_one_of_two_copies_is_named_as_one(self):
        self.replica()
        server = self.start('--replicas', '2', '--replica-wait', '500ms', redis=self.master.url)
        with server.client() as c:
            ringqd.wait_until(lambda: self.reached(c) == 'replica:1', 'the first copy')
            self.assertEqual(self.reached(c, 'DURABLE', 'replica:2'), 'replica:1')
            self.replica('second')
            ringqd.wait_until(lambda: self.reached(c) == 'replica:2', 'the second copy')

    def test_more_copies_than_the_server_waits_for_are_refused_and_nothing_is_stored(self):
        server = self.copying('--replica-wait', '1ms')
        with server.client() as c:
            text = self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'replica:2')
            self.assertIn('ringqd waits for 1 copies; ask for no more, or start it with more --replicas', text)
            self.refuses(c, 'BADARG', 'MPUT', 'q', 'DURABLE', 'replica:2', 'BODIES', 2, 'x', 'y')
            self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'replica:17')
            self.assertEqual(c.stats()['jobs'], 0)
            self.reached(c, 'DURABLE', 'replica:1')
            self.assertEqual(c.stats('q')['total_put'], 1)

    def test_at_level_memory_there_are_no_copies_to_ask_for(self):
        server = self.copying(durability='memory')
        with server.client() as c:
            self.assertEqual(self.reached(c), 'memory')
            self.assertIn('waits for 0 copies', self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'replica:1'))

    def test_kill_9_while_a_commit_waits_for_its_copy_loses_nothing(self):
        replica = self.replica()
        server = self.copying(*PATIENT)
        with server.client() as c, self.master.client() as m:
            ids = [c.put('q', n) for n in range(10)]
            replica.signal(signal.SIGSTOP)
            length = m.call('XLEN', 'ringq:{p000}:log')
            c.send('PUT', 'q', 'landed')
            ringqd.wait_until(lambda: m.call('XLEN', 'ringq:{p000}:log') > length, 'the commit to land')
            server.kill()
            replica.signal(signal.SIGCONT)
        server.start()
        with server.client() as c:
            jobs = [c.get('q') for _ in range(11)]
            self.assertEqual([j['id'] for j in jobs[:10]], ids)
            self.assertEqual(jobs[10]['body'], b'landed')
            self.assertIsNone(c.call('GET', 'q', 'BLOCK', 0))

    def test_a_full_redis_refuses_puts_and_takes_the_rest_with_their_copies(self):
        self.replica()
        server = self.copying(*PATIENT)
        with server.client() as c, self.master.client() as m:
            c.put('q', 'x')
            lease = c.get('q')['lease']
            m.call('CONFIG', 'SET', 'maxmemory', 1)
            self.refuses(c, 'STORE', 'PUT', 'q', 'y')
            self.assertEqual(c.done(lease), 1)
            m.call('CONFIG', 'SET', 'maxmemory', 0)
            ringqd.wait_until(lambda: self.stored(c), 'a PUT that is taken')
            self.assertEqual(c.stats('q')['total_done'], 1)

    def stored(self, client):
        try:
            return self.reached(client) == 'replica:1'
        except resp.Error as e:
            self.assertEqual(e.code, 'STORE')
            return False


class Options(ringqd.Test):
    def complaint(self, *args):
        """What ringqd says before it ends with 2."""
        server = self.server(*args)
        server.launch()
        self.assertEqual(server.wait(), 2)
        return server.log_text()

    def test_replicas_want_a_redis_that_can_have_some(self):
        self.assertIn('--replicas wants --redis', self.complaint('--replicas', '1'))

    def test_a_commit_waits_for_its_copies_a_quarter_as_long_as_clients_for_it_at_most(self):
        redis = self.redis()
        args = ('--replicas', '1', '--redis', redis.url, '--store-wait', '1s', '--replica-wait')
        self.assertIn('--replica-wait may be a quarter of --store-wait at most', self.complaint(*args, '251ms'))
        with self.start(*args, '250ms').client() as c:
            self.assertEqual(c.call('PUT', 'q', 'x')[2], b'redis')

    def test_16_replicas_may_be_asked_for_and_17_not(self):
        redis = self.redis()
        server = self.start('--replicas', '16', '--replica-wait', '1ms', redis=redis.url)
        with server.client() as c:
            self.assertEqual(c.call('PUT', 'q', 'x', 'DURABLE', 'replica:16')[2], b'redis')
            self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'replica:17')
        self.assertEqual(server.terminate(), 0)
        self.assertIn("bad value '17'", self.complaint('--replicas', '17', '--redis', redis.url))


if __name__ == '__main__':
    ringqd.main()
