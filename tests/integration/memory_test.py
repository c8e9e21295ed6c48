#!/usr/bin/env python3
"""memory_test - bodies beyond --body-memory: the server stays small, and nobody notices.

SPDX-License-Identifier: MIT
"""
import resp
import ringqd

BODY = 1024


def body_of(i):
    return (b'%09d:' % i) * (BODY // 10) + b'....'


def put_many(c, queue, first, count, step=500):
    for at in range(first, first + count, step):
        c.call('MPUT', queue, 'BODIES', step, *(body_of(i) for i in range(at, at + step)))


def take(c, queue, count, together=100):
    """The next `count` jobs, finished: their bodies."""
    bodies = []
    while len(bodies) < count:
        jobs = [resp.as_job(j) for j in c.call('GET', queue, 'COUNT', min(together, count - len(bodies)))]
        for job in jobs:
            c.send('DONE', job['lease'])
        for _ in jobs:
            reply = c.read()
            if isinstance(reply, resp.Error):
                raise reply
        bodies += [job['body'] for job in jobs]
    return bodies


class Memory(ringqd.Test):
    durability = 'redis'

    def same(self, bodies, numbers):
        self.assertEqual([int(body[:9]) for body in bodies], list(numbers))
        self.assertTrue(all(body == body_of(i) for body, i in zip(bodies, numbers)), 'byte for byte')

    def expect(self, c, queue, first, count):
        for at in range(first, first + count, 1000):
            n = min(1000, first + count - at)
            self.assertEqual(take(c, queue, n), [body_of(i) for i in range(at, at + n)])

    def test_a_deep_queue_stays_out_of_memory_and_comes_out_in_order(self):
        with open(ringqd.RINGQD, 'rb') as program:
            sanitized = b'__asan_init' in program.read()
        server = self.start('--body-memory', '1MiB')
        with server.client() as c:
            put_many(c, 'q', 0, 500)
            before = server.rss_bytes()
            put_many(c, 'q', 500, 49500)
            stats = c.stats()
            self.assertEqual(stats['jobs'], 50000)
            self.assertLessEqual(stats['body_bytes'], 1 << 20)
            self.assertGreaterEqual(stats['jobs_away'], 48900)
            grown = server.rss_bytes() - before
            if not sanitized:  # freed bytes stay with the sanitizer for a while
                self.assertLess(grown, 30 << 20)  # of 50 MB of bodies
            self.expect(c, 'q', 0, 50000)
            self.assertIsNone(c.get_now('q'))
            self.assertEqual(c.stats()['jobs_away'], 0)
            self.assertEqual(c.stats()['jobs_lost'], 0)

    def test_one_by_one_and_without_waiting(self):
        server = self.start('--body-memory', '4KiB')
        with server.client() as c:
            put_many(c, 'q', 0, 500)
            for i in range(500):
                job = c.get_now('q')
                self.assertIsNotNone(job, i)  # nobody hears that there is nothing
                self.assertEqual(job['body'], body_of(i))
                c.done(job['lease'])
            self.assertIsNone(c.get_now('q'))

    def test_a_crash_and_a_restart_keep_the_bound(self):
        server = self.start('--body-memory', '1MiB', durability='fsync')
        with server.client() as c:
            put_many(c, 'q', 0, 10000)
            self.expect(c, 'q', 0, 100)
        server.kill()
        server.start()
        with server.client() as c:
            stats = c.stats()
            self.assertEqual(stats['jobs'], 9900)
            self.assertLessEqual(stats['body_bytes'], 1 << 20)
            self.expect(c, 'q', 100, 9900)

    def test_those_who_look_see_the_body(self):
        server = self.start('--body-memory', '4KiB')
        with server.client() as c:
            put_many(c, 'q', 0, 500)
            jobs = [resp.pairs(j) for j in c.call('PEEK', 'q', 'COUNT', 500)]
            self.same([j['body'] for j in jobs], range(500))
            shown = resp.pairs(c.call('SHOW', jobs[499]['id'], 'BODY'))
            self.assertEqual((shown['body'], shown['size']), (body_of(499), BODY))
            self.assertNotIn('body', resp.pairs(c.call('SHOW', jobs[499]['id'])))
            self.assertEqual(c.call('CANCEL', jobs[499]['id']), 1)
            self.assertEqual(c.call('PURGE', 'q'), 499)
            self.assertEqual(c.stats()['jobs_away'], 0)

    def test_other_orders(self):
        server = self.start('--body-memory', '4KiB')
        with server.client() as c:
            c.call('QUEUE', 'SET', 'lifo', 'ORDER', 'LIFO')
            put_many(c, 'lifo', 0, 500)
            self.same(take(c, 'lifo', 500), range(499, -1, -1))
            for i in range(200):
                c.put('pri', body_of(i), 'PRI', 200 - i)
            self.same(take(c, 'pri', 200), range(199, -1, -1))

    def test_what_fails_may_leave_memory_and_be_kicked(self):
        server = self.start('--body-memory', '4KiB')
        with server.client() as c:
            put_many(c, 'q', 0, 500)
            jobs = [resp.as_job(j) for _ in range(5) for j in c.call('GET', 'q', 'COUNT', 1)]
            for job in jobs:
                c.call('FAIL', job['lease'], 'DEAD')
            put_many(c, 'r', 0, 500)
            ringqd.wait_until(lambda: c.stats()['body_bytes'] <= 4096, 'the bound')
            self.assertEqual(c.call('KICK', 'q'), 5)
            self.same(take(c, 'q', 500), range(500))  # the five are in their places

    def test_compaction_goes_on_under_it(self):
        server = self.start('--body-memory', '64KiB', '--log-spare', '1MiB')
        with server.client() as c:
            put_many(c, 'still', 0, 2000)
            for _ in range(20):
                put_many(c, 'passing', 0, 500)
                self.assertEqual(len(take(c, 'passing', 500)), 500)
            ringqd.wait_until(lambda: 'event=log_compacted' in server.log_text(), 'a compaction')
            self.assertLessEqual(c.stats()['body_bytes'], 64 << 10)
        server.restart()
        with server.client() as c:
            self.assertEqual(c.stats()['jobs'], 2000)
            self.expect(c, 'still', 0, 2000)

    def test_bodies_that_stand_apart_from_the_log(self):
        big = [bytes([65 + i]) * (300 << 10) for i in range(12)]
        server = self.start('--body-memory', '1MiB', '--log-spare', '64KiB')
        with server.client() as c:
            for body in big:
                c.put('q', body)
            self.assertLessEqual(c.stats()['body_bytes'], 1 << 20)
            self.assertGreaterEqual(c.stats()['jobs_away'], 9)
            for _ in range(8):
                put_many(c, 'passing', 0, 500)
                self.assertEqual(len(take(c, 'passing', 500)), 500)
            ringqd.wait_until(lambda: 'event=log_compacted' in server.log_text(), 'a compaction')
            self.assertTrue(take(c, 'q', 2, together=1) == big[:2])
        server.restart()
        with server.client() as c:
            self.assertLessEqual(c.stats()['body_bytes'], 1 << 20)
            self.assertTrue(take(c, 'q', 10, together=1) == big[2:])
            self.assertEqual(c.stats()['jobs_lost'], 0)

    def test_a_redis_that_loses_everything_loses_those_bodies(self):
        redis = self.redis(appendonly='no')
        server = self.start('--body-memory', '100KiB', redis=redis.url)
        with server.client() as c, redis.client() as r:
            put_many(c, 'q', 0, 1000)
            away = c.stats()['jobs_away']
            self.assertGreaterEqual(away, 899)
            server.until_idle(c)
            r.call('FLUSHALL')
            c.put('other', 'x')
            ringqd.wait_until(lambda: c.stats()['store_repairs'], 'the repair', 20)
            stats = c.stats()
            self.assertEqual((stats['jobs_lost'], stats['jobs_away']), (away, away))
            self.assertEqual(c.stats('q')['dead'], away)
            self.assertEqual(c.stats('q')['ready'], 1000 - away)
            self.assertIn('event=bodies_lost', server.log_text())
            dead = resp.pairs(c.call('PEEK', 'q', 'COUNT', 1, 'STATE', 'DEAD')[0])
            self.assertEqual((dead['error'], dead['body']), (b'lost', None))
            left = take(c, 'q', 1000 - away)
            self.assertTrue(left == sorted(left))
            self.assertTrue(all(body == body_of(int(body[:9])) for body in left))
            server.until_idle(c)
        server.restart()
        with server.client() as c:
            self.assertEqual(c.get_now('other')['body'], b'x')

    def test_at_level_memory_all_bodies_stay(self):
        server = self.start('--body-memory', '4KiB', durability='memory')
        with server.client() as c:
            put_many(c, 'q', 0, 500)
            self.assertEqual(c.stats()['jobs_away'], 0)


if __name__ == '__main__':
    ringqd.main()
