#!/usr/bin/env python3
"""batch_test - BATCH and JOIN BATCH: jobs that end together, also across the end of a server.

SPDX-License-Identifier: MIT
"""
import random
import time

import resp
import ringqd


class Batches:
    """What all tests below do with batches; a mixin."""

    @staticmethod
    def new(client, *options):
        return client.call('BATCH', 'NEW', *options).decode()

    def close(self, client, batch):
        self.assertEqual(client.call('BATCH', 'CLOSE', batch), 'OK')

    @staticmethod
    def join(client, batch, *options):
        reply = client.call('JOIN', 'BATCH', batch, *options)
        return None if reply is None else resp.pairs(reply)

    def counts(self, client, batch):
        """Of one that is over now."""
        return tuple(self.join(client, batch, 'BLOCK', 0).values())

    def finish(self, client, *queues):
        for queue in queues:
            client.call('DONE', client.get(queue)['lease'])


class Batch(Batches, ringqd.SharedTest):
    def test_a_join_is_answered_when_the_last_job_has_ended(self):
        batch = self.new(self.c)
        for queue in (self.q, self.q + '.2'):
            self.c.put(queue, 'x', 'BATCH', batch)
        self.close(self.c, batch)
        waiting = self.connect()
        waiting.send('JOIN', 'BATCH', batch)
        self.finish(self.c, self.q)
        self.assertIsNone(self.join(self.c, batch, 'BLOCK', 50))
        self.finish(self.c, self.q + '.2')
        self.assertEqual(resp.pairs(waiting.read()), {'done': 2, 'dead': 0, 'expired': 0, 'cancelled': 0})
        self.assertEqual(self.counts(self.c, batch), (2, 0, 0, 0))  # it can be asked again

    def test_an_open_batch_is_never_over(self):
        batch = self.new(self.c)
        self.assertIsNone(self.join(self.c, batch, 'BLOCK', 0))
        self.c.put(self.q, 'x', 'BATCH', batch)
        self.finish(self.c, self.q)
        self.assertIsNone(self.join(self.c, batch, 'BLOCK', 50))
        self.close(self.c, batch)
        self.assertEqual(self.counts(self.c, batch), (1, 0, 0, 0))

    def test_every_way_to_end_is_counted(self):
        batch = self.new(self.c)
        ids = [i.decode() for i in self.c.call('MPUT', self.q, 'BATCH', batch, 'BODIES', 3, 'a', 'b', 'c')]
        self.c.put(self.q + '.2', 'x', 'BATCH', batch, 'TTL', 1)
        self.close(self.c, batch)
        self.assertEqual(self.c.call('CANCEL', ids[2]), 1)
        self.finish(self.c, self.q)
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        self.assertEqual(self.join(self.c, batch), {'done': 1, 'dead': 1, 'expired': 1, 'cancelled': 1})

    def test_a_dead_job_that_is_kicked_is_unfinished_again(self):
        batch = self.new(self.c)
        self.c.put(self.q, 'x', 'BATCH', batch)
        self.close(self.c, batch)
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        self.assertEqual(self.counts(self.c, batch), (0, 1, 0, 0))
        self.assertEqual(self.c.call('KICK', self.q), 1)
        self.assertIsNone(self.join(self.c, batch, 'BLOCK', 0))
        self.finish(self.c, self.q)
        self.assertEqual(self.counts(self.c, batch), (1, 0, 0, 0))

    def test_a_closed_batch_takes_no_more(self):
        batch = self.new(self.c)
        self.close(self.c, batch)
        self.close(self.c, batch)  # again is good
        self.assertIn('closed', self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'BATCH', batch))
        self.assertIn('closed', self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'BATCH', batch, 'BODIES', 1, 'x'))
        self.assertEqual(self.c.call('QSIZE', self.q), 0)

    def test_a_put_that_waits_for_room_finds_the_batch_closed(self):
        self.c.call('QUEUE', 'SET', self.q, 'MAXSIZE', 1)
        batch = self.new(self.c)
        self.c.put(self.q, 'x', 'BATCH', batch)
        waiting = self.connect()
        waiting.send('PUT', self.q, 'y', 'BATCH', batch)
        ringqd.wait_until(lambda: self.c.stats(self.q)['waiting_putters'] == 1, 'the PUT waits')
        self.close(self.c, batch)
        self.finish(self.c, self.q)
        self.assertIn('BADARG the batch is closed', str(waiting.read()))
        self.assertEqual(self.counts(self.c, batch), (1, 0, 0, 0))

    def test_an_unknown_batch_is_named(self):
        for command in (('PUT', self.q, 'x', 'BATCH', '1-999999'), ('BATCH', 'CLOSE', '1-999999'),
                        ('JOIN', 'BATCH', '1-999999')):
            self.assertIn('no such batch', self.refuses(self.c, 'NOJOB', *command))
        self.refuses(self.c, 'BADARG', 'JOIN', 'BATCH', 'seven')

    def test_it_can_be_asked_for_as_long_as_its_keep(self):
        batch = self.new(self.c, 'KEEP', 100)
        started = time.monotonic()
        self.close(self.c, batch)
        self.assertEqual(self.counts(self.c, batch), (0, 0, 0, 0))

        def is_gone():
            try:
                self.join(self.c, batch, 'BLOCK', 0)
            except resp.Error as e:
                return str(e).startswith('NOJOB')
            return False
        ringqd.wait_until(is_gone, 'the batch to be gone')
        self.assertGreaterEqual(time.monotonic() - started, 0.1)

    def test_show_names_the_batch_and_its_jobs_are_kept(self):
        batch = self.new(self.c)
        job = self.c.put(self.q, 'x', 'BATCH', batch)
        shown = self.c.show(job)
        self.assertEqual((shown['batch'], shown['keep']), (batch.encode(), 60000))
        self.c.call('DONE', self.c.get(self.q)['lease'], 'RESULT', 'r')
        self.assertEqual(self.c.call('WAIT', job), [[job.encode(), b'done', b'r']])

    def test_show_of_a_batch_says_how_far_it_is(self):
        batch = self.new(self.c)
        for _ in range(3):
            self.c.put(self.q, 'x', 'BATCH', batch)
        self.finish(self.c, self.q)
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        expected = {'id': batch.encode(), 'state': b'open', 'unfinished': 1, 'done': 1, 'dead': 1, 'expired': 0,
                    'cancelled': 0}
        self.assertEqual(self.c.show(batch), expected)
        self.close(self.c, batch)
        self.assertEqual(self.c.show(batch), {**expected, 'state': b'closed'})

    def test_stats_count_the_batches(self):
        before = self.c.stats()['batches']
        batch = self.new(self.c, 'KEEP', 0)
        self.assertEqual(self.c.stats()['batches'], before + 1)
        self.close(self.c, batch)
        ringqd.wait_until(lambda: self.c.stats()['batches'] <= before, 'the batch to be gone')

    def test_a_job_that_exists_is_not_in_the_batch(self):
        batch = self.new(self.c)
        self.c.put(self.q, 'x', 'UNIQUE', 'k')
        self.assertEqual(self.c.call('PUT', self.q, 'y', 'UNIQUE', 'k', 'BATCH', batch)[1], b'exists')
        self.close(self.c, batch)
        self.assertEqual(self.counts(self.c, batch), (0, 0, 0, 0))

    def test_a_queue_may_be_called_batch(self):
        self.assertEqual(resp.pairs(self.c.call('JOIN', 'BATCH'))['done'], 0)
        self.assertEqual(resp.pairs(self.c.call('JOIN', 'batch', 'BLOCK', 0))['done'], 0)

    def test_a_pipeline_of_puts_and_close_counts_them_all(self):
        batch = self.new(self.c)
        self.c.pipeline([('PUT', self.q, str(i), 'BATCH', batch) for i in range(100)] + [('BATCH', 'CLOSE', batch)])
        self.assertIsNone(self.join(self.c, batch, 'BLOCK', 0))
        self.finish(self.c, *[self.q] * 100)
        self.assertEqual(self.counts(self.c, batch), (100, 0, 0, 0))


class Lives(Batches, ringqd.Test):
    """Each test has servers that end."""

    def test_there_are_100000_batches_and_no_more(self):
        server = self.start()
        with server.client() as c:
            for _ in range(20):
                ids = c.pipeline([('BATCH', 'NEW', 'KEEP', 0)] * 5000)
            self.assertIn('100000 batches', self.refuses(c, 'LIMIT', 'BATCH', 'NEW'))
            self.close(c, ids[-1].decode())
            ringqd.wait_until(lambda: c.stats()['batches'] < 100000, 'one to be gone')
            self.new(c)

    def test_batches_and_their_counts_come_back_after_kill_9(self):
        server = self.start()
        with server.client() as c:
            opened, closed, over = (self.new(c) for _ in range(3))
            for batch in (opened, closed, over):
                c.put('q', 'x', 'BATCH', batch)
                c.put('dead', 'x', 'BATCH', batch)
            self.close(c, closed)
            self.close(c, over)
            for _ in range(3):
                c.call('FAIL', c.get('dead')['lease'], 'DEAD')
            leases = [c.get('q')['lease'] for _ in range(3)]
            self.assertEqual(c.call('DONE', leases[2]), 1)  # of `over`: the third that was put
        server.restart()
        with server.client() as c:
            self.assertEqual(self.counts(c, over), (1, 1, 0, 0))
            self.assertIsNone(self.join(c, closed, 'BLOCK', 0))
            self.assertIsNone(self.join(c, opened, 'BLOCK', 0))
            self.refuses(c, 'BADARG', 'PUT', 'q', 'x', 'BATCH', closed)
            c.put('q', 'x', 'BATCH', opened)
            self.finish(c, 'q', 'q', 'q')
            self.close(c, opened)
        server.restart()
        with server.client() as c:
            self.assertEqual(self.counts(c, opened), (2, 1, 0, 0))
            self.assertEqual(self.counts(c, closed), (1, 1, 0, 0))

    def test_no_crash_loses_or_doubles_a_count(self):
        """Jobs are done and the log is trimmed between many crashes."""
        chance = random.Random(7)
        server = self.start()
        with server.client() as c:
            batch, total = self.new(c), 0
        for _ in range(5):
            with server.client() as c:
                count = chance.randrange(1, 200)
                c.call('MPUT', 'q', 'BATCH', batch, 'BODIES', count, *'x' * count)
                total += count
                for _ in range(chance.randrange(count)):
                    self.finish(c, 'q')
            server.restart()
        with server.client() as c:
            self.finish(c, *['q'] * c.call('QSIZE', 'q'))
            for _ in range(1100):  # commits: TOTALS and BATCH are written, what has ended is trimmed
                c.call('PUT', 'other', 'x')
            server.until_idle(c)
        server.restart()
        with server.client() as c:
            self.close(c, batch)
            self.assertEqual(self.counts(c, batch), (total, 0, 0, 0))

    def test_a_batch_outlives_a_log_that_redis_has_lost(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        with server.client() as c:
            opened, closed, over = (self.new(c) for _ in range(3))
            for batch in (over, opened, closed):
                c.put('q', 'x', 'BATCH', batch)
            self.close(c, closed)
            self.close(c, over)
            self.finish(c, 'q')
            with redis.client() as r:
                r.call('FLUSHALL')
                ringqd.wait_until(lambda: 'event=log_written_again' in server.log_text(), 'the repair')
            server.until_idle(c)
        server.restart()
        with server.client() as c:
            self.assertEqual(self.counts(c, over), (1, 0, 0, 0))
            self.assertIsNone(self.join(c, closed, 'BLOCK', 0))
            self.finish(c, 'q', 'q')
            self.assertEqual(self.counts(c, closed), (1, 0, 0, 0))
            self.close(c, opened)
            self.assertEqual(self.counts(c, opened), (1, 0, 0, 0))

    def test_nobody_hears_of_an_end_that_is_not_in_the_log(self):
        redis = self.redis()
        server = self.start(redis=redis.url)
        with server.client() as c, server.client() as worker:
            batch = self.new(c)
            c.put('q', 'x', 'BATCH', batch)
            self.close(c, batch)
            lease = worker.get('q')['lease']
            server.until_idle(c)
            redis.kill()
            ringqd.wait_until(lambda: c.stats()['store'] != b'up', 'the link is down')
            worker.send('DONE', lease)
            self.assertIsNone(self.join(c, batch, 'BLOCK', 200))
            redis.start()
            self.assertEqual(self.join(c, batch)['done'], 1)


if __name__ == '__main__':
    ringqd.main()
