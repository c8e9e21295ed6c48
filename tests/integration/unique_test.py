#!/usr/bin/env python3
"""unique_test - UNIQUE, WINDOW and REPLACE: no second job with the same key.

SPDX-License-Identifier: MIT
"""
import ringqd


class Unique(ringqd.SharedTest):
    def put(self, body, *options):
        """(id, state)."""
        ident, state, _ = self.c.call('PUT', self.q, body, *options)
        return ident.decode(), state

    def finish(self):
        self.c.done(self.c.get(self.q)['lease'])

    def test_a_second_put_meets_the_first(self):
        ident, state = self.put('first', 'UNIQUE', 'k')
        self.assertEqual(state, b'queued')
        self.assertEqual(self.put('second', 'UNIQUE', 'k'), (ident, b'exists'))
        self.assertEqual(self.c.call('QSIZE', self.q), 1)
        self.assertEqual(self.c.show(ident)['unique'], b'k')
        self.assertEqual(self.c.get(self.q)['body'], b'first')

    def test_the_key_is_free_when_the_job_is_over(self):
        first, _ = self.put('x', 'UNIQUE', 'k')
        self.finish()
        second, state = self.put('x', 'UNIQUE', 'k')
        self.assertNotEqual(first, second)
        self.assertEqual(state, b'queued')

    def test_a_window_keeps_it_a_while(self):
        ident, _ = self.put('x', 'UNIQUE', 'k', 'WINDOW', 300)
        self.finish()
        self.assertEqual(self.put('x', 'UNIQUE', 'k'), (ident, b'exists'))
        ringqd.wait_until(lambda: self.put('x', 'UNIQUE', 'k')[0] != ident, 'the window closes')

    def test_two_puts_of_one_pipeline_meet_before_the_first_is_stored(self):
        replies = self.c.pipeline([('PUT', self.q, i, 'UNIQUE', 'k') for i in range(50)])
        self.assertEqual({r[0] for r in replies}, {replies[0][0]})
        self.assertEqual([r[1] for r in replies], [b'queued'] + [b'exists'] * 49)
        self.assertEqual(self.c.call('QSIZE', self.q), 1)

    def test_replace_gives_a_waiting_job_the_new_body(self):
        ident, _ = self.put('old', 'UNIQUE', 'k', 'HEADER', 'a', '1')
        self.assertEqual(self.put('new', 'UNIQUE', 'k', 'REPLACE', 'HEADER', 'a', '2'), (ident, b'exists'))
        job = self.c.get(self.q)
        self.assertEqual((job['id'], job['body'], job['headers']), (ident, b'new', [b'a', b'2']))
        self.assertEqual(self.put('late', 'UNIQUE', 'k', 'REPLACE'), (ident, b'exists'))  # it is leased

    def test_a_key_that_exists_needs_no_room(self):
        self.c.call('QUEUE', 'SET', self.q, 'MAXSIZE', 1)
        ident, _ = self.put('x', 'UNIQUE', 'k')
        self.assertEqual(self.put('x', 'UNIQUE', 'k', 'NOWAIT'), (ident, b'exists'))

    def test_its_limits(self):
        self.put('x', 'UNIQUE', 'k' * 255)
        for words in (['UNIQUE', 'k' * 256], ['UNIQUE', ''], ['WINDOW', 5], ['REPLACE'],
                      ['UNIQUE', 'k', 'WINDOW', 604800001]):
            with self.subTest(words):
                self.refuses(self.c, 'BADARG', 'PUT', self.q, 'x', *words)
        self.refuses(self.c, 'BADARG', 'MPUT', self.q, 'UNIQUE', 'k', 'BODIES', 1, 'x')


class Restart(ringqd.Test):
    def test_keys_and_replaced_bodies_survive_it(self):
        server = self.start(durability='fsync')
        with server.client() as c:
            ident = c.put('q', 'old', 'UNIQUE', 'k')
            c.put('q', 'new', 'UNIQUE', 'k', 'REPLACE')
            over = c.put('q2', 'x', 'UNIQUE', 'k', 'WINDOW', 60000)
            c.done(c.get('q2')['lease'])
        server.kill()
        server.start()
        with server.client() as c:
            self.assertEqual(c.call('PUT', 'q', 'y', 'UNIQUE', 'k')[:2], [ident.encode(), b'exists'])
            self.assertEqual(c.call('PUT', 'q2', 'y', 'UNIQUE', 'k')[:2], [over.encode(), b'exists'])
            self.assertEqual(c.get('q')['body'], b'new')


if __name__ == '__main__':
    ringqd.main()
