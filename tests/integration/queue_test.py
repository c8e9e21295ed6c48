#!/usr/bin/env python3
"""queue_test - QUEUE SET, PAUSE, RESUME, SHUTDOWN, DRAIN, and PUTs that wait for room.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd


class Queue(ringqd.SharedTest):
    def tearDown(self):
        for command in (('RESUME', self.q), ('QUEUE', 'SET', self.q, 'OPEN', 'MAXSIZE', 0)):
            self.c.call(*command)
        super().tearDown()

    def set(self, *words):
        self.assertEqual(self.c.call('QUEUE', 'SET', self.q, *words), 'OK')

    def setting(self, name):
        return self.c.stats(self.q)[name]

    def waiting(self, what):
        """Waits until one more of `what` waits at the queue."""
        ringqd.wait_until(lambda: self.setting(f'waiting_{what}'), f'one of the {what} waits')


class Bounded(Queue):
    def test_a_full_queue_refuses_who_does_not_wait(self):
        self.set('MAXSIZE', 2)
        self.c.put(self.q, 'a', 'NOWAIT')
        self.c.put(self.q, 'b', 'BLOCK', 0)
        self.refuses(self.c, 'FULL', 'PUT', self.q, 'c', 'NOWAIT')
        started = time.monotonic()
        self.refuses(self.c, 'FULL', 'PUT', self.q, 'c', 'BLOCK', 50)
        self.assertGreaterEqual(time.monotonic() - started, 0.05)

    def test_a_put_waits_for_room_and_then_is_put(self):
        self.set('MAXSIZE', 1)
        self.c.put(self.q, 'first')
        with self.server.client() as other:
            other.send('PUT', self.q, 'second', 'HEADER', 'kept', 'too')
            self.waiting('putters')
            self.assertEqual(self.c.get(self.q)['body'], b'first')
            ident, state, _ = other.read()
            self.assertEqual(state, b'queued')
            job = self.c.get(self.q)
            self.assertEqual((job['id'].encode(), job['body']), (ident, b'second'))
            self.assertEqual(resp.pairs(job['headers']), {'kept': b'too'})

    def test_those_who_wait_are_let_in_one_by_one(self):
        self.set('MAXSIZE', 1)
        self.c.put(self.q, '0')
        others = [self.server.client() for _ in range(5)]
        for i, other in enumerate(others, 1):
            other.send('PUT', self.q, i)
            ringqd.wait_until(lambda n=i: self.setting('waiting_putters') == n, 'it waits')
        bodies = []
        while len(bodies) < 6:
            job = self.c.get(self.q, 'BLOCK', 5000)
            bodies.append(job['body'])
            self.c.done(job['lease'])
        self.assertEqual(bodies, [b'%d' % i for i in range(6)])
        for other in others:
            self.assertEqual(other.read()[1], b'queued')
            other.close()

    def test_a_putter_that_leaves_makes_room_for_the_next(self):
        self.set('MAXSIZE', 1)
        self.c.put(self.q, 'first')
        gone, stays = self.server.client(), self.server.client()
        gone.send('PUT', self.q, 'gone')
        self.waiting('putters')
        stays.send('PUT', self.q, 'stays')
        ringqd.wait_until(lambda: self.setting('waiting_putters') == 2, 'both wait')
        gone.abort()
        ringqd.wait_until(lambda: self.setting('waiting_putters') == 1, 'one has gone')
        self.c.get(self.q)
        self.assertEqual(stays.read()[1], b'queued')
        self.assertEqual(self.c.get(self.q)['body'], b'stays')
        stays.close()

    def test_done_works_while_puts_wait_on_the_same_connection(self):
        self.set('MAXSIZE', 1)
        self.c.put(self.q, 'first')
        job = self.c.get(self.q)
        self.c.put(self.q, 'second')
        self.c.send('PUT', self.q, 'third')
        self.c.send('DONE', job['lease'])
        with self.server.client() as other:
            ringqd.wait_until(lambda: other.stats(self.q)['total_done'], 'DONE has worked')
            self.assertEqual(other.get(self.q)['body'], b'second')
        self.assertEqual(self.c.read()[1], b'queued')
        self.assertEqual(self.c.read(), 1)

    def test_more_than_ever_fits_is_refused_at_once(self):
        self.set('MAXSIZE', 3)
        self.assertEqual(len(self.c.call('MPUT', self.q, 'BODIES', 3, *'abc')), 3)
        self.assertIn('MAXSIZE', self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'BODIES', 4, *'abcd'))

    def test_jobs_that_return_always_fit(self):
        self.set('MAXSIZE', 1)
        self.c.put(self.q, 'first')
        job = self.c.get(self.q)
        self.c.put(self.q, 'second')
        self.c.call('RELEASE', job['lease'])
        self.assertEqual(self.c.call('QSIZE', self.q), 2)


class Defaults(Queue):
    def test_a_queue_has_its_own_ttr_and_tries(self):
        self.set('TTR', 5000, 'TRIES', 2)
        self.c.put(self.q, 'x')
        self.c.put(self.q, 'y', 'TTR', 7000, 'TRIES', 9)
        for ttr, tries in ((5000, 2), (7000, 9)):
            job = self.c.get(self.q)
            self.assertEqual(job['ttr'], ttr)
            self.assertEqual(int(self.c.show(job['id'])['tries']), tries)


class Order(Queue):
    def test_lifo_hands_out_the_last_one_first(self):
        self.set('ORDER', 'LIFO')
        for body in 'abc':
            self.c.put(self.q, body)
        self.assertEqual([self.c.get(self.q)['body'] for _ in range(3)], [b'c', b'b', b'a'])


class Pace(Queue):
    def test_concurrency_holds_jobs_back_until_one_is_done(self):
        self.set('CONCURRENCY', 2)
        for body in 'abc':
            self.c.put(self.q, body)
        first, _ = self.c.get(self.q), self.c.get(self.q)
        self.assertIsNone(self.c.get_now(self.q))
        with self.server.client() as other:
            other.send('GET', self.q)
            self.waiting('getters')
            self.c.done(first['lease'])
            self.assertEqual(resp.as_job(other.read())['body'], b'c')

    def test_a_rate_spreads_deliveries(self):
        self.set('RATE', '20/s')
        self.c.call('MPUT', self.q, 'BODIES', 25, *range(25))
        jobs = self.c.call('GET', self.q, 'COUNT', 25)
        self.assertEqual(len(jobs), 20)  # one second's worth at once
        started = time.monotonic()
        for _ in range(5):
            self.assertIsNotNone(self.c.get(self.q, 'BLOCK', 5000))
        self.assertGreaterEqual(time.monotonic() - started, 0.1)


class Pause(Queue):
    def test_out_makes_getters_wait(self):
        self.c.put(self.q, 'x')
        self.assertEqual(self.c.call('PAUSE', self.q, 'OUT'), 'OK')
        self.assertEqual(self.setting('paused'), b'out')
        self.assertIsNone(self.c.get_now(self.q))
        self.c.put(self.q, 'y')
        with self.server.client() as other:
            other.send('GET', self.q)
            self.waiting('getters')
            self.assertEqual(self.c.call('RESUME', self.q), 'OK')
            self.assertEqual(resp.as_job(other.read())['body'], b'x')

    def test_in_refuses_puts(self):
        self.c.call('PAUSE', self.q, 'IN')
        self.refuses(self.c, 'PAUSED', 'PUT', self.q, 'x')
        self.c.call('PAUSE', self.q, 'OUT')
        self.assertEqual(self.setting('paused'), b'both')
        self.c.call('RESUME', self.q)
        self.c.put(self.q, 'x')
        self.assertEqual(self.setting('paused'), b'no')


class Shutdown(Queue):
    def test_puts_fail_and_gets_go_on_until_it_is_empty(self):
        self.c.put(self.q, 'x')
        self.assertEqual(self.c.call('SHUTDOWN', self.q), 'OK')
        self.refuses(self.c, 'SHUTDOWN', 'PUT', self.q, 'y')
        job = self.c.get(self.q)
        self.refuses(self.c, 'SHUTDOWN', 'GET', self.q)
        self.c.call('RELEASE', job['lease'])
        self.assertEqual(self.c.get(self.q)['attempt'], 1)  # what comes back is served
        self.set('OPEN')
        self.c.put(self.q, 'y')

    def test_those_who_wait_are_told(self):
        getter, putter = self.server.client(), self.server.client()
        getter.send('GET', self.q)
        self.waiting('getters')
        self.c.call('SHUTDOWN', self.q)
        self.assertEqual(getter.read().code, 'SHUTDOWN')
        self.set('OPEN', 'MAXSIZE', 1)
        self.c.put(self.q, 'x')
        putter.send('PUT', self.q, 'y')
        self.waiting('putters')
        self.c.call('SHUTDOWN', self.q)
        self.assertEqual(putter.read().code, 'SHUTDOWN')
        getter.close(), putter.close()

    def test_immediate_empties_it(self):
        self.c.put(self.q, 'x')
        self.c.put(self.q, 'y', 'DELAY', 60000)
        self.assertEqual(self.c.call('SHUTDOWN', self.q, 'IMMEDIATE'), 'OK')
        stats = self.c.stats(self.q)
        self.assertEqual((stats['unfinished'], stats['total_cancelled']), (0, 2))


    def test_what_comes_back_stays_whatever_else_is_said(self):
        self.c.put(self.q, 'x')
        job = self.c.get(self.q)
        self.c.call('SHUTDOWN', self.q, 'IMMEDIATE')
        self.c.call('RELEASE', job['lease'])
        self.set('TTR', 5000)
        self.c.call('PAUSE', self.q, 'IN')
        self.assertEqual(self.c.get(self.q)['id'], job['id'])


class Dead(Queue):
    def test_the_first_to_die_make_room(self):
        self.set('DEADMAX', 2)
        ids = []
        for _ in range(3):
            self.c.put(self.q, 'x')
            job = self.c.get(self.q)
            self.c.call('FAIL', job['lease'], 'DEAD')
            ids.append(job['id'])
        ringqd.wait_until(lambda: self.setting('total_cancelled'), 'the first one goes')
        self.assertEqual(self.setting('dead'), 2)
        self.refuses(self.c, 'NOJOB', 'SHOW', ids[0])


class Drain(ringqd.Test):
    def test_a_draining_server_finishes_what_is_leased_and_no_more(self):
        server = self.start()
        with server.client() as c, server.client() as other:
            c.put('q', 'a')
            c.put('q', 'b')
            job = c.get('q')
            self.assertEqual(c.call('DRAIN'), 'OK')
            self.refuses(c, 'SHUTDOWN', 'PUT', 'q', 'c')
            (_, _, notice), = c.call('TOUCH', job['lease'])
            self.assertEqual(notice, b'quiet')
            self.assertIsNone(c.get_now('q'))
            other.send('GET', 'q')
            ringqd.wait_until(lambda: c.stats('q')['waiting_getters'], 'the GET waits')
            self.assertEqual(c.done(job['lease']), 1)
            self.assertEqual(c.call('UNDRAIN'), 'OK')
            self.assertEqual(resp.as_job(other.read())['body'], b'b')


class Restart(ringqd.Test):
    def test_what_was_said_survives_it(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            c.call('QUEUE', 'SET', 'q', 'MAXSIZE', 7, 'ORDER', 'LIFO', 'RATE', 9)
            c.call('PAUSE', 'q', 'IN')
        server.kill()
        server.start()
        with server.client() as c:
            stats = c.stats('q')
            self.assertEqual((stats['maxsize'], stats['order'], stats['rate'], stats['paused']), (7, b'lifo', 9, b'in'))
            self.refuses(c, 'PAUSED', 'PUT', 'q', 'x')


if __name__ == '__main__':
    ringqd.main()
