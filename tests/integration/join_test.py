#!/usr/bin/env python3
"""join_test - JOIN answers when nothing is unfinished, and never before.

SPDX-License-Identifier: MIT
"""
import time

import resp
import ringqd


class Join(ringqd.SharedTest):
    def joining(self, *words):
        """A connection that waits in JOIN; the command behind it proves that it was read."""
        waiting = self.connect()
        waiting.send('JOIN', *words)
        other = self.connect()
        ringqd.wait_until(lambda: other.stats()['waiting_joiners'] >= 1, 'a waiting joiner')
        return waiting

    def counts(self, reply):
        return {k: int(v) for k, v in resp.pairs(reply).items()}

    def test_an_empty_queue_answers_at_once_with_zeros(self):
        self.assertEqual(self.counts(self.c.call('JOIN', self.q)),
                         {'done': 0, 'dead': 0, 'expired': 0, 'cancelled': 0})

    def test_it_waits_for_ready_leased_and_delayed_jobs(self):
        self.c.put(self.q, 'ready')
        self.assertIsNone(self.c.call('JOIN', self.q, 'BLOCK', 0))
        job = self.c.get(self.q)
        self.assertIsNone(self.c.call('JOIN', self.q, 'BLOCK', 0))
        self.c.done(job['lease'])
        self.c.call('JOIN', self.q)
        self.c.put(self.q, 'delayed', 'DELAY', 60000)
        self.assertIsNone(self.c.call('JOIN', self.q, 'BLOCK', 0))

    def test_it_answers_when_the_last_job_is_done_and_counts_since_the_call(self):
        self.c.put(self.q, 'before')
        self.c.done(self.c.get(self.q)['lease'])
        for _ in range(3):
            self.c.put(self.q, 'x')
        jobs = [self.c.get(self.q) for _ in range(3)]
        waiting = self.joining(self.q)
        self.c.done(jobs[0]['lease'])
        self.c.call('FAIL', jobs[1]['lease'], 'DEAD')
        waiting.sock.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            waiting.read()
        waiting.sock.settimeout(ringqd.PATIENCE)
        self.c.done(jobs[2]['lease'])
        self.assertEqual(self.counts(waiting.read()), {'done': 2, 'dead': 1, 'expired': 0, 'cancelled': 0})

    def test_block_runs_out_with_nil(self):
        self.c.put(self.q, 'x')
        before = time.monotonic()
        self.assertIsNone(self.c.call('JOIN', self.q, 'BLOCK', 120))
        self.assertGreaterEqual(time.monotonic() - before, 0.119)

    def test_a_retry_does_not_end_it(self):
        self.c.put(self.q, 'x')
        job = self.c.get(self.q)
        waiting = self.joining(self.q)
        self.c.call('FAIL', job['lease'], 'DELAY', 50)
        again = self.c.get(self.q, 'BLOCK', 20000)
        self.c.call('RELEASE', again['lease'])
        third = self.c.get(self.q)
        self.c.done(third['lease'])
        self.assertEqual(self.counts(waiting.read())['done'], 1)

    def test_a_dead_job_is_finished_unless_strict(self):
        self.c.put(self.q, 'x')
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        self.c.call('JOIN', self.q)
        self.assertIsNone(self.c.call('JOIN', self.q, 'BLOCK', 50, 'STRICT'))

    def test_several_queues_are_one_sum(self):
        a, b = f'{self.q}.a', f'{self.q}.b'
        self.c.put(a, 'x')
        self.c.put(b, 'x')
        jobs = [self.c.get(q) for q in (a, b)]
        self.c.done(jobs[0]['lease'])
        self.assertIsNone(self.c.call('JOIN', f'{a},{b}', 'BLOCK', 0))
        self.c.call('JOIN', a)
        waiting = self.joining(f'{a},{b}')
        self.c.done(jobs[1]['lease'])
        self.assertEqual(self.counts(waiting.read())['done'], 1)

    def test_a_lost_worker_does_not_end_it(self):
        self.c.put(self.q, 'x')
        worker = self.connect()
        worker.get(self.q)
        waiting = self.joining(self.q)
        worker.abort()
        job = self.c.get(self.q, 'BLOCK', 20000)
        self.c.done(job['lease'])
        self.assertEqual(self.counts(waiting.read())['done'], 1)

    def test_every_joiner_is_answered(self):
        self.c.put(self.q, 'x')
        waiting = [self.joining(self.q) for _ in range(3)]
        self.c.done(self.c.get(self.q)['lease'])
        for w in waiting:
            self.assertEqual(self.counts(w.read())['done'], 1)

    def test_a_put_in_the_same_pipeline_is_waited_for(self):
        """A PUT that is being stored is unfinished."""
        replies = self.c.pipeline([('PUT', self.q, 'x'), ('JOIN', self.q, 'BLOCK', 0)])
        self.assertIsNone(replies[1])

    def test_a_barrier_does_not_wait_for_what_is_put_later(self):
        self.c.put(self.q, 'x')
        waiting = self.joining(self.q, 'BARRIER')
        self.c.put(self.q, 'later')
        self.c.done(self.c.get(self.q)['lease'])
        self.assertEqual(self.counts(waiting.read())['done'], 1)
        self.assertEqual(self.c.call('QSIZE', self.q), 1)

    def test_bad_words_are_refused(self):
        for words in ([''], ['a b'], [self.q, 'BLOCK'], [self.q, 'BLOCK', -1], [self.q, 'STRICT', 'STRICT'],
                      [self.q, 'SOON']):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'JOIN', *words)


if __name__ == '__main__':
    ringqd.main()
