#!/usr/bin/env python3
"""durability_test - what an answered PUT survives, and what a restart does to leases and
times.

SPDX-License-Identifier: MIT
"""
import os
import signal
import threading
import time

import resp
import ringqd


def put_many(client, queue, n):
    """The ids of n acknowledged jobs."""
    return [r[0].decode() for r in client.pipeline(('PUT', queue, i) for i in range(n))]


def take_all(client, queue):
    """Every job in the queue, finished: {id: body}."""
    found = {}
    while True:
        jobs = client.call('GET', queue, 'COUNT', 1000, 'BLOCK', 0)
        if jobs is None:
            return found
        jobs = [resp.as_job(j) for j in jobs]
        found.update({j['id']: j['body'] for j in jobs})
        client.done(*(j['lease'] for j in jobs))


class Kills(ringqd.Test):
    durability = 'fsync'

    def test_jobs_survive_kill_9_of_the_server(self):
        server = self.start()
        with server.client() as c:
            ids = put_many(c, 'q', 1000)
        server.restart()
        with server.client() as c:
            self.assertEqual(take_all(c, 'q'), {job: str(i).encode() for i, job in enumerate(ids)})

    def test_jobs_survive_kill_9_of_redis_and_the_server_goes_on(self):
        server = self.start()
        with server.client() as c:
            ids = put_many(c, 'q', 500)
            old = server.kill_redis()
            ids += self.put_until_it_works(c)
            self.assertNotEqual(server.redis_pid(), old)
            self.assertEqual(set(take_all(c, 'q')), set(ids))

    def put_until_it_works(self, c):
        """What is answered with STORE is not stored; the next attempt may be."""
        def attempt():
            try:
                return [c.put('q', 'after')]
            except resp.Error as e:
                self.assertEqual(e.code, 'STORE')
                return None
        return ringqd.wait_until(attempt, 'a PUT after the death of Redis')

    def test_jobs_survive_kill_9_of_both(self):
        server = self.start()
        with server.client() as c:
            ids = put_many(c, 'q', 1000)
        os.kill(server.redis_pid(), signal.SIGKILL)
        server.restart()
        with server.client() as c:
            self.assertEqual(set(take_all(c, 'q')), set(ids))

    def test_finished_jobs_stay_finished(self):
        server = self.start()
        with server.client() as c:
            put_many(c, 'q', 100)
            leases = [resp.as_job(j)['lease'] for j in c.call('GET', 'q', 'COUNT', 60)]
            c.done(*leases)
        server.restart()
        with server.client() as c:
            self.assertEqual(len(take_all(c, 'q')), 40)
            self.assertEqual(c.stats('q')['total_done'], 100)
            self.assertEqual(c.stats('q')['total_put'], 100)

    def test_every_state_is_found_again(self):
        server = self.start()
        with server.client() as c:
            ready, delayed, dead, failed = (c.put('q', n, 'TRIES', 9, 'PRI', i)
                                            for i, n in enumerate(('ready', 'delayed', 'dead', 'failed')))
            jobs = {j['id']: j['lease'] for j in (c.get('q') for _ in range(4))}
            c.call('RELEASE', jobs[ready])
            c.call('RELEASE', jobs[delayed], 'DELAY', 60000)
            c.call('FAIL', jobs[dead], 'ERROR', 'poison', 'DEAD')
            c.call('FAIL', jobs[failed], 'ERROR', 'once', 'DELAY', 60000)
            before = {j: c.show(j, 'BODY') for j in (ready, delayed, dead, failed)}
        server.restart()
        with server.client() as c:
            for job, shown in before.items():
                self.assertEqual(c.show(job, 'BODY'), shown)

    def test_delayed_jobs_keep_their_time(self):
        server = self.start()
        with server.client() as c:
            start = time.monotonic()
            c.put('q', 'soon', 'DELAY', 1500)
            c.put('q', 'late', 'DELAY', 3600000)
        server.restart()
        with server.client() as c:
            self.assertEqual(c.get('q', 'BLOCK', 30000)['body'], b'soon')
            self.assertGreaterEqual(time.monotonic() - start, 1.49)
            self.assertEqual(c.stats('q')['delayed'], 1)

    def test_leases_of_before_are_stale_for_ever(self):
        server = self.start()
        with server.client() as c:
            job = c.put('q', 'x')
            old = c.get('q')
            server.restart()
        with server.client() as c:
            self.refuses(c, 'STALE', 'DONE', old['lease'])
            new = c.get('q')
            self.assertEqual(new['id'], job)
            self.assertNotEqual(new['lease'], old['lease'])
            for command in ('DONE', 'FAIL', 'RELEASE', 'TOUCH'):
                self.refuses(c, 'STALE', command, old['lease'])
            self.assertEqual(c.done(new['lease']), 1)
            self.refuses(c, 'NOJOB', 'DONE', old['lease'])

    def test_a_lease_survives_the_death_of_redis(self):
        """Only the server's death ends leases: it is the server that remembers them."""
        server = self.start()
        with server.client() as c:
            c.put('q', 'x')
            lease = c.get('q')['lease']
            server.kill_redis()
            self.assertEqual(c.done(lease), 1)
            c.call('JOIN', 'q')

    def test_ids_of_a_new_life_are_new(self):
        server = self.start()
        seen = set()
        for _ in range(3):
            with server.client() as c:
                ids = put_many(c, 'q', 10)
            self.assertFalse(seen & set(ids))
            seen |= set(ids)
            server.restart()

    def test_a_clean_stop_keeps_everything_too(self):
        server = self.start()
        with server.client() as c:
            ids = put_many(c, 'q', 100)
        self.assertEqual(server.terminate(), 0)
        server.start()
        with server.client() as c:
            self.assertEqual(set(take_all(c, 'q')), set(ids))

    def test_many_restarts_do_not_let_the_log_grow(self):
        server = self.start()
        for _ in range(4):
            with server.client() as c:
                put_many(c, 'q', 500)
                take_all(c, 'q')
                put_many(c, 'q', 1)
                take_all(c, 'q')
            server.restart()
        with server.client() as c:
            self.assertLess(c.stats()['log_entries'], 50)

    def test_a_priority_and_its_order_survive(self):
        server = self.start()
        with server.client() as c:
            for pri in (200, 100, 150):
                c.put('q', pri, 'PRI', pri)
        server.restart()
        with server.client() as c:
            self.assertEqual([c.get('q')['body'] for _ in range(3)], [b'100', b'150', b'200'])


class Levels(ringqd.Test):
    def test_every_level_is_named_in_the_reply(self):
        for level in ('memory', 'redis', 'everysec', 'fsync'):
            with self.subTest(level):
                server = self.start(durability=level, name=level)
                with server.client() as c:
                    self.assertEqual(c.call('PUT', 'q', 'x')[2].decode(), level)
                    self.assertEqual(c.stats()['durability'].decode(), level)

    def test_a_put_asks_for_what_the_log_holds_or_less_at_every_level(self):
        levels = ('memory', 'redis', 'everysec', 'fsync')
        for held, level in enumerate(levels):
            server = self.start(durability=level, name=level)
            with server.client() as c:
                for asked, word in enumerate(levels):
                    with self.subTest(server=level, put=word):
                        if asked > held:
                            text = self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', word)
                            self.assertIn(f'the log holds {level} now', text)
                            self.refuses(c, 'BADARG', 'MPUT', 'q', 'DURABLE', word, 'BODIES', 1, 'x')
                        else:
                            reached = c.call('PUT', 'q', 'x', 'DURABLE', word)[2].decode()
                            self.assertEqual(reached, 'memory' if word == 'memory' else level)
                self.assertEqual(c.stats('q')['total_put'], held + 1)

    def test_copies_are_refused_with_a_reason(self):
        server = self.start()
        with server.client() as c:
            self.assertIn('ringqd waits for 0 copies', self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'DURABLE', 'replica:1'))

    def test_memory_does_not_wait_for_redis_and_the_log_has_the_job_later(self):
        server = self.start('--store-wait', '30s', durability='fsync')
        with server.client() as c, server.client() as other:
            c.put('warm', 'x')
            pid = server.redis_pid()
            os.kill(pid, signal.SIGSTOP)
            try:
                reply = c.call('PUT', 'q', 'x', 'DURABLE', 'memory')
                self.assertEqual(reply[1:], [b'queued', b'memory'])
                self.assertEqual(len(c.call('MPUT', 'q', 'DURABLE', 'memory', 'BODIES', 2, 'y', 'z')), 2)
                other.send('PUT', 'q', 'waits')
                self.assertEqual(c.get('q')['body'], b'x')
            finally:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(other.read()[2], b'fsync')  # all before it is in the log, too
        server.restart()
        with server.client() as c:
            self.assertEqual({c.get('q')['body'] for _ in range(4)}, {b'x', b'y', b'z', b'waits'})

    def test_a_put_that_waited_for_room_is_looked_at_again(self):
        redis = self.redis()
        server = self.start(durability='fsync', redis=redis.url)
        with server.client() as c, server.client() as other, redis.client() as r:
            c.call('QUEUE', 'SET', 'q', 'MAXSIZE', 1)
            c.put('q', 'x')
            other.send('PUT', 'q', 'y', 'DURABLE', 'fsync')
            ringqd.wait_until(lambda: c.stats('q')['waiting_putters'] == 1, 'the putter')
            r.call('CONFIG', 'SET', 'appendfsync', 'everysec')
            r.call('CLIENT', 'KILL', 'TYPE', 'normal')
            ringqd.wait_until(lambda: self.level(c) == 'everysec', 'the lower level')
            c.done(c.get('q')['lease'])
            self.assertIn('the log holds everysec now', str(other.read()))

    def level(self, client):
        return client.stats()['durability'].decode()

    def test_everysec_survives_kill_9_of_the_server(self):
        server = self.start(durability='everysec')
        with server.client() as c:
            ids = put_many(c, 'q', 1000)
        server.restart()
        with server.client() as c:
            self.assertEqual(set(take_all(c, 'q')), set(ids))


class Stopping(ringqd.Test):
    durability = 'fsync'

    def test_sigterm_under_load_loses_nothing_that_was_acknowledged(self):
        server = self.start()
        acknowledged, unknown = [], []
        threads = [threading.Thread(target=self.pump, args=(server, f'{n}-', acknowledged, unknown)) for n in range(4)]
        for t in threads:
            t.start()
        ringqd.wait_until(lambda: len(acknowledged) > 3000, 'some load')
        self.assertEqual(server.terminate(), 0)
        for t in threads:
            t.join()
        server.start()
        with server.client() as c:
            found = set(take_all(c, 'q').values())
        self.assertEqual(set(acknowledged) - found, set())
        self.assertEqual(found - set(acknowledged) - set(unknown), set())

    @staticmethod
    def pump(server, prefix, acknowledged, unknown):
        """Pipelines until the connection ends."""
        with server.client() as c:
            n = 0
            try:
                while True:
                    bodies = [f'{prefix}{i}'.encode() for i in range(n, n + 50)]
                    n += 50
                    waiting = list(bodies)
                    c.raw(b''.join(resp.encode('PUT', 'q', b) for b in bodies))
                    while waiting:
                        reply = c.read()
                        body = waiting.pop(0)
                        if isinstance(reply, list):
                            acknowledged.append(body)
                        elif reply.code != 'SHUTDOWN':
                            unknown.append(body)
            except ConnectionError:
                unknown += waiting


if __name__ == '__main__':
    ringqd.main()
