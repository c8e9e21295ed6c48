#!/usr/bin/env python3
"""get_test - GET: leases, waiting, several queues, lost connections.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd

TEN_YEARS_MS = 3650 * 24 * 3600 * 1000


class Get(ringqd.SharedTest):
    def test_a_job_comes_with_everything_a_worker_needs(self):
        put = self.c.put(self.q, 'hello')
        job = self.c.get(self.q)
        self.assertEqual(job, {'id': put, 'lease': f'{put}:1', 'queue': self.q, 'body': b'hello',
                               'attempt': 1, 'ttr': 60000})

    def test_a_job_is_given_to_one_worker_only(self):
        self.c.put(self.q, 'x')
        self.assertIsNotNone(self.c.get_now(self.q))
        self.assertIsNone(self.connect().get_now(self.q))

    def test_queues_with_weights_take_turns(self):
        often, rarely = f'{self.q}.often', f'{self.q}.rarely'
        for queue in (often, rarely):
            self.c.call('MPUT', queue, 'BODIES', 300, *range(300))
        jobs = self.c.call('GET', f'{often}:9,{rarely}:1', 'COUNT', 300)
        first = sum(resp.as_job(job)['queue'] == often for job in jobs)
        self.assertGreater(first, 240)  # 270 are expected
        self.assertLess(first, 300)
        self.refuses(self.c, 'BADARG', 'GET', f'{often}:9,{rarely}')

    def test_block_0_does_not_wait(self):
        self.assertIsNone(self.c.get_now(self.q))

    def test_a_queue_that_was_never_used_is_an_empty_one(self):
        self.assertIsNone(self.c.get_now('never.used'))

    def test_block_runs_out_with_nil(self):
        before = time.monotonic()
        self.assertIsNone(self.c.get(self.q, 'BLOCK', 120))
        self.assertGreaterEqual(time.monotonic() - before, 0.119)

    def test_without_block_it_waits_for_a_job(self):
        waiting = self.connect()
        waiting.send('GET', self.q)
        self.until_waiting(1)
        self.c.put(self.q, 'at last')
        self.assertEqual(resp.as_job(waiting.read())['body'], b'at last')

    def until_waiting(self, n):
        ringqd.wait_until(lambda: self.c.stats(self.q)['waiting_getters'] == n, f'{n} waiting getters')

    def test_getters_are_served_in_the_order_they_came(self):
        waiting = []
        for i in range(5):
            waiting.append(self.connect())
            waiting[-1].send('GET', self.q)
            self.until_waiting(i + 1)
        self.c.pipeline(('PUT', self.q, i) for i in range(5))
        self.assertEqual([resp.as_job(w.read())['body'] for w in waiting], [b'0', b'1', b'2', b'3', b'4'])

    def test_one_job_wakes_one_getter(self):
        waiting = [self.connect() for _ in range(3)]
        for w in waiting:
            w.send('GET', self.q, 'BLOCK', 300)
        self.until_waiting(3)
        self.c.put(self.q, 'x')
        self.assertEqual(sum(w.read() is not None for w in waiting), 1)

    def test_a_waiting_get_holds_back_the_replies_behind_it(self):
        self.c.raw(resp.encode('GET', self.q) + resp.encode('PING'))
        other = self.connect()
        other.put(self.q, 'x')
        self.assertIsInstance(self.c.read(), list)
        self.assertEqual(self.c.read(), 'PONG')

    def test_a_get_behind_its_own_put_is_served_by_it(self):
        self.c.raw(resp.encode('PUT', self.q, 'mine') + resp.encode('GET', self.q))
        self.c.read()
        self.assertEqual(resp.as_job(self.c.read())['body'], b'mine')

    def test_the_client_that_waits_can_be_fed_by_its_own_pipeline(self):
        """A connection never waits for one command before it issues the next."""
        self.c.raw(resp.encode('GET', self.q) + resp.encode('PUT', self.q, 'x'))
        self.assertEqual(resp.as_job(self.c.read())['body'], b'x')
        self.assertEqual(self.c.read()[1], b'queued')

    def test_count_takes_what_is_there(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(5))
        self.assertEqual(len(self.c.call('GET', self.q, 'COUNT', 3)), 3)
        self.assertEqual(len(self.c.call('GET', self.q, 'COUNT', 3)), 2)
        self.assertIsNone(self.c.call('GET', self.q, 'COUNT', 3, 'BLOCK', 0))

    def test_count_is_taken_up_to_1024_and_refused_one_past(self):
        self.c.put(self.q, 'x')
        self.assertEqual(len(self.c.call('GET', self.q, 'COUNT', 1024)), 1)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'COUNT', 1025)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'COUNT', 0)

    def test_several_queues_are_a_strict_order(self):
        high, low = f'{self.q}.high', f'{self.q}.low'
        for _ in range(2):
            self.c.put(low, 'low')
            self.c.put(high, 'high')
        bodies = [self.c.get_now(f'{high},{low}')['body'] for _ in range(4)]
        self.assertEqual(bodies, [b'high', b'high', b'low', b'low'])

    def test_a_getter_of_several_queues_is_served_once(self):
        a, b = f'{self.q}.a', f'{self.q}.b'
        waiting = self.connect()
        waiting.send('GET', f'{a},{b}')
        ringqd.wait_until(lambda: self.c.stats(a)['waiting_getters'] == 1, 'a waiting getter')
        self.c.put(b, 'x')
        self.assertEqual(resp.as_job(waiting.read())['queue'], b)
        self.c.put(a, 'y')
        self.assertEqual(self.c.stats(a)['ready'], 1)

    def test_64_queues_are_good_and_65_are_refused(self):
        self.assertIsNone(self.c.get_now(','.join(f'{self.q}.{i}' for i in range(64))))
        with self.assertRaises(resp.Error) as caught:
            self.c.get_now(','.join(f'{self.q}.{i}' for i in range(65)))
        self.assertIn(caught.exception.code, ('BADARG', 'LIMIT'))

    def test_a_bad_name_in_the_list_is_refused(self):
        for queues in ('', ',', 'a,', ',a', 'a,,b', 'a b', 'a,a b'):
            with self.subTest(queues):
                self.refuses(self.c, 'BADARG', 'GET', queues, 'BLOCK', 0)

    def test_options_at_their_limits_and_one_past(self):
        for option, low, high in (('TTR', 1000, 24 * 3600 * 1000),):
            for good in (low, high):
                self.c.get(self.q, 'BLOCK', 0, option, good)
            for bad in (low - 1, high + 1, 'x', ''):
                self.refuses(self.c, 'BADARG', 'GET', self.q, 'BLOCK', 0, option, bad)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'BLOCK', -1)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'BLOCK', TEN_YEARS_MS + 1)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'BLOCK', 0, 'BLOCK', 0)
        self.refuses(self.c, 'BADARG', 'GET', self.q, 'WHEN', 0)

    def test_ttr_of_get_overrules_that_of_the_job(self):
        self.c.put(self.q, 'x', 'TTR', 5000)
        self.assertEqual(self.c.get(self.q, 'TTR', 7000)['ttr'], 7000)

    def test_a_lease_that_runs_out_gives_the_job_back(self):
        self.c.put(self.q, 'x')
        first = self.c.get(self.q, 'TTR', 1000)
        before = time.monotonic()
        again = self.connect().get(self.q, 'BLOCK', 20000)
        self.assertEqual((again['id'], again['attempt']), (first['id'], 2))
        self.assertNotEqual(again['lease'], first['lease'])
        self.assertGreaterEqual(time.monotonic() - before, 0.9)
        self.refuses(self.c, 'STALE', 'DONE', first['lease'])

    def test_a_lost_connection_gives_its_leases_back_at_once(self):
        for lose in (resp.Client.close, resp.Client.abort):
            with self.subTest(lose):
                worker = self.connect()
                self.c.put(self.q, 'x')
                first = worker.get(self.q)
                lose(worker)
                again = self.c.get(self.q, 'BLOCK', 20000)
                self.assertEqual((again['id'], again['attempt']), (first['id'], 2))
                self.refuses(self.c, 'STALE', 'DONE', first['lease'])
                self.c.done(again['lease'])

    def test_a_getter_that_left_is_not_served(self):
        gone = self.connect()
        gone.send('GET', self.q)
        self.until_waiting(1)
        gone.close()
        self.until_waiting(0)
        self.c.put(self.q, 'x')
        self.assertEqual(self.c.get_now(self.q)['attempt'], 1)

    def test_a_returned_job_goes_back_to_its_old_place(self):
        self.c.pipeline(('PUT', self.q, i) for i in range(3))
        worker = self.connect()
        self.assertEqual(worker.get(self.q)['body'], b'0')
        worker.close()
        ringqd.wait_until(lambda: self.c.stats(self.q)['ready'] == 3, 'the job to be back')
        self.assertEqual(self.c.get_now(self.q)['body'], b'0')

    def test_attempts_are_counted_and_the_last_one_makes_it_dead(self):
        job = self.c.put(self.q, 'x', 'TRIES', 2)
        for attempt in (1, 2):
            worker = self.connect()
            self.assertEqual(worker.get(self.q, 'BLOCK', 20000)['attempt'], attempt)
            worker.close()
        ringqd.wait_until(lambda: self.c.show(job)['state'] == b'dead', 'the job to be dead')
        self.assertIsNone(self.c.get_now(self.q))

    def test_4_mib_of_bodies_end_a_count(self):
        body = b'x' * (1 << 20)
        for _ in range(6):
            self.c.put(self.q, body)
        got = self.c.call('GET', self.q, 'COUNT', 100)
        self.assertIn(len(got), (4, 5))
        self.assertEqual(len(got) + len(self.c.call('GET', self.q, 'COUNT', 100)), 6)

    def test_1024_waiting_commands_are_good_on_one_connection_and_one_more_is_refused(self):
        self.c.raw(resp.encode('GET', self.q) * 1025)
        other = self.connect()
        ringqd.wait_until(lambda: other.stats(self.q)['waiting_getters'] == 1024, '1024 getters')
        other.call('MPUT', self.q, 'BODIES', 1024, *range(1024))
        replies = [self.c.read() for _ in range(1025)]
        self.assertTrue(all(isinstance(r, list) for r in replies[:1024]))
        self.assertEqual(replies[1024].code, 'LIMIT')


if __name__ == '__main__':
    ringqd.main()
