#!/usr/bin/env python3
"""inspect_test - STATS, QUEUES, QSIZE, SHOW.

SPDX-License-Identifier: MIT
"""
import time

import ringqd

QUEUE_FIELDS = '''queue ready delayed leased dead unfinished waiting_getters
    total_put total_delivered total_done total_failed total_retried total_dead total_expired total_cancelled
    total_redelivered rate_put_1s wait_p50_us run_p50_us oldest_ready_ms'''.split()


class Inspect(ringqd.SharedTest):
    def test_stats_of_a_queue_have_the_fields_of_the_protocol_in_its_order(self):
        self.c.put(self.q, 'x')
        names = list(self.c.stats(self.q))
        places = [names.index(field) for field in QUEUE_FIELDS]
        self.assertEqual(places, sorted(places))

    def test_stats_of_a_queue_count_each_state(self):
        self.c.call('MPUT', self.q, 'BODIES', 6, *range(6))
        self.c.put(self.q, 'later', 'DELAY', 60000)
        leases = [self.c.get(self.q)['lease'] for _ in range(4)]
        self.c.done(leases[0])
        self.c.call('FAIL', leases[1], 'DEAD')
        self.c.call('FAIL', leases[2], 'DELAY', 60000)
        stats = self.c.stats(self.q)
        expected = {'ready': 2, 'delayed': 2, 'leased': 1, 'dead': 1, 'unfinished': 5, 'total_put': 7,
                    'total_delivered': 4, 'total_done': 1, 'total_failed': 2, 'total_retried': 1, 'total_dead': 1}
        self.assertEqual({k: stats[k] for k in expected}, expected)

    def test_stats_measure_waiting_and_running(self):
        self.c.put(self.q, 'x')
        time.sleep(0.05)
        job = self.c.get(self.q)
        time.sleep(0.05)
        self.c.done(job['lease'])
        stats = self.c.stats(self.q)
        for name in ('wait_p50_us', 'run_p50_us', 'wait_max_us', 'run_max_us'):
            self.assertTrue(45_000 <= stats[name] <= 20_000_000, (name, stats[name]))

    def test_stats_of_an_unused_queue_are_zeros(self):
        stats = self.c.stats('never.used')
        self.assertEqual((stats['ready'], stats['total_put']), (0, 0))

    def test_the_age_of_the_oldest_ready_job_grows(self):
        self.c.put(self.q, 'x')
        time.sleep(0.06)
        self.assertGreaterEqual(self.c.stats(self.q)['oldest_ready_ms'], 50)

    def test_stats_of_the_server_name_version_durability_and_io(self):
        stats = self.c.stats()
        self.assertEqual(stats['durability'], b'redis')
        self.assertIn(stats['io'], (b'uring', b'epoll'))
        self.assertEqual(stats['store'], b'up')
        self.assertGreaterEqual(stats['connections'], 1)
        self.assertIn('version', stats)
        self.assertIn('uptime_ms', stats)

    def test_queues_lists_names_with_their_size(self):
        for i in range(3):
            self.c.put(f'{self.q}.a{i}', 'x')
        self.c.put(f'{self.q}.b', 'x', 'DELAY', 60000)
        self.assertEqual(sorted(self.c.call('QUEUES', f'{self.q}.a*')),
                         [[f'{self.q}.a{i}'.encode(), 1] for i in range(3)])
        self.assertEqual(self.c.call('QUEUES', f'{self.q}.?'), [[f'{self.q}.b'.encode(), 1]])
        self.assertEqual(self.c.call('QUEUES', 'nothing.like.it'), [])
        self.assertGreaterEqual(len(self.c.call('QUEUES')), 4)

    def test_a_hostile_pattern_costs_no_time(self):
        self.c.put('a' * 128, 'x')
        before = time.monotonic()
        self.c.call('QUEUES', '*a' * 60 + 'b')
        self.assertLess(time.monotonic() - before, 5)

    def test_qsize_is_ready_plus_delayed(self):
        self.assertEqual(self.c.call('QSIZE', self.q), 0)
        self.c.put(self.q, 'x')
        self.c.put(self.q, 'x', 'DELAY', 60000)
        self.assertEqual(self.c.call('QSIZE', self.q), 2)
        self.c.get(self.q)
        self.assertEqual(self.c.call('QSIZE', self.q), 1)

    def test_show_tells_everything_but_the_body(self):
        job = self.c.put(self.q, 'secret', 'PRI', 5, 'TTR', 2000, 'TRIES', 7)
        shown = self.c.show(job)
        self.assertNotIn('body', shown)
        self.assertEqual((shown['id'].decode(), shown['queue'].decode(), shown['state']), (job, self.q, b'ready'))
        self.assertEqual((int(shown['pri']), int(shown['ttr']), int(shown['tries'])), (5, 2000, 7))
        self.assertEqual(self.c.show(job, 'BODY')['body'], b'secret')

    def test_show_follows_the_states(self):
        job = self.c.put(self.q, 'x', 'DELAY', 50)
        self.assertEqual(self.c.show(job)['state'], b'delayed')
        lease = self.c.get(self.q, 'BLOCK', 20000)['lease']
        shown = self.c.show(job)
        self.assertEqual((shown['state'], int(shown['attempts'])), (b'leased', 1))
        self.c.call('RELEASE', lease)
        self.assertEqual(self.c.show(job)['state'], b'ready')

    def test_show_of_an_unknown_or_malformed_id(self):
        self.refuses(self.c, 'NOJOB', 'SHOW', '1-999999')
        for word in ('', '1', '1-', '-1', '1-1:1', 'x-y', '0-1', '1-0', '1-1 '):
            with self.subTest(word):
                self.refuses(self.c, 'BADARG', 'SHOW', word)
        self.refuses(self.c, 'BADARG', 'SHOW', '1-1', 'HEAD')


if __name__ == '__main__':
    ringqd.main()
