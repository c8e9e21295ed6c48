#!/usr/bin/env python3
"""wait_test - KEEP and WAIT: results of jobs, asked for while they last.

SPDX-License-Identifier: MIT
"""
import threading

import resp
import ringqd


class Wait(ringqd.SharedTest):
    def put(self, *options):
        return self.c.put(self.q, 'x', *options)

    def is_gone(self, ident):
        try:
            self.c.show(ident)
        except resp.Error as e:
            return e.code == 'NOJOB'
        return False

    def finish(self, *words):
        """The next job of the queue, done."""
        job = self.c.get(self.q)
        self.c.call('DONE', job['lease'], *words)
        return job

    def waiting(self, *words):
        """A connection that waits."""
        c = self.connect()
        c.send('WAIT', *words)
        self.assertEqual(self.c.call('PING'), 'PONG')
        return c


class Keep(Wait):
    def test_a_result_can_be_asked_for_afterwards(self):
        ident = self.put('KEEP', 60000)
        self.finish('RESULT', 'forty-two')
        self.assertEqual(self.c.call('WAIT', ident), [[ident.encode(), b'done', b'forty-two']])
        shown = self.c.show(ident)
        self.assertEqual((shown['state'], shown['result']), (b'done', b'forty-two'))
        self.assertGreater(int(shown['kept_until']), 0)

    def test_an_empty_result_is_not_the_same_as_none(self):
        said, unsaid = self.put('KEEP', 60000), self.put('KEEP', 60000)
        self.finish('RESULT', '')
        self.finish()
        self.assertEqual([r[2] for r in self.c.call('WAIT', said, unsaid)], [b'', None])

    def test_what_is_not_kept_is_gone(self):
        ident = self.put()
        self.finish()
        self.assertIn('KEEP', self.refuses(self.c, 'NOJOB', 'WAIT', ident))

    def test_the_time_runs_out(self):
        ident = self.put('KEEP', 50)
        self.finish()
        ringqd.wait_until(lambda: self.is_gone(ident), 'it is forgotten')

    def test_done_twice_is_counted_again_while_the_end_is_kept(self):
        self.put('KEEP', 60000)
        job = self.finish()
        self.assertEqual(self.c.call('DONE', job['lease']), 1)
        self.assertEqual(self.c.stats(self.q)['total_done'], 1)

    def test_done_twice_and_one_that_is_not_known(self):
        self.put('KEEP', 60000)
        job = self.c.get(self.q)
        self.c.done(job['lease'])
        for _ in range(3):
            self.put()  # the answer's slot has served other commands
            self.assertEqual(self.c.done(job['lease']), 1)
        text = self.refuses(self.c, 'NOJOB', 'DONE', job['lease'], '1-999999:1')
        self.assertIn('COUNT 1', text)

    def test_its_range_has_ends(self):
        self.put('KEEP', 604800000)
        self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', 'KEEP', 604800001)
        self.c.call('PURGE', self.q)


class Waiting(Wait):
    def test_the_answer_comes_with_the_end(self):
        ident = self.put()
        c = self.waiting(ident)
        self.finish('RESULT', 'ok')
        self.assertEqual(c.read(), [[ident.encode(), b'done', b'ok']])

    def test_all_answers_in_the_order_of_the_arguments(self):
        ids = [self.put() for _ in range(3)]
        c = self.waiting(*reversed(ids))
        for i in range(3):
            self.finish('RESULT', i)
        self.assertEqual(c.read(), [[i.encode(), b'done', b'%d' % n] for n, i in reversed(list(enumerate(ids)))])

    def test_any_answers_with_the_first_to_end(self):
        ids = [self.put('PRI', 9), self.put('PRI', 1)]
        c = self.waiting(*ids, 'ANY')
        self.finish('RESULT', 'first')
        self.assertEqual(c.read(), [ids[1].encode(), b'done', b'first'])
        self.finish()

    def test_a_death_and_a_cancel_are_ends(self):
        dead, cancelled = self.put(), self.put()
        c = self.waiting(dead, cancelled)
        self.c.call('FAIL', self.c.get(self.q)['lease'], 'DEAD')
        self.c.call('CANCEL', cancelled)
        self.assertEqual([r[1] for r in c.read()], [b'dead', b'cancelled'])

    def test_block_runs_out_with_nil(self):
        ident = self.put()
        self.assertIsNone(self.c.call('WAIT', ident, 'BLOCK', 0))
        self.assertIsNone(self.c.call('WAIT', ident, 'BLOCK', 30))
        self.finish()

    def test_many_wait_for_one(self):
        ident = self.put()
        waiting = [self.waiting(ident) for _ in range(20)]
        self.finish('RESULT', 'ok')
        for c in waiting:
            self.assertEqual(c.read()[0][2], b'ok')

    def test_one_that_leaves_is_forgotten(self):
        ident = self.put()
        c = self.waiting(ident)
        c.abort()
        self.finish()
        self.assertEqual(self.c.call('WAIT', ident)[0][1], b'done')

    def test_bad_words_are_refused(self):
        for words in ([], ['mail'], ['1-1', 'ANY', 'ALL'], ['1-1', '1-1'], ['1-1', 'SOON']):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG' if words else 'ERR', 'WAIT', *words)
        self.refuses(self.c, 'NOJOB', 'WAIT', '1-999999')


class Gather(Wait):
    """asyncio.gather over the network: workers in threads, results in order."""

    def work(self, stop):
        with self.server.client() as c:
            while not stop.is_set():
                job = c.get(self.q, 'BLOCK', 100)
                if job is not None:
                    c.call('DONE', job['lease'], 'RESULT', job['body'].upper())

    def test_results_come_in_the_order_of_the_jobs(self):
        stop = threading.Event()
        workers = [threading.Thread(target=self.work, args=(stop,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        ids = self.c.call('MPUT', self.q, 'KEEP', 60000, 'BODIES', 50, *[f'job {i}' for i in range(50)])
        results = [r[2] for r in self.c.call('WAIT', *ids, 'BLOCK', 30000)]
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual(results, [b'JOB %d' % i for i in range(50)])


class Restart(ringqd.Test):
    def test_results_survive_it(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            ident = c.put('q', 'x', 'KEEP', 60000)
            lease = c.get('q')['lease']
            c.call('DONE', lease, 'RESULT', 'kept')
        server.kill()
        server.start()
        with server.client() as c:
            self.assertEqual(c.call('WAIT', ident), [[ident.encode(), b'done', b'kept']])
            self.assertEqual(c.call('DONE', lease), 1)
            self.assertEqual(c.stats('q')['total_done'], 1)


if __name__ == '__main__':
    ringqd.main()
